"""Wake-up calls. All work is found in Postgres, so a lost or repeated task changes nothing."""

import logging

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from rewards import occasions, proof

log = logging.getLogger(__name__)


@shared_task(name="rewards.give_bonuses")
def give_bonuses() -> dict[str, int]:
    return occasions.give_due(at=timezone.now())


@shared_task(name="rewards.verify")
@transaction.atomic
def verify() -> int:
    """The nightly proof; a broken rule is an error in the log, with the row's number."""
    problems = proof.verify().problems
    for problem in problems:
        log.error("reward differs: %s", problem)
    return len(problems)
