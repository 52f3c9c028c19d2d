"""Everything a refund does, in one transaction, under the locks of the account and the sale."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, Sum

from loyalty.dates import local_date
from loyalty.ledger import services as ledger
from loyalty.ledger.reversals import give_back, take_back
from loyalty.ledger.services import Locked
from loyalty.programme.document import Programme
from loyalty.programme.refunds import RefundPolicy
from loyalty.purchases import activity, referring, stamping, vouchering
from loyalty.purchases.kept_lines import sets_in
from loyalty.purchases.models import Purchase, PurchaseLine, Refund, RefundLine
from loyalty.purchases.returns import Back, Piece, Return, Sold, return_of
from loyalty.shop.queries import get_shop
from loyalty.tiers import services as tiers
from loyalty.tiers.models import Qualification
from loyalty.tiers.rules import Course
from loyalty.tiers.windows import Event


@dataclass(frozen=True)
class Worked:
    """What a refund comes to, and by which rules."""

    sold: Sold
    made: Return
    policy: RefundPolicy


def settle(refund: Refund, backs_of: Callable[[Sold], Sequence[Back]]) -> None:
    """
    Work the new `refund` out, do all it does and keep it. Raises DomainError when less is left
    of the sale than comes back.
    """
    account = _lock_account(refund.purchase_id)
    refund.balance_after = account.balance if account else 0
    course = tiers.course_of(get_shop().zone)
    made = _move(refund, backs_of, course=course)
    if account is not None:
        _lower_spend(refund, made, account.customer_id, course)
        activity.take_out(refund)
        sold_by = course.at(refund.purchase.occurred_at).programme
        stamping.take_back(refund, customer_id=account.customer_id, sold_by=sold_by)
        vouchering.after_refund(
            refund,
            customer_id=account.customer_id,
            sold_by=sold_by,
            is_over=made.ends_it,
        )
        referring.after_refund(account.customer_id, at=refund.recorded_at)


def _move(refund: Refund, backs_of: Callable[[Sold], Sequence[Back]], *, course: Course) -> Return:
    """Move the goods and the points of the new `refund`, and keep it."""
    refund.purchase = Purchase.objects.select_for_update(no_key=True).get(pk=refund.purchase_id)
    worked = work_out(
        refund.purchase,
        backs_of,
        course=course,
        at=refund.occurred_at,
        cancels=refund.kind == Refund.Kind.VOID,
    )
    made = worked.made
    refund.occurred_on = local_date(refund.occurred_at, course.zone)
    refund.amount_minor, refund.in_points_minor = made.amount_minor, made.in_points_minor
    refund.points_due, refund.points_taken = made.points_due, 0
    if made.returned_points:
        _give_points(refund, made)
    if made.points_due:
        _take_points(refund, made, worked.policy.lowest)
    refund.save(force_insert=True)
    _keep_lines(refund, made)
    refund.purchase.refresh_from_db(fields=["refunded_minor", "stands"])
    return made


def work_out(
    purchase: Purchase,
    backs_of: Callable[[Sold], Sequence[Back]],
    *,
    course: Course,
    at: datetime,
    cancels: bool,
) -> Worked:
    """What a refund `at` that moment comes to. Writes nothing; two queries."""
    sold = sold_of(purchase, sold_by=course.at(purchase.occurred_at).programme)
    policy = course.at(at).programme.refunds
    made = return_of(sold, backs_of(sold), policy=policy.spent_points, cancels=cancels)
    return Worked(sold, made, policy)


def sold_of(purchase: Purchase, *, sold_by: Programme) -> Sold:
    """The sale, made under the rules `sold_by`, with what was given back of it until now."""
    lines = list(purchase.lines.order_by("number"))
    before = purchase.refunds.aggregate(
        returned=Sum("returned_points", default=0),
        in_points=Sum("in_points_minor", default=0),
        voids=Sum("id", filter=Q(kind=Refund.Kind.VOID)),
    )
    return Sold(
        pieces=_pieces(purchase, lines),
        points=purchase.points,
        tier_points=purchase.points if purchase.tier_points is None else purchase.tier_points,
        spent_points=purchase.spent_points,
        spent_minor=purchase.spent_minor,
        returned_points=before["returned"],
        in_points_minor=before["in_points"],
        cancelled=before["voids"] is not None,
        sets=sets_in(purchase, lines, sold_by=sold_by),
    )


def _pieces(purchase: Purchase, lines: Sequence[PurchaseLine]) -> tuple[Piece, ...]:
    pieces = tuple(
        Piece(
            number=line.number,
            net_minor=line.net_minor,
            points=line.points,
            counts_for_tier=line.counts_for_tier,
            quantity=line.quantity,
            back_minor=line.refunded_minor,
            back_quantity=line.refunded_quantity,
        )
        for line in lines
    )
    whole = Piece(
        number=0,
        net_minor=purchase.amount_minor,
        points=purchase.points,
        counts_for_tier=not purchase.uncounted_minor,
        back_minor=purchase.refunded_minor,
    )
    return pieces or (whole,)


def _lock_account(purchase_id: int) -> Locked | None:
    """Lock the account of the sale's customer, who may have been merged, or parted, meanwhile."""
    asked = _customer_of(purchase_id)
    if asked is None:
        return None
    account = ledger.lock_accounts([asked])[asked]
    if _customer_of(purchase_id) == account.customer_id:
        return account
    return _lock_account(purchase_id)


