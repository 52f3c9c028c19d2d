"""How far a worker has come, for the page that waits. It lives in the cache: nothing needs it."""

import logging
import time
from dataclasses import dataclass

from django.core.cache import cache

from loyalty.purchases.imports.progress import Report

log = logging.getLogger(__name__)
SECONDS_KEPT = 600
SECONDS_BETWEEN = 0.5


@dataclass(frozen=True)
class Progress:
    step: str  # As the import names it: "reading", "recording", "undoing".
    percent: int


def watched(upload_id: int) -> Report:
    """Keeps how far the work on that file has come; a cache that is away is done without."""
    told_at = 0.0

    def report(step: str, done: int, total: int) -> None:
        nonlocal told_at
        now = time.monotonic()
        if now - told_at < SECONDS_BETWEEN:
            return
        told_at = now
        percent = min(100, 100 * done // total) if total else 0
        try:
            cache.set(_key(upload_id), (step, percent), SECONDS_KEPT)
        except Exception as error:
            log.warning("progress is not kept: %s", type(error).__name__)

    return report


def progress_of(upload_id: int) -> Progress | None:
    """The newest that is known; None: nothing."""
    try:
        known = cache.get(_key(upload_id))
    except Exception as error:
        log.warning("progress is not known: %s", type(error).__name__)
        return None
    return Progress(*known) if known else None


def _key(upload_id: int) -> str:
    return f"import-progress:{upload_id}"
