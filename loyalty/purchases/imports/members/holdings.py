"""What customers bring along: points as dated lots, a tier for some time, what they agreed to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from customers.models import Consent, Customer
from customers.services import record_consent
from loyalty.errors import DomainError
from loyalty.ledger import services as ledger
from loyalty.ledger.models import Entry
from loyalty.ledger.services import Credit
from loyalty.programme.earning import last_day
from loyalty.programme.versions import Rules
from loyalty.purchases.imports.layout import Field, Layout
from loyalty.purchases.imports.members.changes import Changes, What
from loyalty.purchases.imports.members.rows import MemberRow
from loyalty.purchases.imports.refusals import Refusals
from loyalty.shop.models import User
from loyalty.tiers.models import TierFloor
from loyalty.tiers.services import give_tier

Held = tuple[Customer, MemberRow]


class AuthorNeeded(DomainError):
    def __init__(self) -> None:
        super().__init__(_("A tier is given by a person: say whose decision it is (--by)."))


@dataclass(frozen=True)
class Holdings:
    """Writes what rows of one file say that their customers have; each thing once."""

    layout: Layout
    rules: Rules
    at: datetime
    today: date  # The day of `at` in the shop.
    by: User | None
    refusals: Refusals
    changes: Changes

    def keep(self, held: Sequence[Held]) -> None:
        """
        Safe to repeat: what was brought in before, or has changed since, is left alone. Raises
        AuthorNeeded.
        """
        self._credit([one for one in held if one[1].points])
        for customer, row in held:
            if row.tier_key:
                self._give_tier(customer, row)
            if row.consents:
                self._agree(customer, row)

    def _credit(self, held: Sequence[Held]) -> None:
        kept = ledger.lock_accounts([customer.pk for customer, _row in held])
        due = {
            self._reference(customer, row): (kept[customer.pk].customer_id, row)
            for customer, row in self._each_once(held)
        }
        known = dict(
            Entry.objects.filter(
                source=self.layout.source, kind=Entry.Kind.EARN, reference__in=list(due)
            ).values_list("reference", "points")
        )
        for reference, points in known.items():
            if points != due[reference][1].points:
                self._refuse(due[reference][1], _("other points were brought in before"))
        new = {reference: one for reference, one in due.items() if reference not in known}
        ledger.earn(
            credits_due=[self._lot(*one, reference) for reference, one in new.items()],
            source=self.layout.source,
            at=self.at,
            by_id=self.by.pk if self.by else None,
        )
        for _customer_id, row in new.values():
            self.changes.add(row.line, What.POINTS, str(row.points))
            self.changes.points += row.points

    def _each_once(self, held: Sequence[Held]) -> Iterator[Held]:
        met = set()
        for customer, row in held:
            if (customer.pk, row.expires_on) in met:
                self._refuse(row, _("this customer has points of this day in another row"))
                continue
            met.add((customer.pk, row.expires_on))
            yield customer, row

    def _refuse(self, row: MemberRow, why: str) -> None:
        self.refusals.add(row.line, Field.POINTS, why)

    def _reference(self, customer: Customer, row: MemberRow) -> str:
        """What the file says, not what the rules make of it: they may be others at a retry."""
        return f"opening:{customer.pk}:{row.expires_on or 'own'}"

    def _lot(self, customer_id: int, row: MemberRow, reference: str) -> Credit:
        return Credit(
            customer_id=customer_id,
            points=row.points,
            reference=reference,
            occurred_at=self.at,
            expires_on=row.expires_on or self._own_last_day(row),
            version_id=self.rules.version_id,
            explanation={"opening": self.layout.source},
        )

    def _own_last_day(self, row: MemberRow) -> date | None:
        """As if they were earned today, at the tier the row names."""
        programme = self.rules.programme
        tier = programme.tier(row.tier_key or programme.tiers[0].key)
        return last_day(programme, earned_on=self.today, tier=tier)

    def _give_tier(self, customer: Customer, row: MemberRow) -> None:
        if self.by is None:
            raise AuthorNeeded
        if row.tier_through is None or TierFloor.objects.filter(customer=customer).exists():
            return
        give_tier(
            customer=customer,
            tier_key=row.tier_key,
            through=row.tier_through,
            reason=_("Brought along from %(source)s") % {"source": self.layout.source},
            at=self.at,
            by=self.by,
        )
        self.changes.add(row.line, What.TIER, f"{row.tier_key} {row.tier_through}")

    def _agree(self, customer: Customer, row: MemberRow) -> None:
        """Only where they never said a word here: what they said themselves came later."""
        said = set(Consent.objects.filter(customer=customer).values_list("channel", flat=True))
        for channel, granted in row.consents.items():
            if channel in said:
                continue
            wording, evidence = self.layout.consents[channel]
            record_consent(
                customer=customer,
                channel=channel,
                granted=granted,
                wording=wording,
                means=Consent.Means.IMPORT,
                evidence=evidence,
                at=self.at,
                by=self.by,
            )
            self.changes.add(row.line, What.CONSENT, f"{channel} {'+' if granted else '-'}")
