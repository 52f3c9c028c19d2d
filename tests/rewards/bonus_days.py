"""A shop that gives bonuses, and people with birthdays, for the tests of occasions."""

from datetime import UTC, datetime

from loyalty.ledger.models import Entry
from rewards.occasions import give_due
from tests.factories.customers import CustomerFactory
from tests.factories.shop import STARTERS, shop_with_programme

CAFE = (STARTERS / "cafe.toml").read_text(encoding="utf-8")
BIRTHDAY = "[bonuses.birthday]\npoints = 50\n"
ANNIVERSARY = "[bonuses.anniversary]\npoints = 30\n"
LONG_AGO = datetime(2020, 5, 5, 5, 0, tzinfo=UTC)


def local(text):
    """A moment of the shop's clock, seven hours ahead of UTC."""
    return datetime.fromisoformat(f"{text}+07:00").astimezone(UTC)


def shop(bonuses=BIRTHDAY, **columns):
    return shop_with_programme(f"{CAFE}\n{bonuses}", **columns)


def born(day, month, *, lunar=False, joined_at=LONG_AGO, **columns):
    return CustomerFactory(
        birth_day=day, birth_month=month, birth_lunar=lunar, joined_at=joined_at, **columns
    )


def run(text):
    return give_due(at=local(text))["birthday"]


def given_to(customer):
    rows = Entry.objects.filter(account=customer.pk).order_by("number")
    return list(rows.values_list("reference", "points", "occurred_at"))
