"""Making two rows of one person one: everything of the duplicate becomes the kept one's."""

from datetime import datetime

from django.db import connection
from django.utils.translation import gettext as _

from campaigns.merging import move_messages
from customers import merging as people
from customers.models import Customer
from loyalty.care.models import Merge, Moved
from loyalty.care.relations import MOVED
from loyalty.errors import DomainError, InvalidInput
from loyalty.ledger import merging as ledger
from loyalty.ledger.services import lock_accounts
from loyalty.purchases import activity
from loyalty.purchases.imports.turns import IMPORT_LOCK
from loyalty.purchases.models import Refund
from loyalty.shop.access import may
from loyalty.shop.models import User
from loyalty.tiers import merging as tiers
from loyalty.transactions import whole
from rewards import merging as stamps

MESSAGES = "campaigns.Message.customer"
CUSTOMERS = "customers.Customer.merged_into"


class CannotMerge(DomainError):
    """The two cannot be made one, or not now; the text says why."""


@whole
def merge_customers(
    *, kept: Customer, duplicate: Customer, reason: str, at: datetime, by: User
) -> Merge:
    """
    Make `duplicate` mean `kept`: points with their days, what is owed, purchases, vouchers, tier,
    refusals. Whoever asks for the duplicate from then on is answered with the kept one.

    Safe to retry: the same two again are the same merge. Raises CannotMerge when one of them is
    merged into somebody else (or the kept one into the duplicate), while the points of one are
    being checked, or during an import; then nothing is written.
    """
    check_may(by, reason)
    if kept.pk == duplicate.pk:
        raise CannotMerge(_("This is one and the same customer."))
    lock_accounts([kept.pk, duplicate.pk])
    rows = people.lock_rows([kept.pk, duplicate.pk])
    kept, duplicate = rows[kept.pk], rows[duplicate.pk]
    if duplicate.merged_into_id == kept.pk:
        return Merge.objects.get(duplicate=duplicate, undone_at=None)
    _check_free(kept, duplicate)
    check_calm([kept.pk, duplicate.pk])
    merge = Merge.objects.create(
        kept=kept, duplicate=duplicate, reason=reason.strip(), merged_at=at, merged_by=by
    )
    _join(merge, at=at, by=by)
    return merge


def check_may(by: User, reason: str) -> None:
    """Raise when this person may not merge or part customers, or does not say why."""
    if not may(by, "change", "customers.customer"):
        raise DomainError(_("Only a manager or the owner may merge customers."))
    if not reason.strip():
        raise InvalidInput("reason", _("Say why."))


def check_calm(customer_ids: list[int]) -> None:
    """Raise CannotMerge while something goes on that a merge must not come between."""
    if ledger.frozen(customer_ids):
        raise CannotMerge(_("The points of one of them are being checked. Try again after that."))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock_shared(%s)", [IMPORT_LOCK])
        if not cursor.fetchone()[0]:
            raise CannotMerge(_("An import is running. Try again after its end."))


def _check_free(kept: Customer, duplicate: Customer) -> None:
    if kept.merged_into_id == duplicate.pk:
        raise CannotMerge(_("These two are one already, the other way round."))
    if duplicate.merged_into_id is not None:
        raise CannotMerge(_("The duplicate is merged into somebody else."))
    if kept.merged_into_id is not None:
        raise CannotMerge(_("The customer to keep is merged into somebody else."))


def _join(merge: Merge, *, at: datetime, by: User) -> None:
    kept, duplicate = merge.kept, merge.duplicate
    ledger.carry_over(carriage_of(merge, merge.reason, at=at, by=by))
    merged = Customer.objects.filter(merged_into=duplicate)
    moved = {CUSTOMERS: list(merged.values_list("pk", flat=True))}
    # Waits for rows that are just being written for the duplicate; those after it see the kept one.
    people.turn_to(kept, duplicate)
    for relation in MOVED:
        moved[relation.label] = relation.move(giver=duplicate.pk, taker=kept.pk)
    stamps.carry_stamps(
        kept_id=kept.pk, duplicate_id=duplicate.pk, reference=merge.reference, at=at
    )
    moved[MESSAGES] = move_messages(kept_id=kept.pk, duplicate_id=duplicate.pk)
    Moved.objects.bulk_create(
        Moved(merge=merge, table=table, rows=rows) for table, rows in moved.items() if rows
    )
    people.carry_consents(kept, duplicate, reference=merge.reference)
    merge.gained = people.gain(kept, duplicate)
    merge.refunds = refunds_of(merge)
    merge.save(update_fields=["gained", "refunds"])
    tiers.merge(kept_id=kept.pk, duplicate_id=duplicate.pk, reference=merge.reference, at=at, by=by)
    activity.recount([kept.pk, duplicate.pk])


def carriage_of(merge: Merge, reason: str, *, at: datetime, by: User) -> ledger.Carriage:
    return ledger.Carriage(
        kept_id=merge.kept_id,
        duplicate_id=merge.duplicate_id,
        reference=merge.reference,
        reason=reason.strip(),
        at=at,
        by_id=by.pk,
    )


def refunds_of(merge: Merge) -> int:
    """How many refunds there are of the sales that moved."""
    sales = Moved.objects.filter(merge=merge, table=MOVED[0].label).first()
    return Refund.objects.filter(purchase__in=sales.rows).count() if sales else 0
