"""Undoing a merge: two people had been taken for one."""

from datetime import datetime

from django.utils.translation import gettext as _

from campaigns.merging import move_back
from customers import merging as people
from loyalty.care.merging import (
    CUSTOMERS,
    MESSAGES,
    CannotMerge,
    carriage_of,
    check_calm,
    check_may,
    refunds_of,
)
from loyalty.care.models import Merge
from loyalty.care.relations import MOVED
from loyalty.ledger import merging as ledger
from loyalty.ledger.services import lock_accounts
from loyalty.purchases import activity
from loyalty.shop.models import User
from loyalty.tiers import merging as tiers
from loyalty.transactions import whole
from rewards import merging as stamps


class CannotPart(CannotMerge):
    """
    Something that came after the merge cannot be told apart. `entries` are the numbers of the
    kept account's entries that stand in the way, if such do.
    """

    def __init__(self, message: str, entries: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.entries = entries


@whole
def undo_merge(*, merge: Merge, reason: str, at: datetime, by: User) -> Merge:
    """
    Make the duplicate somebody of their own again, with all that was theirs: points (less what
    expired meanwhile), what they owed, purchases, vouchers, messages, tier. What happened since
    stays with the kept one.

    Safe to retry. Raises CannotPart when the carried points were used since, a sale or redemption
    of the duplicate was given back since, what they owed was repaid, or the kept one was merged
    further; CannotMerge as `merge_customers`. Then nothing is written.
    """
    check_may(by, reason)
    lock_accounts([merge.kept_id, merge.duplicate_id])
    people.lock_rows([merge.kept_id, merge.duplicate_id])
    current = Merge.objects.select_related("kept", "duplicate").get(pk=merge.pk)
    if current.undone_at is not None:
        return current
    _check_separable(current)
    check_calm([current.kept_id, current.duplicate_id])
    _part(current, reason, at=at, by=by)
    current.undone_at, current.undone_by, current.undone_reason = at, by, reason.strip()
    current.save(update_fields=["undone_at", "undone_by", "undone_reason"])
    return current


def _check_separable(merge: Merge) -> None:
    if merge.kept.merged_into_id is not None:
        raise CannotPart(_("The kept customer was merged further. Undo that merge first."))
    entries = ledger.spent_since(
        kept_id=merge.kept_id, duplicate_id=merge.duplicate_id, reference=merge.reference
    )
    if entries:
        raise CannotPart(
            _("Points of the duplicate were used or given back since, in the entries %(numbers)s.")
            % {"numbers": ", ".join(map(str, entries))},
            tuple(entries),
        )
    if stamps.used_since(kept_id=merge.kept_id, reference=merge.reference):
        raise CannotPart(_("Stamps of the duplicate were used or given back since."))
    if refunds_of(merge) != merge.refunds:
        raise CannotPart(_("Goods of the duplicate's purchases were given back since."))


def _part(merge: Merge, reason: str, *, at: datetime, by: User) -> None:
    kept, duplicate = merge.kept, merge.duplicate
    moved = dict(merge.moved.values_list("table", "rows"))
    people.turn_back(duplicate, with_ids=moved.get(CUSTOMERS, []))
    ledger.carry_back(carriage_of(merge, reason, at=at, by=by))
    for relation in MOVED:
        rows = moved.get(relation.label, [])
        relation.move(giver=kept.pk, taker=duplicate.pk, rows=rows)
    stamps.carry_stamps_back(
        kept_id=kept.pk, duplicate_id=duplicate.pk, reference=merge.reference, at=at
    )
    rows = moved.get(MESSAGES, [])
    move_back(kept_id=kept.pk, duplicate_id=duplicate.pk, rows=rows)
    people.part_consents(kept, reference=merge.reference)
    people.give_up(kept, duplicate, merge.gained)
    tiers.part(
        kept_id=kept.pk,
        duplicate_id=duplicate.pk,
        reference=merge.reference,
        merged_at=merge.merged_at,
        at=at,
        by=by,
    )
    activity.recount([kept.pk, duplicate.pk])
