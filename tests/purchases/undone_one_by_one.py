"""
Taking an import back sale by sale, through the verbs and triggers of single rows: the long way, which
`undo_import` must equal.
"""

from django.db import connection

from loyalty.dates import local_date
from loyalty.ledger.models import MAX_POINTS
from loyalty.ledger.reversals import take_back
from loyalty.ledger.services import lock_accounts
from loyalty.purchases import activity
from loyalty.purchases.models import Purchase, Refund, RefundLine
from loyalty.purchases.returns import all_left
from loyalty.purchases.settling import work_out
from loyalty.shop.queries import get_shop
from loyalty.tiers.models import Qualification, Standing
from loyalty.tiers.restating import restate
from loyalty.tiers.rules import Why
from loyalty.tiers.services import course_of

REASON = "Hoàn tác lần nhập"
# Every table that taking an import back writes to, with numbers that depend on the order of writing
# told by what they name.
_ENTRY = (
    "(SELECT concat_ws('/', e.source, e.reference, e.kind) FROM ledger_entry e WHERE e.id = {})"
)
_TABLES = {
    "ledger_account": {},
    "ledger_entry": {"id": None, "reverses_id": _ENTRY},
    "ledger_lot": {"entry_id": _ENTRY},
    "ledger_debt": {"id": None, "entry_id": _ENTRY},
    "ledger_allocation": {
        "id": None,
        "entry_id": _ENTRY,
        "debt_id": _ENTRY.format("(SELECT d.entry_id FROM ledger_debt d WHERE d.id = {})"),
    },
    "purchases_purchase": {},
    "purchases_purchaseline": {},
    "purchases_capuse": {},
    "purchases_discountuse": {},
    "purchases_refund": {"id": None, "entry_id": _ENTRY},
    "purchases_refundline": {
        "id": None,
        "refund_id": "(SELECT r.source || r.reference FROM purchases_refund r WHERE r.id = {})",
    },
    "purchases_activity": {},
    "purchases_importbatch": {},
    "tiers_qualification": {"id": None},
    "tiers_tierchange": {"id": None},
    "tiers_standing": {},
}


def everything():
    """All rows of those tables, whatever the order they were written in."""
    found = {}
    with connection.cursor() as cursor:
        for table, told in _TABLES.items():
            said = "to_jsonb(t)"
            for column, sql in told.items():
                said = f"({said} - '{column}')"
                if sql:
                    said += f" || jsonb_build_object('{column}', {sql.format('t.' + column)})"
            cursor.execute(f"SELECT ({said})::text FROM {table} t ORDER BY 1")
            found[table] = [row for (row,) in cursor.fetchall()]
    return found


def undo_one_by_one(batch, *, at):
    """What `undo_import` writes for a file of sales that nothing stands in the way of."""
    sales = Purchase.objects.filter(batch=batch)
    customer_ids = sorted({pk for pk in sales.values_list("customer_id", flat=True) if pk})
    lock_accounts(customer_ids)
    course = course_of(get_shop().zone)
    counted = [(sale.source, sale.reference) for sale in sales]
    counted += [
        (back.source, f"refund:{back.reference}")
        for back in Refund.objects.filter(purchase__batch=batch)
    ]
    for sale in sales.filter(stands=True).order_by("-occurred_at", "-pk"):
        _void(sale, batch, course, at=at)
    for event in counted:
        _take_out(*event, batch=batch, at=at)
    for pk in customer_ids:
        given = Standing.objects.filter(pk=pk).exclude(floor_through=None).first()
        floor = (given.floor_key, given.floor_through) if given else None
        restate({pk: floor}, at=at, course=course, why=Why.UNDONE)
    activity.recount(customer_ids)
    batch.undone_at = at
    batch.save()


def _void(sale, batch, course, *, at):
    made = work_out(sale, all_left, course=course, at=at, cancels=True).made
    refund = Refund(
        purchase=sale,
        kind=Refund.Kind.VOID,
        source="undo",
        reference=f"{batch.pk}:{sale.pk}",
        amount_minor=made.amount_minor,
        points_due=made.points_due,
        points_taken=0,
        reason=REASON,
        occurred_at=at,
        occurred_on=local_date(at, course.zone),
        recorded_at=at,
    )
    if made.points_due:
        taken = _take_back(refund, made)
        refund.entry_id, refund.points_taken = taken.entry_id, taken.points
        refund.balance_after = taken.balance_after
    refund.save()
    ids = dict(sale.lines.values_list("number", "pk"))
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


def _take_back(refund, made):
    sale = refund.purchase
    explanation = {
        "sale": sale.reference,
        "sale_minor": sale.amount_minor,
        "sale_points": sale.points,
        "refunded_before_minor": sale.refunded_minor,
        "refund_minor": made.amount_minor,
    }
    lines = [
        {"line": back.number, "quantity": f"{back.quantity:f}", "minor": back.amount_minor}
        for back in made.backs
        if back.number
    ]
    return take_back(
        entry_id=sale.entry_id,
        points=made.points_due,
        lowest=-MAX_POINTS,
        source=refund.source,
        reference=f"refund:{refund.reference}",
        reason=REASON,
        explanation=explanation | ({"lines": lines} if lines else {}),
        at=refund.occurred_at,
        recorded_at=refund.recorded_at,
        by_id=None,
    )


def _take_out(source, reference, *, batch, at):
    for row in Qualification.objects.filter(
        source=source, reference=reference, undoes=None, undone_by=None
    ):
        Qualification.objects.create(
            customer_id=row.customer_id,
            source="undo",
            reference=f"{batch.pk}:{row.pk}",
            spend_minor=-row.spend_minor,
            points=-row.points,
            occurred_at=row.occurred_at,
            recorded_at=at,
            undoes=row,
        )
