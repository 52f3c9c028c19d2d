"""What one sale does to its customer. Pure; the till and the import both ask it, nobody else."""

import hashlib
from dataclasses import dataclass

from loyalty.ledger.services import Credit
from loyalty.programme.basket import Basket, Buyer
from loyalty.programme.earning import Earning, earn, last_day
from loyalty.programme.ladder import Tier
from loyalty.programme.versions import Rules
from loyalty.purchases.models import Purchase
from loyalty.tiers.models import Qualification
from loyalty.tiers.rules import Climb, Course
from loyalty.tiers.windows import Event


@dataclass(frozen=True)
class Effect:
    """What has to be written for one sale of a customer, besides the purchase itself."""

    credit: Credit | None  # None: too small a bill for a point.
    qualification: Qualification
    after: Climb  # Where the customer stands now.


def effect_of(purchase: Purchase, *, basket: Basket, before: Climb, course: Course) -> Effect:
    """
    What the sale of `basket` comes to for a customer who stood at `before`, by the rules of its moment:
    points at the tier they had, then the tier the spend leads to. Fills in the purchase's
    points and tiers; the entry and the balance are the ledger's to say.
    """
    rules = course.at(purchase.occurred_at)
    programme = rules.programme
    before = before.advance(purchase.occurred_on, course)
    tier = programme.tier(before.tier_key)
    earning = earn(programme, basket=basket, buyer=Buyer(tier.key))
    event = Event(purchase.occurred_at, purchase.occurred_on, purchase.amount_minor, earning.points)
    after = before.qualify(event, course)
    purchase.points = earning.points
    purchase.tier_before, purchase.tier_after = tier.key, after.tier_key
    return Effect(
        credit=_credit(purchase, earning, tier, rules) if earning.points else None,
        qualification=_qualification(purchase),
        after=after,
    )


def request_hash(*, customer_id: int | None, branch_id: int | None, amount_minor: int) -> str:
    """What makes two requests the same sale. No personal data: numbers of rows only."""
    asked = f"{customer_id}/{branch_id}/{amount_minor}"
    return hashlib.sha256(asked.encode()).hexdigest()


def _credit(purchase: Purchase, earning: Earning, tier: Tier, rules: Rules) -> Credit:
    return Credit(
        customer_id=purchase.customer_id or 0,
        points=earning.points,
        reference=purchase.reference,
        occurred_at=purchase.occurred_at,
        expires_on=last_day(rules.programme, earned_on=purchase.occurred_on, tier=tier),
        version_id=rules.version_id,
        explanation=earning.explanation,
    )


def _qualification(purchase: Purchase) -> Qualification:
    return Qualification(
        customer_id=purchase.customer_id or 0,
        source=purchase.source,
        reference=purchase.reference,
        spend_minor=purchase.amount_minor,
        points=purchase.points,
        occurred_at=purchase.occurred_at,
        recorded_at=purchase.recorded_at,
    )
