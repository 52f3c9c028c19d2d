"""What happened to a customer in the days that are rehearsed. Plain values; no queries."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from loyalty.programme.birthdays import Birthday
from loyalty.programme.bonuses import Event as Occasion
from loyalty.purchases.bill import Bill
from loyalty.purchases.returns import Sold
from loyalty.purchases.sale import Given
from loyalty.reports.rehearsal.purse import Lot
from loyalty.tiers.windows import Event
from rewards.presenting import Presented


@dataclass(frozen=True)
class Deed:
    """Anything that happened at that moment."""

    at: datetime
    on: date  # The same moment's day in the shop.


@dataclass(frozen=True)
class Bought(Deed):
    purchase_id: int
    reference: str
    branch_id: int | None
    branch_key: str
    bill: Bill
    batch_id: int | None
    # The vouchers it used, each with the entry of the points that had bought it.
    vouchers: tuple[tuple[Presented, int | None], ...] = ()


@dataclass(frozen=True)
class Returned(Deed):
    """Goods came back: of these lines so many, or for so much, or all that was left."""

    purchase_id: int
    amount_minor: int | None
    lines: tuple[tuple[int, Decimal], ...]
    # Of a sale from before the rehearsed days: what was left of it when they began, and its entries.
    older: Sold | None = None
    earned_id: int | None = None
    spent_id: int | None = None


@dataclass(frozen=True)
class Credited(Deed):
    """Points for something other than a sale; `occasion` where the programme says how many."""

    entry_id: int
    points: int
    usable_from: date | None
    expires_on: date | None
    occasion: Occasion | None = None


@dataclass(frozen=True)
class Debited(Deed):
    """Points spent other than on a sale; `worth_minor` is what the reward is said to be worth."""

    entry_id: int
    points: int
    worth_minor: int


@dataclass(frozen=True)
class Reversed(Deed):
    """An entry taken back (fewer points) or given back (more), other than by a return."""

    entry_id: int  # That is reversed.
    points: int  # Signed.


@dataclass(frozen=True)
class HandSet(Deed):
    """A tier given by hand."""

    tier_key: str
    through: date


@dataclass
class Person:
    """One customer as the rehearsed days begin, and what happened then, in its order."""

    customer_id: int
    name: str
    birthday: Birthday | None
    events: list[Event | HandSet] = field(default_factory=list)  # From before, in their order.
    lots: list[Lot] = field(default_factory=list)
    taken: dict[int, list[tuple[int, int]]] = field(default_factory=dict)  # Entry: (lot's, points).
    owed: int = 0
    bought_at: datetime | None = None  # The last time before.
    given: list[Given] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    deeds: list[Deed] = field(default_factory=list)
