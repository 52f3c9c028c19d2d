"""
Wrong passwords, counted in the cache: guessing one person's password, or many people's from one
place, soon gets no further answer. A cache that does not answer lets staff in: the shop opens.
"""

import hashlib
import logging
import unicodedata
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError

WINDOW = 15 * 60  # Seconds from the first wrong password on.
WRONG_OF_ONE_NAME = 5
WRONG_FROM_ONE_ADDRESS = 20

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Attempt:
    """One try to sign in. Names and addresses reach the cache as digests only."""

    name_key: str
    address_key: str

    @classmethod
    def of(cls, request: HttpRequest, username: str) -> "Attempt":
        # As Django compares names, or each way of writing one would have tries of its own.
        name = unicodedata.normalize("NFKC", username).strip().casefold()
        return cls(_key("name", name), _key("address", client_address(request)))

    def may_go_on(self) -> bool:
        """Count the try, and say whether a password may be checked at all."""
        try:
            of_name = _count(self.name_key)
            from_address = _count(self.address_key)
        except (RedisError, OSError):
            logger.warning("Sign-ins are not counted: the cache does not answer.")
            return True
        return of_name <= WRONG_OF_ONE_NAME and from_address <= WRONG_FROM_ONE_ADDRESS

    def succeeded(self) -> None:
        """It was the right password: it does not count, and earlier slips are forgotten."""
        try:
            cache.delete(self.name_key)
            cache.decr(self.address_key)
        except ValueError:
            pass  # The window has just ended.
        except (RedisError, OSError):
            logger.warning("A sign-in is not uncounted: the cache does not answer.")


def client_address(request: HttpRequest) -> str:
    """Where the request came from; behind a trusted proxy, what the proxy saw."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    if getattr(settings, "SECURE_PROXY_SSL_HEADER", None):
        forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", ""))
        address = forwarded.rsplit(",", 1)[-1].strip() or address
    return address


def _count(key: str) -> int:
    cache.add(key, 0, WINDOW)
    try:
        return int(cache.incr(key))
    except ValueError:  # The window ended between the two calls.
        return 1


def _key(kind: str, value: str) -> str:
    return f"sign-in:{kind}:{hashlib.sha256(value.encode()).hexdigest()}"
