"""
The usual sale in two calls of the database: of a sum alone, by rules that ask for nothing but the
customer's tier. The first call looks, without a lock; the pure rules say what the sale comes to; the
second locks, sees whether the customer still stands where they stood, and writes. Each call is a
transaction by itself, so no lock is held while Python works.

Whatever is not so usual, or meets another sale of the same customer, is for `looking` and `writing`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS

from loyalty.ledger.services import Credit, check_points
from loyalty.programme.versions import programme_of
from loyalty.purchases.bill import Bill, request_hash
from loyalty.purchases.models import Purchase
from loyalty.purchases.sale import Effect, Sale, Situation, effect_of
from loyalty.shop.queries import ShopMissing
from loyalty.statements import one_row
from loyalty.tiers import services as tiers
from loyalty.tiers.rules import Climb, Course

_LOOK = "SELECT * FROM purchases_look(%s, %s, %s::bigint)"
# Types are told where a value may be null, for each mixture of them is a statement of its own.
_SELL = """
SELECT purchase_id, entry_id, balance FROM purchases_sell(
    %s, %s, %s, %s::bigint, %s, %s, %s, %s, %s, %s::bigint,
    %s, %s::bigint, %s::jsonb, %s::date, %s::date, %s::date, %s,
    %s::text, %s, %s, %s, %s, %s,
    %s::int, %s::date, %s, %s::date, %s,
    %s::date, %s, %s, %s, %s::jsonb
)
"""
_TOLD = (
    *("source", "reference", "customer_id", "branch_id", "request_hash"),
    *("amount_minor", "occurred_at", "occurred_on", "recorded_at", "recorded_by_id"),
)
# What else a till is told of its sale, and the usual one has none of.
_NONE = ("discount_minor", "shipping_minor", "spent_points", "spent_minor")
_WRITTEN = (
    *("id", "entry_id", "balance_after", "points", "tier_before", "tier_after", *_TOLD),
    *("free_shipping", "discounts", *_NONE),
)
_PLACES = [  # Of what is written, in the order of the model's fields.
    _WRITTEN.index(field.attname)
    for field in Purchase._meta.concrete_fields
    if field.attname in _WRITTEN
]


@dataclass(frozen=True)
class Glimpse:
    """What a sale meets, seen without a lock."""

    course: Course
    is_known: bool  # The sale is recorded already.
    is_awaited: bool  # Somebody brought this customer, and is paid for a sale.
    seen: str | None  # Which version of the standing it was; None: there was none.
    standing: Sequence[Any]


def glimpse(*, source: str, reference: str, customer_id: int | None) -> Glimpse:
    """What that sale meets at the moment. One statement. Raises ShopMissing."""
    return glimpse_in(one_row(_LOOK, [source, reference, customer_id]))


def glimpse_in(row: Sequence[Any]) -> Glimpse:
    """As `glimpse`, of the row that `purchases_look` answered with."""
    is_known, zone, newest_version_id, is_awaited, seen, *standing = row
    if zone is None:
        raise ShopMissing
    course = tiers.kept_course(zone, newest_version_id)
    return Glimpse(course, is_known, is_awaited, seen, standing)


def record_at_once(sale: Sale, met: Glimpse) -> tuple[Purchase, Credit | None] | None:
    """
    Record the sale as `met` lets it be, and say what it earned; None when it is not a usual one, or when its customer was
    served meanwhile: then nothing was written.
    """
    if (
        met.is_known
        or sale.customer_id is None
        or sale.bill != Bill.of_total(sale.bill.total_minor or 0)
    ):
        return None
    if not asks_for_the_tier_only(met.course.at(sale.at).version_id):
        return None
    effect = effect_of(sale, Situation(met.course, _climb(sale.customer_id, sale.at, met)))
    if effect.earning.points:
        check_points(effect.earning.points)
    told = _told(sale, effect)
    pk, entry_id, balance = one_row(_SELL, [*told, *_kept(effect, met.seen)])
    if pk is None:
        return None
    # The rest is as the database sets it, and read should anybody ask.
    written = [pk, entry_id, balance, effect.points, effect.tier_before, effect.tier_after, *told]
    written += [effect.priced.free_shipping, [], *(0 for _name in _NONE)]
    kept = Purchase.from_db(DEFAULT_DB_ALIAS, _WRITTEN, [written[place] for place in _PLACES])
    return kept, effect.credit


@lru_cache(maxsize=64)
def asks_for_the_tier_only(version_id: int) -> bool:
    """Whether the rules of that version need to know nothing else of a customer."""
    programme = programme_of(version_id)
    return not (
        programme.marks
        or programme.discounts
        or programme.stamp_cards
        or programme.coupons
        or any(tier.discounts for tier in programme.tiers)
        or any(rule.cap and rule.cap.kept for rule in programme.earn)
        or any(conditions.birthday for conditions in programme.conditions)
    )


def _climb(customer_id: int, at: datetime, met: Glimpse) -> Climb:
    """Where the customer stands, with the events that count again for a late sale or a window."""
    if met.seen is None:
        return Climb(customer_id)
    climb = tiers.climb_from(customer_id, met.standing)
    if met.course.horizon is None and not tiers.is_late(climb, at, met.course):
        return climb
    # What is read now is what was seen, or else the write finds another version.
    return tiers.climbs_of([customer_id], course=met.course, earliest={customer_id: at})[
        customer_id
    ]


def _told(sale: Sale, effect: Effect) -> list[Any]:
    """The columns of the purchase that its till decides, in the order of `_TOLD`."""
    asked = request_hash(customer_id=sale.customer_id, branch_id=sale.branch_id, bill=sale.bill)
    return [
        *(sale.source, sale.reference, sale.customer_id, sale.branch_id, asked),
        *(effect.amount_minor, sale.at, sale.on, sale.recorded_at, sale.by_id),
    ]


def _kept(effect: Effect, seen: str | None) -> list[Any]:
    """What the rules made of it: the points, through when all of them live, and the standing."""
    credit, after = effect.credit, effect.after
    if after is None:
        raise ValueError("a sale without a customer")
    earned: tuple[Any, ...] = (0, None, None, None, None)
    if credit:
        why = json.dumps(credit.explanation)
        earned = (credit.points, credit.version_id, why, credit.usable_from, credit.expires_on)
    return [
        *earned,
        *(effect.active_until, effect.priced.free_shipping, seen, effect.tier_before),
        *tiers.standing_of(after),
        tiers.moves_of(after),
    ]
