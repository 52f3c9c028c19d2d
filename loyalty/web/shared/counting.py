"""Counting what somebody tries, in the cache: each counter ends so long after its first count."""

import hashlib
from contextlib import suppress

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest


def count(key: str, *, window: int) -> int:
    """One more; return how many within `window` seconds. Raises what the cache raises."""
    cache.add(key, 0, window)
    try:
        return int(cache.incr(key))
    except ValueError:  # The window ended between the two calls.
        return 1


def uncount(key: str) -> None:
    """One fewer, unless the window has just ended. Raises what the cache raises."""
    with suppress(ValueError):
        cache.decr(key)


def counter_of(kind: str, value: str) -> str:
    """The counter's name; names and addresses reach the cache as digests only."""
    return f"{kind}:{hashlib.sha256(value.encode()).hexdigest()}"


def client_address(request: HttpRequest) -> str:
    """Where the request came from; behind a trusted proxy, what the proxy saw."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    if getattr(settings, "SECURE_PROXY_SSL_HEADER", None):
        forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", ""))
        address = forwarded.rsplit(",", 1)[-1].strip() or address
    return address
