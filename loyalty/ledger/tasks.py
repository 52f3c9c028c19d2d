"""Wake-up calls. All work is found in Postgres, so a lost or repeated task changes nothing."""

import logging

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from loyalty.ledger import freezing, proof, services

log = logging.getLogger(__name__)


@shared_task(name="ledger.expire_points")
def expire_points() -> int:
    return services.expire_due(at=timezone.now())


@shared_task(name="ledger.verify")
def verify() -> int:
    """
    The nightly proof. A broken rule is an error in the log, with the rows' numbers, and stops
    the redemptions of the customers it concerns until a person has looked.
    """
    with transaction.atomic():
        result = proof.verify()
    for problem in result.problems:
        log.error("ledger broken: %s", problem)
    for customer_id in freezing.freeze(broken=result.broken, at=timezone.now()):
        log.error("redemptions of customer %d are frozen", customer_id)
    return len(result.problems)
