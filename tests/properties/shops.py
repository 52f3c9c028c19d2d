"""The shops that histories happen in: what their documents say, and the same for the model."""

from dataclasses import dataclass
from datetime import UTC, datetime

from loyalty.programme.versions import publish
from rewards.models import Reward
from tests.factories.rewards import RewardFactory
from tests.factories.shop import STARTERS, shop_with_programme
from tests.properties import bills
from tests.properties.kept import Rules
from tests.properties.model import Book
from tests.properties.standing import Standing

START = datetime(2025, 1, 6, 2, 0, tzinfo=UTC)
CHANGE = datetime(2025, 9, 1, tzinfo=UTC)
LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)
COSTS = (3, 20, 75)
THRESHOLDS = (0, 1_000_000, 3_000_000, 8_000_000)
CAFE = (STARTERS / "cafe.toml").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Kind:
    """How one shop differs from the café."""

    lowest: int = -1_000_000  # No return takes a balance below.
    more: str = ""  # At the end of the document.
    in_points: str = ""  # In its section about points.
    pending_days: int = 0
    tier_months: int | None = None
    inactive: bool = False  # From the change on the months count from the last purchase.
    goods: bool = False  # Bills have rows, and the rules of `bills` hold.
    all_or_none: bool = False  # Points that paid come back with the last of the goods only.

    def open(self) -> list[Reward]:
        """The shop, whose rules change once, and its rewards."""
        document = CAFE.replace("[points]\n", f"[points]\n{self.in_points}\n") + self.more
        document += f"\n[refunds]\nlowest = {self.lowest}\n"
        if self.all_or_none:
            document += 'spent_points = "full_only"\n'
        if self.goods:
            document = (
                document.replace("per_minor = 10_000\n", f"per_minor = 10_000\n{CAPPED}") + GOODS
            )
        shop_with_programme(document)
        for old, new in (
            ("per_minor = 10_000", "per_minor = 8_000"),
            ("after_months = 12", f"after_{'inactive_' * self.inactive}months = 5"),
            ("= 1.2\n", "= 1.25\n"),
        ):
            assert old in document
            document = document.replace(old, new)
        publish(document=document, effective_from=CHANGE, at=START, by=None)
        return [RewardFactory(cost_points=cost) for cost in COSTS]

    def book(self) -> Book:
        """An empty page for a customer of this shop."""
        first = Rules(LONG_AGO, 10_000, 12, (100, 120, 150, 200), self.pending_days)
        second = Rules(
            CHANGE, 8_000, 5, (100, 125, 150, 200), self.pending_days, inactive=self.inactive
        )
        standing = Standing(THRESHOLDS, self.tier_months)
        return Book([first, second], standing, self.lowest, self.all_or_none)


CAPPED = f'cap_points = {bills.MOST_POINTS_A_YEAR}\ncap_per = "year"\n'
GOODS = f"""
[[discounts]]
key = "drinks"
name = "Đồ uống"
percent = 10
cap_minor = {bills.MOST_OFF_DRINKS}
categories = ["{bills.DRINK}"]

[[discounts]]
key = "tier"
name = "Theo hạng"
percent = 5
tiers = ["bac", "vang", "kim-cuong"]
stackable = true

[[marks]]
name = "Khuyến mãi"
categories = ["{bills.PROMOTED}"]
earns = false
pay_with_points = false

[pay]
money_minor = {bills.POINT_WORTH}
step = {bills.POINT_STEP}
minimum = {bills.FEWEST_POINTS}
keep_at_least = {bills.POINTS_KEPT}
most_percent = 50
"""
REVIEWED = '\n[tier_rules]\nwindow = "rolling"\nmonths = 6\ndowngrade = "review"\n'
SHOPS = {
    "café": Kind(),
    "nobody owes much": Kind(lowest=-20),
    "nobody owes, points wait": Kind(lowest=0, in_points="pending_days = 7", pending_days=7),
    "buying keeps points": Kind(inactive=True),
    "tiers are reviewed": Kind(more=REVIEWED, tier_months=6),
    "goods": Kind(goods=True),
    "goods, points stay spent": Kind(
        goods=True, all_or_none=True, lowest=-20, more=REVIEWED, tier_months=6
    ),
}
