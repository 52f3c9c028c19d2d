"""Purchase histories written as tables, one line a customer."""

from datetime import UTC, date, datetime, time
from itertools import count
from zoneinfo import ZoneInfo

from customers.models import Customer
from loyalty.dates import local_date
from loyalty.purchases.models import Purchase
from loyalty.shop.models import Branch

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
_numbers = count(1)


def customer() -> Customer:
    return Customer.objects.create(
        card_token=f"{next(_numbers):022d}", joined_at=datetime(2026, 1, 1, tzinfo=UTC)
    )


def bill(
    who: Customer | None,
    day: str,
    *,
    amount: int = 50_000,
    branch: Branch | None = None,
    at: time = time(9),
) -> Purchase:
    """A bill without points; reports do not look at points."""
    moment = datetime.combine(date.fromisoformat(day), at, tzinfo=ZONE)
    return Purchase.objects.create(
        customer=who,
        branch=branch,
        source="test",
        reference=f"R-{next(_numbers)}",
        request_hash="0" * 64,
        amount_minor=amount,
        points=0,
        occurred_at=moment,
        occurred_on=local_date(moment, ZONE),
        recorded_at=moment,
    )


def history(table: str, *, branch: Branch | None = None) -> list[Customer]:
    """
    One customer a line, with the days of their bills: `2026-01-05 2026-02-03`. A line that
    starts with `-` holds bills of nobody.
    """
    people = []
    for line in filter(None, (line.strip() for line in table.splitlines())):
        who = None if line.startswith("-") else customer()
        for day in line.removeprefix("-").split():
            bill(who, day, branch=branch)
        people += [who] if who else []
    return people