def _customer_of(purchase_id: int) -> int | None:
    return Purchase.objects.values_list("customer_id", flat=True).get(pk=purchase_id)


def _give_points(refund: Refund, made: Return) -> None:
    """Back into the lots they came from: before any are taken, so that these can be."""
    given = give_back(
        entry_id=refund.purchase.spent_entry_id or 0,
        points=made.returned_points,
        source=refund.source,
        reference=f"return:{refund.reference}",
        reason=refund.reason,
        at=refund.occurred_at,
        recorded_at=refund.recorded_at,
        by_id=refund.recorded_by_id,
    )
    refund.returned_points, refund.returned_entry_id = made.returned_points, given.entry_id
    refund.balance_after = given.balance_after


def _take_points(refund: Refund, made: Return, lowest: int) -> None:
    taken = take_back(
        entry_id=refund.purchase.entry_id or 0,
        points=made.points_due,
        lowest=lowest,
        source=refund.source,
        reference=f"refund:{refund.reference}",
        reason=refund.reason,
        explanation=_explained(refund, made),
        at=refund.occurred_at,
        recorded_at=refund.recorded_at,
        by_id=refund.recorded_by_id,
    )
    refund.entry_id, refund.points_taken = taken.entry_id, taken.points
    refund.balance_after = taken.balance_after


def _explained(refund: Refund, made: Return) -> dict[str, Any]:
    purchase = refund.purchase
    explanation: dict[str, Any] = {
        "sale": purchase.reference,
        "sale_minor": purchase.amount_minor,
        "sale_points": purchase.points,
        "refunded_before_minor": purchase.refunded_minor,
        "refund_minor": refund.amount_minor,
    }
    lines = [
        {"line": back.number, "quantity": f"{back.quantity:f}", "minor": back.amount_minor}
        for back in made.backs
        if back.number
    ]
    return explanation | ({"lines": lines} if lines else {})


def _keep_lines(refund: Refund, made: Return) -> None:
    ids = dict(refund.purchase.lines.values_list("number", "pk")) if _of_lines(made) else {}
    RefundLine.objects.bulk_create(
        RefundLine(
            refund=refund,
            line_id=ids[back.number],
            quantity=back.quantity,
            amount_minor=back.amount_minor,
        )
        for back in made.backs
        if back.number
    )


def _of_lines(made: Return) -> bool:
    return any(back.number for back in made.backs)


def _lower_spend(refund: Refund, made: Return, customer_id: int, course: Course) -> None:
    """What the goods had counted for: it may cost a tier, as the rules say."""
    climbs = tiers.climbs_of(
        [customer_id], course=course, earliest={customer_id: refund.occurred_at}
    )
    qualification = Qualification(
        customer_id=customer_id,
        source=refund.source,
        reference=f"refund:{refund.reference}",
        spend_minor=-made.counted_minor,
        points=-made.tier_points,
        occurred_at=refund.occurred_at,
        recorded_at=refund.recorded_at,
    )
    event = Event(
        refund.occurred_at, refund.occurred_on, qualification.spend_minor, qualification.points
    )
    tiers.record(
        qualifications=[qualification],
        ends=[climbs[customer_id].qualify(event, course)],
        recorded_at=refund.recorded_at,
    )
