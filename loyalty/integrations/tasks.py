"""Wake-up calls. All work is found in Postgres, so a lost or repeated task changes nothing."""

from celery import shared_task
from django.utils import timezone

from loyalty.integrations import answers
from loyalty.integrations.webhooks import gathering, replaying, sending


@shared_task(name="integrations.forget_answers")
def forget_answers() -> int:
    return answers.forget_old(at=timezone.now())


@shared_task(name="integrations.forget_events")
def forget_events() -> int:
    return replaying.forget_old(at=timezone.now())


@shared_task(name="integrations.send_webhooks")
def send_webhooks() -> dict[str, int]:
    gathering.gather(clock=timezone.now)
    return dict(sending.drain(clock=timezone.now))
