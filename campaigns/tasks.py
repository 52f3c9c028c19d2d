"""Wake-up calls. All work is found in Postgres, so a lost or repeated task changes nothing."""

from celery import shared_task
from django.utils import timezone

from campaigns import journeys, outbox


@shared_task(name="campaigns.enqueue_journeys")
def enqueue_journeys() -> int:
    return journeys.enqueue_due(at=timezone.now())


@shared_task(name="campaigns.send_messages")
def send_messages() -> dict[str, int]:
    return dict(outbox.drain(clock=timezone.now))
