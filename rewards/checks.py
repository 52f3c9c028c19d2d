"""What `manage.py check --database default` says about the catalogue."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.db import DatabaseError, transaction
from django.utils import timezone

from rewards.promises import broken_promises


@checks.register(checks.Tags.database)
def promises(
    app_configs: Sequence[AppConfig] | None = None,
    databases: Sequence[str] | None = None,
    **_more: Any,
) -> list[checks.CheckMessage]:
    """A warning for each promise that the catalogue does not keep; none before the tables exist."""
    if not databases:
        return []
    try:
        with transaction.atomic():
            broken = broken_promises(at=timezone.now())
    except DatabaseError:  # `migrate` asks before it has made the tables.
        return []
    return [checks.Warning(text, id="rewards.W001") for text in broken]
