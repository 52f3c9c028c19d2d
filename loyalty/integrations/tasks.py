"""Wake-up calls. All work is found in Postgres, so a lost or repeated task changes nothing."""

from celery import shared_task
from django.utils import timezone

from loyalty.integrations import answers


@shared_task(name="integrations.forget_answers")
def forget_answers() -> int:
    return answers.forget_old(at=timezone.now())
