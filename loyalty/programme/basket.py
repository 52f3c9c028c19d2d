"""What is being paid for, and by whom: all that the rules may ask about. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType

from loyalty.programme.birthdays import Birthday

ONE = Decimal(1)


@dataclass(frozen=True)
class Line:
    """One line of a bill. Prices are in minor units and include tax."""

    unit_price_minor: int
    quantity: Decimal = ONE  # Above zero, up to three decimals.
    discount_minor: int = 0  # Taken off the whole line.
    tax_minor: int = 0  # The part of what is left that is tax.
    sku: str = ""
    name: str = ""
    category: str = ""
    labels: frozenset[str] = frozenset()
    premium: bool = False
    earns: bool = True  # False: no points for it, whatever the rules say.
    counts_for_tier: bool = True
    pay_with_points: bool = True  # False: points may not be used as payment for it.
    free_units: int = 0  # Whole units that a rule or a voucher made free; no till tells it.

    @cached_property  # Every rule asks for it.
    def full_minor(self) -> int:
        """
        Before discounts, half a unit rounded up.

        >>> Line(33_333, Decimal("1.5")).full_minor
        50000
        """
        return int((self.unit_price_minor * self.quantity).quantize(ONE, ROUND_HALF_UP))

    @property
    def net_minor(self) -> int:
        """What is paid for it."""
        return self.full_minor - self.discount_minor

    @property
    def bought(self) -> Fraction:
        """How many of it are paid for."""
        return Fraction(self.quantity) - self.free_units if self.net_minor else Fraction()


@dataclass(frozen=True)
class Basket:
    """One bill, where and when it is paid."""

    lines: tuple[Line, ...]
    at: datetime  # As the shop's own clock shows it.
    branch: str = ""  # Its key; empty where the sale names none.
    shipping_minor: int = 0
    codes: frozenset[str] = frozenset()  # That the customer named, in capitals.
    is_total: bool = False  # Known by its sum alone: its one line stands for all of it.
    # The total before the programme's discounts, once these are in the lines.
    undiscounted_minor: int | None = None

    @classmethod
    def of_total(cls, total_minor: int, at: datetime, branch: str = "") -> "Basket":
        """The bill of a till that tells nothing but its sum."""
        return cls((Line(total_minor),), at, branch, is_total=True)

    @property
    def total_minor(self) -> int:
        """What is paid for the goods, shipping apart."""
        return sum(line.net_minor for line in self.lines)

    @property
    def order_minor(self) -> int:
        """What the goods come to before the programme's discounts: a smallest bill asks for it."""
        return self.total_minor if self.undiscounted_minor is None else self.undiscounted_minor


@dataclass(frozen=True)
class Buyer:
    """Who pays, as far as rules ask."""

    tier_key: str
    birthday: Birthday | None = None
    # Points that rules with a cap have given already within its period, by the rule's key.
    given: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    # Discounts that were used up: "key:occasion", such as "sinh-nhat:2026".
    used: frozenset[str] = frozenset()
