"""Whether this process can serve: asked by probes every few seconds, so it must be cheap."""

import logging

from django.core.cache import cache
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from loyalty.web.shared.decorators import without_shop

logger = logging.getLogger(__name__)


@without_shop
@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """200 and `ok` when the database and the cache answer, else 503 and who does not."""
    silent = [
        name
        for name, answers in (("database", _database_answers), ("cache", _cache_answers))
        if not answers()
    ]
    text = f"no answer: {', '.join(silent)}\n" if silent else "ok\n"
    return HttpResponse(text, content_type="text/plain", status=503 if silent else 200)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        logger.exception("The database does not answer.")
        return False
    return True


def _cache_answers() -> bool:
    try:
        cache.get("healthz")
    except (RedisError, OSError):
        logger.exception("The cache does not answer.")
        return False
    return True
