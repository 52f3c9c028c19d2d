"""What tests of deliveries do again and again."""

from collections import Counter
from typing import Any

from loyalty.integrations.models import Delivery
from loyalty.integrations.webhooks.sending import drain
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, give_points
from tests.factories.webhooks import sweep
from tests.support.receiver import Answer


def send(at=NOON, **more: Any) -> Counter[str]:
    return drain(clock=lambda: at, **more)


def happenings(number: int) -> None:
    customer = CustomerFactory()
    for turn in range(number):
        give_points(customer, 1, reference=f"turn-{customer.pk}-{turn}")
    sweep()


def always(status: int, **headers: str):
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return lambda _received: Answer(status, named)


def the_only() -> Delivery:
    return Delivery.objects.get()
