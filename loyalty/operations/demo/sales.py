"""Two years of the demo's till: the visits of its customers and of people who give no name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count
from random import Random
from zoneinfo import ZoneInfo

from loyalty.dates import local_date
from loyalty.operations.demo import guests, trade
from loyalty.operations.demo.guests import DAYS, Guest
from loyalty.purchases.imports.checking import SaleRow

_TRUE_TO_BRANCH = 0.88
_STRANGERS_A_DAY = 7.2
_TO_THE_THOUSAND = 1_000


@dataclass(frozen=True)
class Stage:
    """What all sales of the demo share."""

    at: datetime
    zone: ZoneInfo
    branch_ids: Sequence[int]

    @property
    def today(self) -> date:
        return local_date(self.at, self.zone)


def all_sales(rng: Random, people: Sequence[Guest], stage: Stage) -> Iterator[SaleRow]:
    """Every sale up to this moment, numbered as a file's rows would be."""
    lines = count(1)
    for guest in people:
        for day in guests.visits(rng, guest, today=stage.today):
            yield from _sale(rng, next(lines), day, stage, guest)
    for back in range(DAYS, -1, -1):
        day = stage.today - timedelta(days=back)
        if trade.is_open(day):
            for _stranger in range(_strangers(rng, day, grown=1 - back / DAYS)):
                yield from _sale(rng, next(lines), day, stage, None)


def _strangers(rng: Random, day: date, *, grown: float) -> int:
    """How many people bought without a card; fewer than customers, and growing as the shop does."""
    expected = _STRANGERS_A_DAY * (0.7 + 0.6 * grown) * trade.pull(day)
    return max(0, round(rng.gauss(expected, expected**0.5)))


def _sale(
    rng: Random, line: int, day: date, stage: Stage, guest: Guest | None
) -> Iterator[SaleRow]:
    """One sale, or none when that hour has not come yet."""
    hours = guest.hours if guest else rng.choice(trade.HABITS)
    moment = trade.moment(rng, day, hours, stage.zone)
    branch_id = rng.choice(stage.branch_ids)
    amount = trade.bill(rng, company=guest.habit.company if guest else 0.4)
    customer = guest.customer if guest else None
    if guest and customer and day == guest.joined_on:
        moment = customer.joined_at
    if customer and customer.joined_branch_id and rng.random() < _TRUE_TO_BRANCH:
        branch_id = customer.joined_branch_id
    if moment <= stage.at:
        yield SaleRow(
            line=line,
            occurred_at=moment,
            occurred_on=day,
            amount_minor=amount // _TO_THE_THOUSAND * _TO_THE_THOUSAND,
            external_id=customer.external_id if customer else "",
            branch_id=branch_id,
        )
