"""Documents and baskets for tests of the rules."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from loyalty.programme.basket import Basket, Line
from loyalty.programme.document import Programme, parse
from tests.factories.clock import SAIGON

NOON_THAT_DAY = datetime(2026, 11, 24, 12, 0, tzinfo=SAIGON)  # A Tuesday.
EVERYDAY = '[[earn]]\nkey = "mua"\nname = "Mua hàng"\npoints = 1\nper_minor = 10_000\n'
ONE_TIER = '[[tiers]]\nkey = "moi"\nname = "Mới"\nentry_minor = 0\n'
SILVER = '[[tiers]]\nkey = "bac"\nname = "Bạc"\nname_en = "Silver"\nentry_minor = 1_000_000\n'


def programme(*more: str, earn: str = EVERYDAY, tiers: str = ONE_TIER + SILVER) -> Programme:
    """10.000đ = 1 point, two tiers that multiply nothing, and what `more` says (before the tiers)."""
    return parse("\n".join([*more, earn, tiers]))


def line(
    price_minor: int, *, quantity: str = "1", labels: Sequence[str] | str = (), **more: object
) -> Line:
    """A line; `labels` as a list, or with spaces between."""
    names = labels.split() if isinstance(labels, str) else labels
    return Line(price_minor, Decimal(quantity), labels=frozenset(names), **more)


def basket(*lines: Line, at: datetime = NOON_THAT_DAY, codes: str = "", **more: object) -> Basket:
    """A bill of those lines; `codes` with spaces between."""
    return Basket(lines, at, codes=frozenset(codes.split()), **more)
