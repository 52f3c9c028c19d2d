"""How often one key may ask. Counted in Valkey, by the minute; when that is away, nobody waits."""

import logging
import time
from dataclasses import dataclass
from functools import cache
from threading import Lock

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from loyalty.integrations.keys import Holder
from loyalty.web.api.problems import Problem

WINDOW = 60  # Seconds.
PATIENCE = 0.2  # Seconds; a counter is not worth a longer wait at the till.
REPORTS = 100  # A key that asks as often as it may is told of to Valkey so often in a minute.
SILENCE = 5  # Seconds for which a Valkey that did not answer is not asked again.

logger = logging.getLogger(__name__)


@dataclass
class _Tally:
    """What this process knows of one key in one minute."""

    minute: int
    known: int = 0  # By all processes, when it last told of its own.
    own: int = 0  # Not told yet.


@dataclass
class _Silence:
    """Until when this process does not ask Valkey."""

    until: float = 0


_tallies: dict[str, _Tally] = {}  # By the key's prefix.
_silence = _Silence()
_turn = Lock()


def check_rate(key: Holder) -> None:
    """
    Count this request of the key. Raises Problem once it asked too often in this minute; each
    process may let a hundredth of the limit more through.
    """
    now = time.time()
    if now < _silence.until:
        return
    minute = int(now // WINDOW)
    try:
        asked = _count(key.prefix, minute)
    except (RedisError, OSError):
        logger.warning("Requests of keys are not counted: the cache does not answer.")
        _silence.until = now + SILENCE
        return
    if asked > settings.API_REQUESTS_A_MINUTE:
        wait = int((minute + 1) * WINDOW - now) + 1
        raise Problem("too-many-requests", headers={"Retry-After": str(wait)})


def _count(prefix: str, minute: int) -> int:
    with _turn:
        tally = _tallies.get(prefix)
        if tally is None or tally.minute != minute:
            tally = _tallies[prefix] = _Tally(minute)
        tally.own += 1
        if tally.known and tally.own * REPORTS < settings.API_REQUESTS_A_MINUTE:
            return tally.known + tally.own
        telling, tally.own = tally.own, 0
    tally.known = _tell(f"api:rate:{prefix}:{minute}", telling)
    return tally.known


def _tell(name: str, times: int) -> int:
    # Both in one round trip; Django's cache needs two, and a third for the first of a minute.
    both = _client().pipeline(transaction=False)
    both.incrby(name, times)
    both.expire(name, 2 * WINDOW)
    return int(both.execute()[0])


@cache
def _client() -> Redis:
    return Redis.from_url(
        settings.REDIS_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
    )
