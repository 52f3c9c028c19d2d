"""
Points for something other than a purchase, each once. The ledger's own key keeps it so: an entry
of source "bonus" is named "event:which:customer", and whoever was merged into a customer had
theirs for them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from customers import services as customers
from customers.identity import Birthday
from customers.models import Customer
from customers.signin import keyed_digest
from loyalty.dates import local_date
from loyalty.ledger import services as ledger
from loyalty.ledger.models import Entry
from loyalty.ledger.services import Credit
from loyalty.programme.bonuses import Bonus, Event
from loyalty.programme.earning import last_day
from loyalty.programme.ladder import Tier
from loyalty.programme.versions import Rules, in_force
from loyalty.shop.models import User
from loyalty.shop.queries import get_shop
from loyalty.tiers.services import climbs_of, course_of
from loyalty.transactions import whole
from rewards.models import Welcomed

SOURCE = "bonus"


@dataclass(frozen=True)
class Gift:
    """One bonus for one occasion, by the rules of its day."""

    bonus: Bonus
    which: str  # Which birthday, which survey; empty for what comes once in a lifetime.
    rules: Rules
    day: date  # That it is for.
    moment: datetime  # That it is given at.
    zone: ZoneInfo  # The shop's.

    def reference(self, customer_id: int) -> str:
        """The ledger's name for it: "birthday:2026:17", "welcome:17"."""
        parts = (self.bonus.event.value, self.which, str(customer_id))
        return ":".join(part for part in parts if part)

    def credit(self, customer_id: int, *, tier_key: str, today: date) -> Credit:
        """What the ledger is to add to a customer of that tier, never over before `today`."""
        tier = self.rules.programme.tier(tier_key)
        expires_on = self._last_day(local_date(self.moment, self.zone), tier)
        if expires_on is not None and expires_on < today:
            expires_on = self._last_day(today, tier)
        return Credit(
            customer_id=customer_id,
            points=self.bonus.points_for(tier.key),
            reference=self.reference(customer_id),
            occurred_at=self.moment,
            expires_on=expires_on,
            version_id=self.rules.version_id,
            explanation={
                "bonus": self.bonus.event.value,
                "day": self.day.isoformat(),
                "tier": tier.key,
                "tier_name": tier.name,
                "tier_name_en": tier.name_en,
            },
        )

    def _last_day(self, given_on: date, tier: Tier) -> date | None:
        usual = last_day(self.rules.programme, earned_on=given_on, tier=tier)
        return self.bonus.last_day(given_on, otherwise=usual)


def greet(*, customer: Customer, at: datetime, by: User | None) -> int:
    """
    Give a customer who was just enrolled at a door what new members get, for a complete profile
    too; return the points. An import does not call this. Safe to retry.
    """
    return welcome(customer=customer, at=at, by=by) + profile(customer=customer, at=at, by=by)


@whole
def welcome(*, customer: Customer, at: datetime, by: User | None) -> int:
    """
    The welcome bonus; returns its points, 0 when there is none or the customer's phone number
    (e-mail, where there is none) was welcomed before, whoever had it then. Safe to retry.
    """
    if in_force(at).programme.bonuses.of(Event.WELCOME) is None:
        return 0
    digest = keyed_digest(customer.phone or customer.email.lower() or customer.external_id)
    _row, is_new = Welcomed.objects.get_or_create(contact_digest=digest, defaults={"at": at})
    return _once(Event.WELCOME, "", customer.pk, at=at, by=by) if is_new else 0


def profile(*, customer: Customer, at: datetime, by: User | None) -> int:
    """
    The bonus for a profile that says name, birthday, and a phone number or e-mail; returns its
    points, 0 while something is missing. Call it whenever the profile may have become complete.
    Safe to retry.
    """
    complete = customer.name and customer.birthday and (customer.phone or customer.email)
    return _once(Event.PROFILE, "", customer.pk, at=at, by=by) if complete else 0


@whole
def complete_profile(
    *, customer: Customer, name: str, birthday: Birthday | None, at: datetime
) -> int:
    """
    Keep what a member adds to their own profile, and return the points that brings. Safe to
    retry. Raises InvalidInput for an impossible name; then nothing is written.
    """
    completed = customers.complete_profile(customer=customer, name=name, birthday=birthday)
    return profile(customer=completed, at=at, by=None)


def survey(*, customer_id: int, key: str, at: datetime) -> int:
    """The bonus for answering the survey of that key, once; returns its points. Safe to retry."""
    return _once(Event.SURVEY, key, customer_id, at=at, by=None)


@whole
def _once(event: Event, which: str, customer_id: int, *, at: datetime, by: User | None) -> int:
    rules, zone = in_force(at), get_shop().zone
    bonus = rules.programme.bonuses.of(event)
    if bonus is None:
        return 0
    today = local_date(at, zone)
    gift = Gift(bonus, which, rules, today, moment=at, zone=zone)
    kept_id = ledger.lock_accounts([customer_id])[customer_id].customer_id
    if _was_given(gift, kept_id):
        return 0
    tier_key = tier_keys_of([kept_id], today=today, zone=zone)[kept_id]
    if not bonus.points_for(tier_key):
        return 0
    due = gift.credit(kept_id, tier_key=tier_key, today=today)
    ledger.earn(credits_due=[due], source=SOURCE, at=at, by_id=by.pk if by else None)
    return due.points


def _was_given(gift: Gift, customer_id: int) -> bool:
    merged = Customer.objects.filter(merged_into=customer_id).values_list("pk", flat=True)
    references = [gift.reference(one) for one in (customer_id, *merged)]
    return Entry.objects.filter(source=SOURCE, reference__in=references).exists()


def tier_keys_of(customer_ids: Sequence[int], *, today: date, zone: ZoneInfo) -> Mapping[int, str]:
    """The tier of each on that day, as far as it is known. Two queries, three with a window."""
    course = course_of(zone)
    climbs = climbs_of(customer_ids, course=course)
    return {pk: climb.advance(today, course).tier_key for pk, climb in climbs.items()}
