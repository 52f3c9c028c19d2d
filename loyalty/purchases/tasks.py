"""Wake-up calls. All work is found in Postgres, so a lost or repeated task changes nothing."""

from celery import shared_task
from django.utils import timezone

from loyalty.purchases import referring


@shared_task(name="purchases.run_referrals")
def run_referrals() -> int:
    return referring.run_referrals(at=timezone.now())
