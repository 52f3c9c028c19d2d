"""
Webhooks when senders die, race, and the line between the two sides repeats, reorders and forges:
nothing is lost, each worker has its own, and a receiver that follows docs/api.md ends with the truth.
"""

import os
import random
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from customers.models import Customer
from loyalty.integrations.ids import public_id
from loyalty.integrations.models import Delivery, Event
from loyalty.integrations.webhooks.sending import drain
from loyalty.ledger.models import Account
from tests.factories.customers import CustomerFactory, give_points
from tests.factories.shop import shop_with_programme
from tests.factories.webhooks import sweep, webhook
from tests.faults.deeds import spend
from tests.faults.programs import commanding
from tests.faults.together import together
from tests.support.receiver import Answer, Received, Receiver, is_genuine, receiving
from tests.support.rounds import rounds

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30  # Seconds for a process to do what it is waited for.

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _shop(transactional_db: None, settings: Settings) -> None:
    settings.WEBHOOKS_ALLOW_HTTP_LOOPBACK = True
    shop_with_programme()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def points_for(number: int, *customers: Customer) -> None:
    now = timezone.now()
    for turn in range(number):
        for customer in customers:
            give_points(customer, 10 + turn, reference=f"{customer.pk}-{turn}", at=now)


def send() -> Counter[str]:
    return drain(clock=timezone.now)


def environment() -> dict[str, str]:
    """The product's own settings on the test's database."""
    address, _, _name = os.environ["DATABASE_URL"].rpartition("/")
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "loyalty.settings",
        "DATABASE_URL": f"{address}/{django_settings.DATABASES['default']['NAME']}",
        "WEBHOOKS_ALLOW_HTTP_LOOPBACK": "True",
    }


def test_a_sender_killed_while_the_receiver_has_a_message(receiver: Receiver) -> None:
    number, kills = 60, 20
    webhook("points.changed", url=receiver.url)
    points_for(number, CustomerFactory())
    with commanding(environment()) as begin:
        for _kill in range(kills):
            receiver.stalled.clear()
            receiver.stall_at = len(receiver.received) + 3
            sender = begin("send_webhooks")
            assert receiver.stalled.wait(PATIENCE)
            os.kill(sender, signal.SIGKILL)
            assert Delivery.objects.filter(leased_until__isnull=False).count() == 1
            # Its lease runs out.
            Delivery.objects.update(leased_until=F("leased_until") - timedelta(minutes=2))
    receiver.stall_at = 0

    send()

    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
    heard = Counter((one.message_id, one.body) for one in receiver.received)
    assert len(heard) == len({one.message_id for one in receiver.received}) == number
    assert heard.total() - number == kills


def test_senders_side_by_side_deliver_each_once(receiver: Receiver) -> None:
    number = rounds(usual=20, soak=500)
    webhook("points.changed", url=receiver.url)
    webhook("points.changed", "customer.created", url=f"{receiver.url}/2")
    points_for(number, CustomerFactory())
    together(*[lambda: sweep(timezone.now())] * 4)

    tallies = together(send, send, send, send)
    tallies.append(send())  # A worker that found the next one taken goes home early.

    assert sum((tally for tally in tallies), Counter()) == {"delivered": 2 * number + 1}
    heard = Counter((one.path, one.message_id) for one in receiver.received)
    assert (len(heard), heard.total()) == (2 * number + 1, 2 * number + 1)
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}


class Books:
    """What a careful receiver keeps: by webhook-id what it had, and of each customer the newest."""

    def __init__(self, secret: str, *, now: float) -> None:
        self.secret, self.now = secret, now
        self.had: set[str] = set()
        self.sequences: dict[str, set[int]] = {}
        self.newest: dict[str, tuple[int, int]] = {}

    def hear(self, message: Received) -> bool:
        if not is_genuine(message, self.secret, now=self.now):
            return False
        if message.message_id in self.had:
            return True
        self.had.add(message.message_id)
        data = message.document["data"]
        who, place = data["customer"], data["sequence"]
        self.sequences.setdefault(who, set()).add(place)
        self.newest[who] = max(self.newest.get(who, (0, 0)), (place, data["balance_after"]))
        return True


def forged(message: Received, chance: random.Random) -> Received:
    """The message as somebody else would have liked it."""
    headers = dict(message.headers)
    match chance.randrange(5):
        case 0:
            return replace(
                message, body=message.body.replace(b'"balance_after":', b'"balance_after":9')
            )
        case 1:
            headers["webhook-id"] = f"evt_{chance.getrandbits(128):032x}"
        case 2:
            headers["webhook-timestamp"] = str(int(headers["webhook-timestamp"]) + 1)
        case 3:
            headers["webhook-signature"] = f"v1,{'A' * 43}="
        case _:
            headers["webhook-signature"] = headers["webhook-signature"].replace("v1,", "v2,")
    return replace(message, headers=headers)


def test_a_receiver_that_hears_all_of_it_twice_in_any_order_among_forgeries_ends_with_the_truth(
    receiver: Receiver,
) -> None:
    endpoint = webhook(url=receiver.url)
    customers = CustomerFactory.create_batch(3)
    points_for(4, *customers)
    spend(customers[0], 17, "spent", at=timezone.now())
    receiver.answer = lambda one: Answer(204 if hash(one.message_id) % 3 else 500)
    sweep(timezone.now())
    send()
    receiver.answer = lambda _one: Answer()
    Delivery.objects.filter(state="waiting").update(due_at=timezone.now())
    send()
    assert {one.message_id for one in receiver.received} == {
        f"evt_{uid.hex}" for uid in Event.objects.values_list("uid", flat=True)
    }
    truth = {public_id("cus", account.pk): account.balance for account in Account.objects.all()}
    now = timezone.now().timestamp()

    for seed in range(rounds(usual=20, soak=200)):
        chance = random.Random(seed)
        books = Books(endpoint.secret, now=now)
        genuine = receiver.received * 2
        line = [(one, True) for one in genuine]
        line += [(forged(one, chance), False) for one in receiver.received]
        chance.shuffle(line)

        assert [books.hear(one) for one, _true in line] == [true for _one, true in line], seed

        assert {who: balance for who, (_place, balance) in books.newest.items()} == truth, seed
        assert all(
            places == set(range(1, len(places) + 1)) for places in books.sequences.values()
        ), seed
