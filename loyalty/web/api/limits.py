"""How often one key may ask. Counted in Valkey, by the minute; when that is away, nobody waits."""

import logging
import time
from functools import cache

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from loyalty.integrations.keys import Holder
from loyalty.web.api.problems import Problem

WINDOW = 60  # Seconds.
PATIENCE = 0.2  # Seconds; a counter is not worth a longer wait at the till.

logger = logging.getLogger(__name__)


def check_rate(key: Holder) -> None:
    """Count this request of the key. Raises Problem once it asked too often in this minute."""
    now = time.time()
    minute = int(now // WINDOW)
    try:
        asked = _count(f"api:rate:{key.prefix}:{minute}")
    except (RedisError, OSError):
        logger.warning("Requests of keys are not counted: the cache does not answer.")
        return
    if asked > settings.API_REQUESTS_A_MINUTE:
        wait = int((minute + 1) * WINDOW - now) + 1
        raise Problem("too-many-requests", headers={"Retry-After": str(wait)})


def _count(name: str) -> int:
    # Both in one round trip; Django's cache needs two, and a third for the first of a minute.
    both = _client().pipeline(transaction=False)
    both.incr(name)
    both.expire(name, 2 * WINDOW)
    return int(both.execute()[0])


@cache
def _client() -> Redis:
    return Redis.from_url(
        settings.REDIS_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
    )
