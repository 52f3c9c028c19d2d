"""What customers bring along: points as dated lots, a tier for some time, what they agreed to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from customers.models import Consent, Customer
from customers.services import record_consent
from loyalty.errors import DomainError
from loyalty.ledger import services as ledger
from loyalty.ledger.services import Credit
from loyalty.programme.earning import last_day
from loyalty.programme.versions import Rules
from loyalty.purchases.imports.layout import Field, Layout
from loyalty.purchases.imports.members.changes import Changes, What
from loyalty.purchases.imports.members.openings import Openings
from loyalty.purchases.imports.members.rows import NEVER, MemberRow
from loyalty.purchases.imports.refusals import Refusals
from loyalty.sayings import said as _
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
    openings: Openings
    met: set[tuple[int, date | None]] = field(default_factory=set)  # In this file.

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
        self.openings.meet([account.customer_id for account in kept.values()])
        due = [
            (kept[customer.pk].customer_id, row)
            for customer, row in self._each_once(held)
            if self._is_new(kept[customer.pk].customer_id, row)
        ]
        ledger.earn(
            credits_due=[self._lot(*one) for one in due],
            source=self.layout.source,
            at=self.at,
            by_id=self.by.pk if self.by else None,
        )
        for _customer_id, row in due:
            self.changes.add(row.line, What.POINTS, str(row.points))
            self.changes.points += row.points

    def _each_once(self, held: Sequence[Held]) -> Iterator[Held]:
        for customer, row in held:
            if (customer.pk, row.expires_on) in self.met:
                self._refuse(row, _("this customer has points of this day in another row"))
                continue
            self.met.add((customer.pk, row.expires_on))
            yield customer, row

    def _is_new(self, customer_id: int, row: MemberRow) -> bool:
        known = self.openings.points(customer_id, row.expires_on)
        if known not in (None, row.points):
            self._refuse(row, _("other points were brought in before"))
        return known is None

    def _refuse(self, row: MemberRow, why: str) -> None:
        self.refusals.add(row.line, Field.POINTS, why)

    def _lot(self, customer_id: int, row: MemberRow) -> Credit:
        return Credit(
            customer_id=customer_id,
            points=row.points,
            reference=self.openings.add(customer_id, row.expires_on, row.points),
            occurred_at=self.at,
            expires_on=None
            if row.expires_on == NEVER
            else row.expires_on or self._own_last_day(row),
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
