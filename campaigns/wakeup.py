"""
Waking a worker. It finds its work in Postgres, so a lost call costs seconds and nothing else.
"""

import logging

from celery import current_app
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def wake_worker() -> None:
    """Ask for messages to be sent now. Without a broker, beat's next sweep sends them."""
    try:
        current_app.send_task("campaigns.send_messages", retry=False)
    except OperationalError as error:
        log.warning("no worker was woken: %s", type(error.__cause__ or error).__name__)
