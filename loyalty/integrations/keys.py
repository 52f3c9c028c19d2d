"""API keys: made once, found at every request, ended by one word."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db import DEFAULT_DB_ALIAS, transaction
from django.utils.translation import gettext as _

from loyalty.errors import DomainError, InvalidInput
from loyalty.integrations.models import ApiKey
from loyalty.shop.models import Branch, User
from loyalty.statements import one_row
from loyalty.text import fold

USUAL_ADJUST_LIMIT = 500  # Points; as a manager's.
COARSE = timedelta(minutes=10)  # How exactly the last use is kept: a request need not write.
_PREFIX_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_PREFIX_LENGTH = 10
_SECRET_BYTES = 32  # 256 bits.
_TOKEN = re.compile(rf"loy_([{_PREFIX_LETTERS}]{{{_PREFIX_LENGTH}}})_([A-Za-z0-9_-]{{43}})")
_LONGEST_SOURCE = 40


# Asked at every request, so prepared. Always a row; an empty one where no key begins so.
HOLDER = """
SELECT k.id, k.sha256, k.expires_at, k.last_used_at, k.revoked_at,
    k.source, k.scopes, k.adjust_limit, k.user_id, u.role, k.branch_id, b.key
FROM (VALUES (%s)) AS asked (prefix)
LEFT JOIN integrations_apikey k ON k.prefix = asked.prefix
LEFT JOIN shop_user u ON u.id = k.user_id
LEFT JOIN shop_branch b ON b.id = k.branch_id
"""

HOLDER_WIDTH = 12  # Columns of `HOLDER`.
_USER = ["id", "username", "is_active", "role"]  # As the model has them in order.


@dataclass(frozen=True)
class Holder:
    """
    The program that asks. `user` and `branch` carry what services look at; what else the user's
    row says is read when it is asked for.
    """

    key_id: int
    prefix: str
    source: str
    scopes: frozenset[str]
    adjust_limit: int
    user_id: int
    role: str  # The user's.
    branch: Branch | None

    @cached_property
    def user(self) -> User:
        return User.from_db(DEFAULT_DB_ALIAS, _USER, [self.user_id, self.source, False, self.role])


@dataclass(frozen=True)
class NewKey:
    key: ApiKey
    token: str  # To be shown once, to whoever asked for it.


@transaction.atomic
def create_key(
    *,
    name: str,
    scopes: Iterable[str],
    at: datetime,
    branch: Branch | None = None,
    expires_at: datetime | None = None,
    adjust_limit: int = USUAL_ADJUST_LIMIT,
) -> NewKey:
    """
    Make a key. A name that a revoked key had goes on with that key's sales. Not safe to retry:
    a second call raises DomainError, for the name is taken. Raises InvalidInput naming the field.
    """
    wanted = sorted(set(scopes))
    if not wanted or not set(wanted) <= set(ApiKey.Scope.values):
        known = ", ".join(ApiKey.Scope.values)
        raise InvalidInput("scopes", _("Choose from these scopes: %(known)s.") % {"known": known})
    if expires_at is not None and expires_at <= at:
        raise InvalidInput("expires_at", _("A key must end later than now."))
    source = source_of(name)
    if ApiKey.objects.filter(source=source, revoked_at__isnull=True).exists():
        raise DomainError(_("Another key has this name. Revoke that one first."))
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    key = ApiKey.objects.create(
        name=name.strip(),
        source=source,
        prefix="".join(secrets.choice(_PREFIX_LETTERS) for _place in range(_PREFIX_LENGTH)),
        sha256=_digest(secret),
        scopes=wanted,
        branch=branch,
        user=_user_of(source, name.strip()),
        adjust_limit=adjust_limit,
        created_at=at,
        expires_at=expires_at,
    )
    return NewKey(key, f"loy_{key.prefix}_{secret}")


def source_of(name: str) -> str:
    """
    What stands in a sale's row for a program of that name. Raises InvalidInput.

    >>> source_of("Quầy 1 – Hàng Bạc")
    'api-quay-1-hang-bac'
    """
    slug = re.sub(r"[^a-z0-9]+", "-", fold(name)).strip("-")
    if not slug or len(name.strip()) > 80 or len(f"api-{slug}") > _LONGEST_SOURCE:
        raise InvalidInput("name", _("A name has 1 to 36 letters and digits."))
    return f"api-{slug}"


def find_key(token: str, *, at: datetime) -> Holder | None:
    """
    Who holds the key of that token, if it may still be used. One query, and every ten minutes an
    update.
    """
    prefix = prefix_of(token)
    return holder_of(token, one_row(HOLDER, [prefix]), at=at) if prefix else None


def prefix_of(token: str) -> str | None:
    """What `HOLDER` is asked by; None for what is no token."""
    parts = _TOKEN.fullmatch(token)
    return parts[1] if parts else None


def holder_of(token: str, row: Sequence[Any], *, at: datetime) -> Holder | None:
    """As `find_key`, of the row that `HOLDER` answered with."""
    prefix, secret = _TOKEN.fullmatch(token).groups()  # type: ignore[union-attr]  # It was asked by it.
    key_id, sha256, expires_at, last_used_at, revoked_at, *rest = row
    if key_id is None or not hmac.compare_digest(sha256, _digest(secret)):
        return None
    if revoked_at is not None or (expires_at is not None and expires_at <= at):
        return None
    if last_used_at is None or at - last_used_at >= COARSE:
        ApiKey.objects.filter(pk=key_id).update(last_used_at=at)
    source, scopes, adjust_limit, user_id, role, branch_id, branch_key = rest
    return Holder(
        key_id=key_id,
        prefix=prefix,
        source=source,
        scopes=frozenset(scopes),
        adjust_limit=adjust_limit,
        user_id=user_id,
        role=role,
        branch=Branch(pk=branch_id, key=branch_key) if branch_id else None,
    )


def revoke_key(*, key_id: int, at: datetime, by: User | None) -> None:
    """End the key at once. Safe to repeat: the first time counts."""
    live = ApiKey.objects.filter(pk=key_id, revoked_at__isnull=True)
    live.update(revoked_at=at, revoked_by=by)


def _user_of(source: str, name: str) -> User:
    earlier = ApiKey.objects.filter(source=source).select_related("user").first()
    if earlier is not None:
        return earlier.user
    if User.objects.filter(username=source).exists():
        raise DomainError(_("A member of staff has this name. Choose another."))
    user = User(username=source, first_name=name[:150], role=User.Role.MANAGER, is_active=False)
    user.set_unusable_password()
    user.save()
    return user


def _digest(secret: str) -> str:
    # No salt, no slow hash: nobody guesses 256 random bits.
    return hashlib.sha256(secret.encode()).hexdigest()
