"""What one sale comes to. Pure; the till, its quote and the import all ask it, nobody else."""

from dataclasses import dataclass
from datetime import date, datetime

from loyalty.ledger.services import Credit
from loyalty.programme.basket import Buyer
from loyalty.programme.earning import Earning, active_until, earn, last_day
from loyalty.programme.ladder import Tier
from loyalty.programme.versions import Rules
from loyalty.purchases.bill import Bill
from loyalty.tiers.models import Qualification
from loyalty.tiers.rules import Climb, Course
from loyalty.tiers.windows import Event


@dataclass(frozen=True)
class Sale:
    """What is told of a sale, before any rule was asked."""

    source: str
    reference: str
    customer_id: int | None  # None: an anonymous sale.
    branch_id: int | None
    branch_key: str
    bill: Bill
    at: datetime
    on: date  # The same moment's day in the shop.
    recorded_at: datetime
    by_id: int | None
    batch_id: int | None = None  # The import that brought it.


@dataclass(frozen=True)
class Situation:
    """All the pure part has to know beside the sale, read under the lock of the account."""

    course: Course
    # Where the customer stands; None: an anonymous sale. It names them: who was merged into
    # another after the sale was told is that other one by now.
    climb: Climb | None
    balance: int = 0


@dataclass(frozen=True)
class Effect:
    """What has to be written for one sale, and what its till has to hear."""

    amount_minor: int  # What is paid for the goods.
    earning: Earning  # What a customer of that tier gets; nobody gets it for an anonymous sale.
    tier_before: str  # Keys of tiers; empty for an anonymous sale.
    tier_after: str
    credit: Credit | None  # None: no points.
    qualification: Qualification | None  # None: an anonymous sale, as `after`.
    after: Climb | None  # Where the customer stands now.
    active_until: date | None = None  # No points of the customer end before that day.

    @property
    def points(self) -> int:
        """Points the customer gets."""
        return self.credit.points if self.credit else 0


def effect_of(sale: Sale, situation: Situation) -> Effect:
    """
    What the sale comes to in that situation, by the rules of its moment: points at the tier the
    customer had, then the tier the spend leads to.
    """
    course = situation.course
    rules = course.at(sale.at)
    before = situation.climb
    tier = rules.programme.tier(before.tier_for_sale(sale.on, course) if before else "")
    basket = sale.bill.basket(sale.at.astimezone(course.zone), sale.branch_key)
    earning = earn(rules.programme, basket=basket, buyer=Buyer(tier.key))
    amount_minor = basket.total_minor
    if before is None:
        return Effect(amount_minor, earning, "", "", None, None, None)
    after = before.qualify(Event(sale.at, sale.on, amount_minor, earning.points), course)
    return Effect(
        amount_minor=amount_minor,
        earning=earning,
        tier_before=tier.key,
        tier_after=after.tier_key,
        credit=_credit(sale, after.customer_id, earning, tier, rules) if earning.points else None,
        qualification=_qualification(sale, after.customer_id, amount_minor, earning.points),
        after=after,
        active_until=active_until(rules.programme, bought_on=sale.on, tier=tier),
    )


def _credit(sale: Sale, customer_id: int, earning: Earning, tier: Tier, rules: Rules) -> Credit:
    return Credit(
        customer_id=customer_id,
        points=earning.points,
        reference=sale.reference,
        occurred_at=sale.at,
        expires_on=last_day(rules.programme, earned_on=sale.on, tier=tier),
        version_id=rules.version_id,
        explanation=earning.explanation,
    )


def _qualification(sale: Sale, customer_id: int, spend_minor: int, points: int) -> Qualification:
    return Qualification(
        customer_id=customer_id,
        source=sale.source,
        reference=sale.reference,
        spend_minor=spend_minor,
        points=points,
        occurred_at=sale.at,
        recorded_at=sale.recorded_at,
    )
