"""Wake-up calls. All work is found in Postgres, so a lost or repeated task changes nothing."""

import logging

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from loyalty.ledger import proof, services

log = logging.getLogger(__name__)


@shared_task(name="ledger.expire_points")
def expire_points() -> int:
    return services.expire_due(at=timezone.now())


@shared_task(name="ledger.verify")
def verify() -> int:
    """The nightly proof; a broken rule is an error in the log, with the rows' numbers."""
    with transaction.atomic():
        problems = proof.verify().problems
    for problem in problems:
        log.error("ledger broken: %s", problem)
    return len(problems)
