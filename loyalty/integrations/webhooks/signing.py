"""
Signatures by the Standard Webhooks specification (standardwebhooks.com): HMAC-SHA256 over the
message's id, the moment of sending and the body. The secret is derived from a nonce and the
server's SECRET_KEY whenever it is needed, so no copy of the database can sign.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

from django.utils.crypto import salted_hmac

_SALT = "loyalty.integrations.webhooks"


def new_nonce() -> str:
    """128 random bits in 22 letters."""
    return secrets.token_urlsafe(16)


def secret_of(nonce: str) -> str:
    """The secret as its receiver keeps it: `whsec_` and 32 bytes in base64."""
    return f"whsec_{base64.b64encode(_key(nonce)).decode()}"


def sign(nonces: Iterable[str], *, message_id: str, moment: int, body: bytes) -> str:
    """
    The header `webhook-signature`: one signature for each secret that is valid now, so that a
    receiver may change over to a new one in its own time. `moment` is in seconds since 1970.
    """
    text = f"{message_id}.{moment}.".encode() + body
    return " ".join(f"v1,{_signature(_key(nonce), text)}" for nonce in nonces)


def _key(nonce: str) -> bytes:
    return salted_hmac(_SALT, nonce, algorithm="sha256").digest()


def _signature(key: bytes, text: bytes) -> str:
    return base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
