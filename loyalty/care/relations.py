"""
What a merge does about every foreign key to a customer or an account. A test walks the models:
one that is named nowhere here fails it, so that nobody forgets the merge.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.apps import apps
from django.db.models import Exists, Model, OuterRef, Q, QuerySet


@dataclass(frozen=True)
class Moving:
    """Rows that become the kept customer's, and the duplicate's again when the merge is undone."""

    label: str  # "app.Model.field"
    only: Q = field(default_factory=Q)
    # Of rows that are alike in these, a customer has one: then the duplicate's stays.
    alike: tuple[str, ...] = ()

    def move(self, *, giver: int, taker: int, rows: Sequence[int] | None = None) -> list[int]:
        """Move the rows, of those in `rows` when they are named; return which were moved."""
        name = self.label.rpartition(".")[2]
        found = self._rows.filter(self.only, **{f"{name}_id": giver})
        if rows is not None:
            found = found.filter(pk__in=rows)
        if self.alike:
            same = {one: OuterRef(one) for one in self.alike}
            taken = self._rows.filter(self.only, **{f"{name}_id": taker}, **same)
            found = found.exclude(Exists(taken))
        moved = list(found.order_by("pk").values_list("pk", flat=True))
        self._rows.filter(pk__in=moved).update(**{f"{name}_id": taker})
        return moved

    @property
    def _rows(self) -> QuerySet[Model]:
        model: type[Model] = apps.get_model(self.label.rpartition(".")[0])
        return model._base_manager.all()


# In this order: what hangs on a sale goes after it.
MOVED = (
    Moving("purchases.Purchase.customer"),
    Moving("purchases.DiscountUse.customer", only=Q(freed=False), alike=("used",)),
    Moving("purchases.CapUse.customer"),
    Moving("rewards.Redemption.customer"),
    Moving("rewards.Voucher.customer"),
    Moving("ledger.Adjustment.account", only=Q(state="waiting")),
)
# Carried over by a floor of its own rules.
CARRIED = {
    "customers.Customer.merged_into": "customers.merging: turned to the kept one",
    "customers.Consent.customer": "customers.merging: the stricter word, as a row of its own",
    "campaigns.Message.customer": "campaigns.merging: one message an occasion",
    "ledger.Account.customer": "ledger.merging: emptied and closed",
    "ledger.Lot.account": "ledger.merging: continued by lots of the kept account",
    "ledger.Debt.account": "ledger.merging: owed by the kept account",
    "tiers.Qualification.customer": "tiers.merging: copied, and taken back from the duplicate",
    "tiers.Standing.customer": "tiers.merging: counted again",
    "tiers.TierFloor.customer": "tiers.merging: the higher one is given to the kept one",
    "rewards.StampEntry.customer": "rewards.merging: what is on the cards goes over",
    "purchases.Activity.customer": "purchases.activity: counted again",
}
# Stay where they are; who asks for the duplicate is answered with the kept one.
STAYS = {
    "ledger.Entry.account": "history, append-only",
    "ledger.Freeze.account": "history; no account that is frozen is merged",
    "tiers.TierChange.customer": "history, append-only",
    "customers.SignInChallenge.customer": "goes to the phone it was asked for by",
    "customers.MemberSession.customer": "member_of_session answers with the kept one",
    "care.Merge.kept": "what was asked for",
    "care.Merge.duplicate": "what was asked for",
    "rewards.ReferralCode.customer": "a printed code goes on bringing friends to the kept one",
    "rewards.Referral.friend": "who brought whom never changes; read through merged_into",
    "rewards.Referral.referrer": "who brought whom never changes; read through merged_into",
    "rewards.VoucherUse.customer": "history, append-only; read through merged_into",
    "integrations.Answer.customer": "an answer is repeated as it was given",
    "integrations.Event.customer": "history of what other programs were told",
    "integrations.Chain.customer": "other programs count the events of either",
}
