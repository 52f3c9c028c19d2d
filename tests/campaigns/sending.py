"""Draining at the moment tests live in, and a gateway that obeys."""

from collections import Counter
from datetime import datetime

from campaigns.channels.outcomes import Outcome
from campaigns.models import Message
from campaigns.outbox import drain
from tests.factories.clock import NOON


def send(at: datetime = NOON, limit: int | None = None) -> Counter[str]:
    return drain(clock=lambda: at, limit=limit)


def states() -> Counter[str]:
    return Counter(Message.objects.values_list("state", flat=True))


class Gateway:
    """A gateway for SMS that does what it is told: one answer a call."""

    def __init__(self, *answers: Outcome | Exception) -> None:
        self.answers = list(answers)
        self.references: list[str] = []

    def send(self, phone: str, text: str, reference: str) -> Outcome:
        self.references.append(reference)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer
