"""Wake-up calls. All work is found in Postgres, so a lost or repeated task changes nothing."""

import logging

from celery import shared_task
from django.utils import timezone

from loyalty.tiers import proof, services

log = logging.getLogger(__name__)


@shared_task(name="tiers.review")
def review() -> int:
    return services.review_tiers(at=timezone.now())


@shared_task(name="tiers.verify")
def verify() -> int:
    """The nightly proof; a difference is an error in the log, with the customer's number."""
    differences = proof.verify(at=timezone.now()).differences
    for difference in differences:
        log.error("tier differs: %s", difference)
    return len(differences)
