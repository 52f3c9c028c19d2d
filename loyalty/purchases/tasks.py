"""Wake-up calls. All work is found in Postgres, so a lost or repeated task changes nothing."""

import logging

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from loyalty.purchases import proof, referring
from loyalty.purchases.imports import uploading, working
from loyalty.purchases.imports.watching import watched

log = logging.getLogger(__name__)


@shared_task(name="purchases.run_referrals")
def run_referrals() -> int:
    return referring.run_referrals(at=timezone.now())


@shared_task(name="purchases.verify")
@transaction.atomic
def verify() -> int:
    """The nightly proof; a broken rule is an error in the log, with the sale's number."""
    problems = proof.verify().problems
    for problem in problems:
        log.error("sale differs: %s", problem)
    return len(problems)


@shared_task(name="purchases.work_uploads", time_limit=uploading.MOST_SECONDS)
def work_uploads() -> int:
    """
    The file that has waited longest, of those that owners handed in: its check, import or undoing.
    The time limit is for one; the others have the next call.
    """
    for pk in working.waiting(at=timezone.now()):
        if working.work(upload_id=pk, at=timezone.now(), report=watched(pk)):
            return 1
    return 0
