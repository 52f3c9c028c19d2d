"""
Many sales of one till at once: those that are usual, in one transaction and one statement a table.

What is usual is as in `at_once`: a sum alone, of a known customer, by rules that ask for nothing but
the tier. Whatever else a till sends in a batch is recorded sale by sale.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from django.db.models import Q
from django.db.models.functions import Coalesce

from loyalty.dates import local_date
from loyalty.errors import InvalidInput
from loyalty.ledger import services as ledger
from loyalty.programme.earning import active_until
from loyalty.purchases import referring
from loyalty.purchases.at_once import asks_for_the_tier_only
from loyalty.purchases.bill import Bill
from loyalty.purchases.many import record_many
from loyalty.purchases.models import Purchase
from loyalty.purchases.recording import Recorded, check_sale
from loyalty.purchases.sale import Sale
from loyalty.shop.models import Branch, User
from loyalty.shop.queries import get_shop
from loyalty.tiers import services as tiers
from loyalty.tiers.rules import Course
from loyalty.transactions import lock_events, whole
from rewards.models import Referral


@dataclass(frozen=True)
class Told:
    """A sale as its till tells it."""

    reference: str
    customer_id: int | None
    branch: Branch | None
    bill: Bill
    at: datetime


def record_together(
    *, source: str, told: Mapping[int, Told], recorded_at: datetime, by: User | None
) -> dict[int, Recorded]:
    """
    Record the usual ones of these sales, which come in the till's own order by their place, all or
    none; return what they did, by place. The others, and those that were recorded before, are left
    out: `record_purchase` takes them or says why not. All sales of one customer go the same way.

    Safe to repeat: what was recorded is left out then. Raises DomainError or DatabaseError
    where one cannot be recorded; then none is.
    """
    recorded = _record(source, told, recorded_at, by)
    for customer_id in _awaited({one.purchase.customer_id or 0 for one in recorded.values()}):
        referring.after_sale(customer_id, at=recorded_at)
    return recorded


@whole
def _record(
    source: str, told: Mapping[int, Told], recorded_at: datetime, by: User | None
) -> dict[int, Recorded]:
    course = tiers.course_of(get_shop().zone)
    sales = _usual(source, told, course, recorded_at, by)
    lock_events(source, {sale.reference for sale in sales.values()})
    sales = _new(source, sales)
    if not sales:
        return {}
    places = sorted(sales)
    written = record_many([sales[place] for place in places], course)
    return {
        place: Recorded(
            purchase,
            credit.usable_from if credit else None,
            credit.explanation if credit else {},
            replayed=False,
        )
        for place, (purchase, credit) in zip(places, written, strict=True)
    }


def _usual(
    source: str,
    told: Mapping[int, Told],
    course: Course,
    recorded_at: datetime,
    by: User | None,
) -> dict[int, Sale]:
    """The sales of those customers of whom every sale is usual, and told in the order of time."""
    by_customer: dict[int | None, list[int]] = {}
    for place, one in sorted(told.items()):
        by_customer.setdefault(one.customer_id, []).append(place)
    sales: dict[int, Sale] = {}
    for customer_id, places in by_customer.items():
        theirs = [told[place] for place in places]
        in_order = all(one.at <= after.at for one, after in pairwise(theirs))
        if customer_id is None or not in_order:
            continue
        if all(_is_usual(one, course, recorded_at) for one in theirs):
            for place in places:
                sales[place] = _sale(told[place], source, course, recorded_at, by)
    return sales


def _is_usual(told: Told, course: Course, recorded_at: datetime) -> bool:
    try:
        check_sale(reference=told.reference, bill=told.bill, at=told.at, recorded_at=recorded_at)
    except InvalidInput:
        return False
    rules = course.at(told.at)
    is_sum = told.bill == Bill.of_total(told.bill.total_minor or 0)
    if not is_sum or not asks_for_the_tier_only(rules.version_id):
        return False
    # Of points that purchases keep alive, a late sale's may have ended before the next one.
    day, today = local_date(told.at, course.zone), local_date(recorded_at, course.zone)
    tiers_then = rules.programme.tiers
    is_kept = any(active_until(rules.programme, bought_on=day, tier=one) for one in tiers_then)
    return day >= today or not is_kept


def _sale(told: Told, source: str, course: Course, recorded_at: datetime, by: User | None) -> Sale:
    return Sale(
        source=source,
        reference=told.reference,
        customer_id=told.customer_id,
        branch_id=told.branch.pk if told.branch else None,
        branch_key=told.branch.key if told.branch else "",
        bill=told.bill,
        at=told.at,
        on=local_date(told.at, course.zone),
        recorded_at=recorded_at,
        by_id=by.pk if by else None,
    )


def _new(source: str, sales: Mapping[int, Sale]) -> dict[int, Sale]:
    """Those not recorded yet, of customers who are still themselves and named no number twice."""
    references = Counter(sale.reference for sale in sales.values())
    known = Purchase.objects.filter(source=source, reference__in=list(references))
    seen = set(known.values_list("reference", flat=True))
    ids = {sale.customer_id for sale in sales.values() if sale.customer_id is not None}
    locked = ledger.lock_accounts(ids)
    gone = {asked for asked, account in locked.items() if account.customer_id != asked}
    twice = {reference for reference, count in references.items() if count > 1}
    gone |= {sale.customer_id or 0 for sale in sales.values() if sale.reference in twice}
    return {
        place: sale
        for place, sale in sales.items()
        if sale.reference not in seen and sale.customer_id not in gone
    }


def _awaited(customer_ids: Collection[int]) -> Sequence[int]:
    """Those of these customers whom somebody brought, and is to be paid for it."""
    brought = Referral.objects.filter(
        Q(friend__in=customer_ids) | Q(friend__merged_into__in=customer_ids),
        state=Referral.State.OPEN,
    )
    kept = Coalesce("friend__merged_into_id", "friend_id")
    return sorted(set(brought.values_list(kept, flat=True)))
