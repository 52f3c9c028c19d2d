"""Wake-up calls. All work is found in Postgres, so a lost or repeated task changes nothing."""

from celery import shared_task
from django.utils import timezone

from rewards import occasions


@shared_task(name="rewards.give_bonuses")
def give_bonuses() -> dict[str, int]:
    return occasions.give_due(at=timezone.now())
