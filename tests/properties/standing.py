"""Where a customer stands, counted as a person would with all their bills on the table."""

from bisect import insort
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from operator import itemgetter

SHOP = timezone(timedelta(hours=7))
DAY = timedelta(days=1)


def day_of(moment: datetime) -> date:
    return moment.astimezone(SHOP).date()


def months_later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


@dataclass
class Standing:
    """Bills and refunds in the order in which they happened, whenever they were told."""

    thresholds: Sequence[int]
    months: int | None = None  # A tier is held so long and then looked at; None: for ever.
    events: list[tuple[datetime, int]] = field(default_factory=list)

    def add(self, at: datetime, amount: int) -> None:
        insort(self.events, (at, amount), key=itemgetter(0))

    @property
    def spend(self) -> int:
        return sum(amount for _at, amount in self.events)

    def tier_for_sale(self, on: date) -> int:
        """A late sale finds the customer where all that is known has brought them."""
        return self.tier(max([on, *(day_of(at) for at, _amount in self.events[-1:])]))

    def tier(self, through: date) -> int:
        if self.months is None:
            return self._ever_reached()
        tier, held = 0, date.min
        bills: list[tuple[date, int]] = []
        for at, amount in self.events:
            tier, held = self._look_again(tier, held, bills, day_of(at))
            bills.append((day_of(at), amount))
            reached = self._tier_of(bills, day_of(at))
            if reached > tier:
                tier, held = reached, months_later(day_of(at), self.months) - DAY
        return self._look_again(tier, held, bills, through)[0]

    def _ever_reached(self) -> int:
        reached, spend = 0, 0
        for _at, amount in self.events:
            spend += amount
            reached = max(reached, self._of_amount(spend))
        return reached

    def _look_again(
        self, tier: int, held: date, bills: list[tuple[date, int]], today: date
    ) -> tuple[int, date]:
        """Every time the tier was held for is over, what was bought in it decides."""
        while tier and held < today:
            tier = min(tier, self._tier_of(bills, held))
            held = months_later(held + DAY, self.months or 0) - DAY
        return tier, held

    def _tier_of(self, bills: list[tuple[date, int]], last: date) -> int:
        counted = [amount for day, amount in bills if last < months_later(day, self.months or 0)]
        return self._of_amount(sum(counted))

    def _of_amount(self, amount: int) -> int:
        return sum(threshold <= amount for threshold in self.thresholds[1:])
