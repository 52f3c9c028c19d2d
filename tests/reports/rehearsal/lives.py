"""
Customers of a café who buy, return, redeem and pay with points, as a seed says: done through the
product's own services, and done again in a copy of the shop where other rules took effect.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.db.models import Sum

from customers.models import Customer
from loyalty.dates import add_months, start_of_day
from loyalty.errors import DomainError
from loyalty.ledger import services as ledger
from loyalty.ledger.adjustments import adjust
from loyalty.ledger.models import Account, Entry
from loyalty.programme.basket import Line
from loyalty.programme.versions import publish
from loyalty.purchases.bill import Bill
from loyalty.purchases.models import Purchase, Refund
from loyalty.purchases.recording import quote, record_purchase
from loyalty.purchases.refunds import purchase_of, refund_purchase, void_purchase
from loyalty.shop.models import User
from loyalty.tiers.models import Standing
from loyalty.tiers.services import give_tier, review_tiers
from rewards import bonuses
from rewards.cancelling import cancel_redemption
from rewards.models import Redemption, Reward, Voucher
from rewards.redemption import redeem_reward
from tests.factories.clock import NOON, SAIGON
from tests.factories.customers import CustomerFactory
from tests.factories.rewards import RewardFactory
from tests.factories.shop import STARTERS, StaffFactory, shop_with_programme

CAFE = (STARTERS / "cafe.toml").read_text(encoding="utf-8")
PAY = "\n[pay]\nmoney_minor = 500\nstep = 5\nminimum = 5\n"
SURVEY = "\n[bonuses.survey]\npoints = 7\n"
TODAY = CAFE + PAY + SURVEY + '\n[[marks]]\nname = "Bánh"\ncategories = ["cake"]\nearns = false\n'
DAYS = 60
UNTIL = start_of_day(NOON.astimezone(SAIGON).date(), SAIGON)
SINCE = UNTIL - timedelta(days=DAYS)
LATER = add_months(UNTIL.astimezone(SAIGON).date(), 12)


@dataclass(frozen=True)
class Act:
    what: str
    who: int
    name: str  # Of the sale, the redemption or the like.
    at: datetime
    told: Any = None


def plan(seed: int, customers: int, *, acts: int = 30) -> list[Act]:
    """What people try to do in the 300 days before, in the order of time."""
    random = Random(seed)
    tried = []
    for who in range(customers):
        sales: list[str] = []
        days = sorted(random.uniform(0, 300) for _act in range(random.randrange(acts)))
        for number, day in enumerate(days):
            at = UNTIL - timedelta(days=301) + timedelta(days=day + 1)
            what = random.choice(("sale", "sale", "sale", "goods", "goods", "back", *MORE))
            name = f"{who}/{number}"
            if what in ("back", "void") and sales:
                tried.append(Act(what, who, name, at, (random.choice(sales), random.random())))
            elif what in ("sale", "goods"):
                sales.append(name)
                tried.append(Act(what, who, name, at, _bill(random, goods=what == "goods")))
            elif what not in ("back", "void"):
                tried.append(Act(what, who, name, at, random.randrange(2, 40)))
    return sorted(tried, key=lambda act: act.at)


MORE = (
    *("void", "redeem", "redeem", "redeem", "ticket", "ticket", "ticket"),
    *("cancel", "adjust", "survey", "tier", "lines"),
)


def _bill(random: Random, *, goods: bool) -> Bill:
    pays = random.choice((0, 0, 0, 5, 10))
    if not goods:
        amount = random.choice((45_000, 68_000, 350_000, 990_000, 1_700_000))
        return Bill(total_minor=amount, spend_points=pays)
    lines = tuple(
        Line(
            random.choice((25_000, 39_000, 120_000)),
            Decimal(random.choice((1, 2, 3))),
            random.choice((0, 0, 5_000)),
            tax_minor=random.choice((0, 1_999)),
            category=random.choice(("drink", "cake")),
            earns=random.random() < 0.9,
        )
        for _line in range(random.randrange(1, 4))
    )
    return Bill(lines, spend_points=pays)


@dataclass
class Copy:
    """One copy of the shop; the same plan makes of it what its rules say."""

    rewards: list[Reward] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    manager: User | None = None
    done: list[Act] = field(default_factory=list)  # What could be done, as it was.
    unaffordable: int = 0

    def open(self, customers: int) -> None:
        shop_with_programme(TODAY)
        self.rewards = [RewardFactory(cost_points=3 * n, value_minor=1_000 * n) for n in (2, 5, 9)]
        off = {"kind": Reward.Kind.DISCOUNT_AMOUNT, "value_minor": 20_000}
        self.rewards.append(
            RewardFactory(cost_points=4, minimum_minor=40_000, validity_days=200, **off)
        )
        self.customers = [CustomerFactory(name=f"Khách {n}") for n in range(customers)]
        self.manager = StaffFactory(role="owner")

    def change(self, document: str) -> None:
        publish(document=document, effective_from=SINCE, at=NOON, by=None)

    def play(self, acts: list[Act], *, suffix: str = "") -> None:
        for act in acts:
            done = getattr(self, f"_{act.what}")(act, act.name + suffix, suffix)
            if done is not None:
                self.done.append(done)

    def settle(self, at: datetime) -> None:
        ledger.expire_due(at=at)
        review_tiers(at=at)

    def again(self, acts: list[Act]) -> None:
        """The days go on as they were, until the twelve months are over."""
        end, shift = start_of_day(LATER, SAIGON), timedelta(days=DAYS)
        number = 1
        while SINCE + shift < end:
            later = [replace(act, at=act.at + shift) for act in acts]
            self.play([act for act in later if act.at < end], suffix=f"#{number}")
            number, shift = number + 1, shift + timedelta(days=DAYS)
        self.settle(end)

    def _sale(self, act: Act, name: str, _suffix: str) -> Act:
        customer = self.customers[act.who]
        told = {"customer": customer, "branch": None, "at": act.at}
        bill = act.told
        more = {"source": "till", "reference": name, "recorded_at": act.at, "by": None}
        if bill.spend_points:
            offer = quote(bill=replace(bill, spend_points=0), **told).offer
            points = min(offer.most, bill.spend_points) // 5 * 5
            self.unaffordable += points < bill.spend_points
            bill = replace(bill, spend_points=points)
        record_purchase(bill=bill, **told, **more)
        return replace(act, told=bill)

    _goods = _sale

    def _ticket(self, act: Act, name: str, suffix: str) -> Act | None:
        """A sale with a voucher, if the customer has one for money off."""
        mine = Voucher.objects.filter(
            customer=self.customers[act.who],
            reward=self.rewards[3],
            state="issued",
            expires_on__gte=act.at.astimezone(SAIGON).date(),
        )
        if isinstance(act.told, str):
            mine = mine.filter(redemption__reference=act.told + suffix)
        voucher = mine.order_by("pk").first()
        if voucher is None and not isinstance(act.told, str):
            return None
        codes = (voucher.code,) if voucher else ()
        self._sale(replace(act, told=Bill(total_minor=55_000, vouchers=codes)), name, suffix)
        bought = voucher.redemption.reference.removesuffix(suffix) if voucher else act.told
        return replace(act, told=bought)

    def _back(self, act: Act, name: str, suffix: str) -> Act | None:
        sale_name, part = act.told
        sale = Purchase.objects.filter(source="till", reference=sale_name + suffix).first()
        if sale is None:
            return None
        asked = part if isinstance(part, dict) else self._asked(sale, part)
        try:
            self._refund(sale, name, act.at, **asked)
        except DomainError:
            return None
        return replace(act, told=(sale_name, asked))

    def _asked(self, sale: Purchase, part: float) -> dict[str, Any]:
        line = sale.lines.first()
        if line is not None and part < 0.5:
            return {"lines": ((line.number, Decimal(1)),)}
        return {"amount_minor": int(sale.amount_minor * part)}

    def _refund(self, sale: Purchase, name: str, at: datetime, **asked: Any) -> None:
        left = sale.amount_minor - sale.refunded_minor
        if "amount_minor" in asked:
            asked["amount_minor"] = min(asked["amount_minor"], left)
        refund_purchase(
            purchase=sale, source="till", reference=name, reason="", at=at, recorded_at=at,
            by=None, **asked,
        )  # fmt: skip

    def _void(self, act: Act, name: str, suffix: str) -> Act | None:
        known = {"source": "till", "reference": act.told[0] + suffix}
        told = {"reason": "", "at": act.at, "recorded_at": act.at, "by": None}
        try:
            void_purchase(purchase=purchase_of(**known), source="till", reference=name, **told)
        except DomainError:
            return None
        return act

    def _lines(self, act: Act, name: str, suffix: str) -> None:
        """Nothing: a day without a deed."""

    def _redeem(self, act: Act, name: str, _suffix: str) -> Act | None:
        reward = self.rewards[min(act.told % 6, 3)]
        told = {"customer": self.customers[act.who], "source": "till", "reference": name}
        try:
            redeem_reward(reward=reward, at=act.at, by=None, **told)
        except DomainError:
            self.unaffordable += 1
            return None
        return act

    def _cancel(self, act: Act, name: str, suffix: str) -> Act | None:
        if isinstance(act.told, str):
            known = Redemption.objects.filter(reference=act.told + suffix).first()
        else:
            mine = Redemption.objects.filter(
                customer=self.customers[act.who], cancelling_entry=None
            )
            known = mine.last()
        try:
            if known is None:
                return None
            cancel_redemption(redemption=known, source="till", reason="", at=act.at, by=None)
        except DomainError:
            return None
        return replace(act, told=known.reference.removesuffix(suffix))

    def _adjust(self, act: Act, name: str, _suffix: str) -> Act:
        adjust(
            customer_id=self.customers[act.who].pk, points=act.told, reason="Counted again",
            expires_on=None, source="till", reference=name, at=act.at, by=self.manager,
        )  # fmt: skip
        return act

    def _survey(self, act: Act, name: str, _suffix: str) -> Act:
        bonuses.survey(customer_id=self.customers[act.who].pk, key=name, at=act.at)
        return act

    def _tier(self, act: Act, name: str, _suffix: str) -> Act:
        through = (act.at + timedelta(days=act.told)).date()
        give_tier(
            customer=self.customers[act.who], tier_key="vang", through=through, reason="Gift",
            at=act.at, by=self.manager,
        )  # fmt: skip
        return act

    def tiers(self) -> dict[str, str]:
        """By the customers' names."""
        return dict(Standing.objects.values_list("customer__name", "tier_key"))

    def outstanding(self) -> int:
        rich = Account.objects.filter(balance__gt=0)
        return rich.aggregate(sum=Sum("balance", default=0))["sum"]

    def figures(self) -> dict[str, int]:
        """What the days came to, asked of the tables."""
        days = {"occurred_at__gte": SINCE, "occurred_at__lt": UNTIL}
        sales = Purchase.objects.filter(**days)
        entries = Entry.objects.filter(**days)
        redeemed = Redemption.objects.filter(redeemed_at__gte=SINCE, redeemed_at__lt=UNTIL)
        late = Entry.objects.filter(kind="expire", occurred_at__gt=SINCE, occurred_at__lte=UNTIL)
        return {
            "sales": sales.count(),
            "discount_minor": _sum(sales, "discount_minor"),
            "earned": _sum(sales, "points"),
            "bonuses": _sum(entries.filter(source="bonus"), "points"),
            "taken_back": _sum(Refund.objects.filter(**days), "points_taken"),
            "paid_points": _sum(sales, "spent_points"),
            "paid_minor": _sum(sales, "spent_minor"),
            "redeemed_points": _sum(redeemed, "cost_points"),
            "redeemed_minor": _sum(redeemed, "reward__value_minor"),
            "expired": -_sum(late, "points"),
            "outstanding": self.outstanding(),
        }

    def points(self) -> dict[str, int]:
        """What each sale of the days earned."""
        sales = Purchase.objects.filter(occurred_at__gte=SINCE, occurred_at__lt=UNTIL)
        return dict(sales.values_list("reference", "points"))


def _sum(rows: Any, column: str) -> int:
    return int(rows.aggregate(sum=Sum(column, default=0))["sum"])


def moves(before: dict[str, str], after: dict[str, str]) -> Counter[tuple[str, str]]:
    changed = [(before[name], after[name]) for name in before]
    return Counter(pair for pair in changed if pair[0] != pair[1])
