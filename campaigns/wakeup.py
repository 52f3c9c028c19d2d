"""
Waking a worker. It finds its work in Postgres, so a lost call costs seconds and nothing else.
"""

import logging

from celery import current_app
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

# A request waits for this: one try, and a second for the broker to answer.
ONE_TRY = {"max_retries": 0, "socket_connect_timeout": 1, "socket_timeout": 1}


def wake_worker(task: str = "campaigns.send_messages") -> None:
    """Ask for that work to be done now. Without a broker, beat's next sweep does it."""
    try:
        with current_app.connection_for_write() as connection:
            connection.transport_options = {**(connection.transport_options or {}), **ONE_TRY}
            current_app.send_task(task, connection=connection, retry=False)
    except OperationalError as error:
        log.warning("no worker was woken: %s", type(error.__cause__ or error).__name__)
