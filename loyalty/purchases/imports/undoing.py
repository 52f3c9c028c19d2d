"""
Taking an import back: its sales are voided, and no longer count for anybody, as if the file had
never come in. Nothing is deleted: the sales, their points and what took them back stay to be read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction
from django.utils.translation import get_language

from customers.identity import show_card_number
from loyalty.errors import DomainError
from loyalty.money import format_money
from loyalty.purchases import activity
from loyalty.purchases.imports import voiding
from loyalty.purchases.imports.members import openings
from loyalty.purchases.imports.naming import AGAIN
from loyalty.purchases.imports.progress import Report, silent
from loyalty.purchases.imports.turns import be_alone
from loyalty.purchases.models import ImportBatch
from loyalty.sayings import lines_of
from loyalty.sayings import said as _
from loyalty.shop.models import User
from loyalty.shop.queries import get_shop
from loyalty.tiers import services as tiers
from loyalty.tiers.restating import restate_without

SHOWN = 20
MADE_UP = ("row:", "day:")  # How sales without a receipt number are named.
# What cannot be taken back: points that something else has used since, of which a cancelled
# redemption gave some back; sales that belong to another row of the customer by now; and returns
# that the file brought of sales it did not bring, for a return cannot be taken back.
_BLOCKED = """
WITH blocked AS (
    SELECT p.id, 'spent' AS why
    FROM purchases_purchase p
    JOIN ledger_lot l ON l.entry_id = p.entry_id
    JOIN ledger_allocation a ON a.lot_id = l.id AND a.debt_id IS NULL
    JOIN ledger_entry e ON e.id = a.entry_id
    WHERE p.batch_id = %(batch)s
        AND (e.kind IN ('redeem', 'adjust') OR e.kind = 'reverse' AND e.reverses_id <> p.entry_id)
    GROUP BY p.id HAVING sum(a.points) > 0
    UNION ALL
    SELECT p.id, 'merged'
    FROM purchases_purchase p JOIN tiers_qualification q USING (source, reference)
    WHERE p.batch_id = %(batch)s AND q.customer_id <> p.customer_id
    UNION ALL
    SELECT p.id, 'returned'
    FROM purchases_importbatch b
    JOIN purchases_refund r ON r.source = b.source AND r.recorded_at = b.finished_at
    JOIN purchases_purchase p ON p.id = r.purchase_id
    WHERE b.id = %(batch)s AND p.batch_id IS DISTINCT FROM b.id
)
SELECT b.why, p.reference, p.occurred_on, p.amount_minor, c.card_number
FROM blocked b JOIN purchases_purchase p USING (id)
LEFT JOIN customers_customer c ON c.id = p.customer_id
ORDER BY p.reference
"""


@dataclass(frozen=True)
class Blocked:
    reference: str  # The sale's, as a person knows it; of points that came as such, the card.
    why: str  # "spent", "merged" or "returned".

    def __str__(self) -> str:
        reasons = {
            "spent": _("its points have been used"),
            "merged": _("its customer was merged into another one"),
            "returned": _("the file brought a return of it, which cannot be taken back"),
        }
        return self.reference + ": " + reasons[self.why]


class UndoRefused(DomainError):
    """Something was built on the import since; `blocked` are the sales that stand in the way."""

    def __init__(self, blocked: Sequence[Blocked]) -> None:
        head = _(
            "Nothing was undone. Sales that something was built on since: %(count)d. Give the"
            " points back, or part the customers, and try again."
        )
        shown = [str(one) for one in blocked[:SHOWN]]
        if len(blocked) > SHOWN:
            shown.append(_("… and %(count)d more") % {"count": len(blocked) - SHOWN})
        super().__init__(lines_of([head % {"count": len(blocked)}, *shown]))
        self.blocked = tuple(blocked)


@transaction.atomic
def undo_import(
    *, batch: ImportBatch, at: datetime, by: User | None, report: Report = silent
) -> ImportBatch:
    """
    Void every sale of the batch, and take back the points it brought along, until balances, tiers
    and reports are as if it had not been imported, and return it. Whom it enrolled stay customers,
    without its sales; the file can be imported again. Points of it that expired meanwhile stay
    expired.

    Safe to repeat. Raises UndoRefused, ImportRunning; then nothing was written. It holds the
    accounts of all its customers for as long as it runs.
    """
    be_alone()
    batch = ImportBatch.objects.select_for_update().get(pk=batch.pk)
    if batch.undone_at is not None:
        return batch
    brought = openings.of_batch(batch)
    total = voiding.stage(batch)
    # All at once, before anybody looks: whoever spends these points waits, or was seen to.
    voiding.lock_customers([entry.account_id for entry in brought])
    used = [Blocked(card, "spent") for card in openings.used(brought)]
    if blocked := [*_blocked(batch), *used]:
        raise UndoRefused(blocked)
    openings.take_back_all(brought, batch=batch, at=at, by_id=by.pk if by else None, report=report)
    voiding.void_staged(batch, total, at=at, by=by, report=report)
    course = tiers.course_of(get_shop().zone)
    for customer_ids in voiding.staged_customers():
        restate_without(customer_ids, at=at, course=course)
        activity.recount(customer_ids)
    batch.undone_at, batch.undone_by = at, by
    batch.save(update_fields=["undone_at", "undone_by"])
    return batch


def _blocked(batch: ImportBatch) -> list[Blocked]:
    with connection.cursor() as cursor:
        cursor.execute(_BLOCKED, {"batch": batch.pk})
        rows = cursor.fetchall()
    currency = get_shop().currency
    return [Blocked(_called(*sale, currency=currency), why) for why, *sale in rows]


def _called(reference: str, on: date, amount_minor: int, card: str | None, *, currency: str) -> str:
    """Its receipt number as the file has it; where that has none, when, how much and whose."""
    if not reference.startswith(MADE_UP):
        return reference.partition(AGAIN)[0]
    language = get_language() or "vi"
    amount = format_money(amount_minor, currency=currency, language=language)
    words = {"day": f"{on:%d/%m/%Y}", "amount": amount, "card": show_card_number(card or "")}
    return _("%(day)s, %(amount)s, card %(card)s") % words
