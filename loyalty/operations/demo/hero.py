"""The member whose card the demo shows first: a regular, close to the next tier."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random

from customers.bulk import NewCustomer
from customers.identity import Birthday
from loyalty.operations.demo import trade
from loyalty.operations.demo.guests import HABITS, Guest
from loyalty.operations.demo.sales import Stage
from loyalty.purchases.imports.checking import SaleRow

PHONE = "+84912345678"  # The number that phone libraries give as Vietnam's example.
NAME = "Nguyễn Thu Thảo"
EXTERNAL_ID = "HA-00000"
VISITS = 39
TARGET = 2_650_000  # Of spend: 350.000đ short of Gold.


def hero(stage: Stage) -> Guest:
    joined_on = stage.today - timedelta(days=VISITS * 7)
    birthday = stage.today + timedelta(days=2)
    return Guest(
        customer=NewCustomer(
            external_id=EXTERNAL_ID,
            phone=PHONE,
            name=NAME,
            joined_at=datetime.combine(joined_on, time(16, 10), tzinfo=stage.zone),
            joined_branch_id=stage.branch_ids[0],
            salutation="chị",
            email="thao@example.com",
            birthday=Birthday(birthday.day, birthday.month),
        ),
        joined_on=joined_on,
        habit=HABITS[2],
        rhythm=7,
        leaves_on=stage.today,
        hours=trade.AFTERNOON,
        agrees_email=True,
        agrees_sms=True,
    )


def sales_of(rng: Random, guest: Guest, stage: Stage, *, line: int) -> Iterator[SaleRow]:
    """About a visit a week, the last one a week ago, which together come to TARGET."""
    shifts = [0, *(rng.choice((-1, 0, 0, 1)) for _week in range(VISITS - 1))]
    days = [guest.joined_on + timedelta(days=7 * week + shift) for week, shift in enumerate(shifts)]
    open_days = [day for day in days if trade.is_open(day)]
    amounts = _amounts(rng, len(open_days))
    for number, (day, amount) in enumerate(zip(open_days, amounts, strict=True)):
        yield SaleRow(
            line=line + number,
            occurred_at=_moment(rng, guest, day, stage),
            occurred_on=day,
            amount_minor=amount,
            external_id=guest.customer.external_id,
            branch_id=stage.branch_ids[0],
        )


def _moment(rng: Random, guest: Guest, day: date, stage: Stage) -> datetime:
    if day == guest.joined_on:
        return guest.customer.joined_at
    return trade.moment(rng, day, guest.hours, stage.zone)


def _amounts(rng: Random, how_many: int) -> list[int]:
    """Bills in thousands of đồng whose sum is TARGET."""
    usual = TARGET // how_many // 1_000
    amounts = [1_000 * (usual + rng.randrange(-18, 19)) for _visit in range(how_many - 1)]
    return [*amounts, TARGET - sum(amounts)]
