"""What customers did in the rehearsed days, as deeds that can be done again under other rules."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db.models import QuerySet

from loyalty.dates import local_date
from loyalty.ledger.models import Entry
from loyalty.programme.bonuses import Event as Occasion
from loyalty.purchases.models import Purchase, Refund
from loyalty.reports.rehearsal.deeds import (
    Bought,
    Credited,
    Debited,
    Deed,
    Person,
    Returned,
    Reversed,
)
from loyalty.reports.rehearsal.older import as_sold
from loyalty.reports.rehearsal.told import bill_of, needs_codes
from loyalty.shop.models import Branch
from loyalty.tiers.rules import Course
from rewards.bonuses import SOURCE as BONUS
from rewards.models import Redemption
from rewards.presenting import presented_in

_KINDS = ("earn", "redeem", "adjust", "reverse")  # Points expire, and merge, by themselves.


def happened(
    persons: Mapping[int, Person], since: datetime, until: datetime, course: Course
) -> list[int]:
    """
    Give the persons, by their numbers, the deeds of these days; return the entries from before
    that some of them undo. As many queries for many persons as for one.
    """
    days = {"occurred_at__gte": since, "occurred_at__lt": until}
    branches: dict[int | None, str] = {None: ""}
    branches.update(Branch.objects.values_list("pk", "key"))
    sales = Purchase.objects.filter(customer__in=persons, batch__undone_at=None, **days)
    sales = sales.prefetch_related("lines")
    if any(needs_codes(rules.programme) for _moment, rules in course.versions):
        sales = sales.select_related("entry")
    rows = list(sales.order_by("occurred_at", "pk"))
    vouchers = presented_in([row.reference for row in rows])
    for row in rows:
        used = tuple(vouchers.get((row.source, row.reference), ()))
        bought = replace(_bought(row, branches, course), vouchers=used)
        _person(persons, row.customer_id).deeds.append(bought)
    wanted = []
    entries = list(_entries(Entry.objects.filter(account__in=persons, **days)))
    worth = _worth_of([entry.pk for entry in entries if entry.kind == Entry.Kind.REDEEM])
    for entry in entries:
        deed = _moved(entry, course, worth)
        persons[entry.account_id].deeds.append(deed)
        wanted += [deed.entry_id] if isinstance(deed, Reversed) else []
    refunds = Refund.objects.filter(
        purchase__customer__in=persons, purchase__batch__undone_at=None, **days
    ).order_by("pk")
    with_sales = refunds.select_related("purchase").prefetch_related(
        "lines__line", "purchase__lines", "purchase__refunds__lines"
    )
    for refund in with_sales:
        back = _returned(refund, since, course)
        _person(persons, refund.purchase.customer_id).deeds.append(back)
        wanted += [pk for pk in (back.earned_id, back.spent_id) if pk is not None]
    return wanted


def _person(persons: Mapping[int, Person], pk: int | None) -> Person:
    return persons[pk or 0]


def _bought(sale: Purchase, branches: Mapping[int | None, str], course: Course) -> Bought:
    programme = course.at(sale.occurred_at).programme
    lines = sorted(sale.lines.all(), key=lambda line: line.number)
    return Bought(
        at=sale.occurred_at,
        on=sale.occurred_on,
        purchase_id=sale.pk,
        reference=sale.reference,
        branch_id=sale.branch_id,
        branch_key=branches[sale.branch_id],
        bill=bill_of(sale, lines, programme=programme, at=sale.occurred_at.astimezone(course.zone)),
        batch_id=sale.batch_id,
    )


def _entries(entries: QuerySet[Entry]) -> QuerySet[Entry]:
    """Those that no sale and no return explains."""
    apart = entries.filter(
        kind__in=_KINDS,
        purchase=None,
        paid_purchase=None,
        refund=None,
        returning_refund=None,
    )
    return apart.select_related("lot").order_by("occurred_at", "pk")


def _worth_of(spent: Sequence[int]) -> dict[int, int]:
    """What the rewards are said to be worth that these entries paid for, in minor units."""
    if not spent:
        return {}
    rows = Redemption.objects.filter(entry__in=spent)
    return dict(rows.values_list("entry_id", "voucher__terms__value_minor"))


def _moved(entry: Entry, course: Course, worth: Mapping[int, int]) -> Deed:
    at, on = entry.occurred_at, local_date(entry.occurred_at, course.zone)
    if entry.kind == Entry.Kind.REVERSE:
        return Reversed(at, on, entry.reverses_id or 0, entry.points)
    if entry.points < 0:
        return Debited(at, on, entry.pk, -entry.points, worth.get(entry.pk, 0))
    lot = entry.lot
    event = entry.reference.partition(":")[0] if entry.source == BONUS else ""
    occasion = Occasion(event) if event in set(Occasion) else None
    return Credited(at, on, entry.pk, entry.points, lot.usable_from, lot.expires_on, occasion)


def _returned(refund: Refund, since: datetime, course: Course) -> Returned:
    # What a refund by amount gives back of a line has no quantity.
    named = [back for back in refund.lines.all() if back.quantity]
    lines = sorted((back.line.number, back.quantity) for back in named)
    whole, sale = refund.kind == Refund.Kind.VOID, refund.purchase
    sold_by = course.at(sale.occurred_at).programme
    return Returned(
        at=refund.occurred_at,
        on=refund.occurred_on,
        purchase_id=sale.pk,
        amount_minor=None if whole or lines else refund.amount_minor,
        lines=() if whole else tuple(lines),
        older=as_sold(sale, since=since, sold_by=sold_by) if sale.occurred_at < since else None,
        earned_id=sale.entry_id,
        spent_id=sale.spent_entry_id,
    )
