"""
What a good Django developer writes for the product's own job: the same rows in the same tables,
under the same guards, by the same rules, with `atomic`, `select_for_update`, `create` and `save`.

Runs as the owner of the tables, for the product's role may write the ledger by its functions only.
"""

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from benchmarks import django_ready  # noqa: F401
from benchmarks.contenders.product import MINOR_PER_POINT
from customers.services import new_token
from loyalty.dates import local_date
from loyalty.ledger.models import Account, Allocation, Entry, Lot
from loyalty.purchases.bill import Bill, request_hash
from loyalty.purchases.models import Activity, Purchase
from loyalty.purchases.sale import Effect, Sale, Situation, effect_of
from loyalty.shop.models import Branch
from loyalty.shop.queries import get_shop
from loyalty.tiers.models import Qualification, Standing, TierChange
from loyalty.tiers.rules import Climb
from loyalty.tiers.services import climb_from, course_of
from rewards.models import Redemption, Reward, Voucher
from rewards.redemption import new_code

_CLIMB = {"version_id": "programme_version_id"}  # Of a standing, where the names differ.
_KEPT = [
    *("tier_key", "earned_key", "spend_minor", "points", "visits", "last_visit_on", "since"),
    *("held_through", "floor_key", "floor_through", "version_id", "counted_at", "settled_on"),
]


class Contender:
    def __init__(self) -> None:
        self.branch = Branch.objects.get()
        self.course = course_of(get_shop().zone)
        self.run = secrets.token_hex(6)
        self.count = 0

    @transaction.atomic
    def purchase(self, member: int, amount: int) -> None:
        sale = self._sale(member, Bill.of_total(amount * MINOR_PER_POINT), timezone.now())
        account = Account.objects.select_for_update().get(customer=member)
        if Purchase.objects.filter(source=sale.source, reference=sale.reference).exists():
            return
        standing = Standing.objects.get(customer=member)
        seen = [getattr(standing, _CLIMB.get(name, name)) for name in _KEPT]
        effect = effect_of(sale, Situation(self.course, climb_from(member, seen)))
        entry = self._earn(account, sale, effect)
        self._qualify(standing, effect)
        activity = Activity.objects.get(customer=member)
        activity.last_on = max(activity.last_on, sale.on)
        activity.purchases += 1
        activity.spend_minor += effect.amount_minor
        activity.save(update_fields=["last_on", "purchases", "spend_minor"])
        Purchase.objects.create(
            customer_id=member,
            branch=self.branch,
            source=sale.source,
            reference=sale.reference,
            request_hash=request_hash(customer_id=member, branch_id=sale.branch_id, bill=sale.bill),
            amount_minor=effect.amount_minor,
            points=effect.points,
            entry=entry,
            balance_after=account.balance,
            tier_before=effect.tier_before,
            tier_after=effect.tier_after,
            occurred_at=sale.at,
            occurred_on=sale.on,
            recorded_at=sale.recorded_at,
        )

    @transaction.atomic
    def redeem(self, member: int, reward: int) -> bool:
        now = timezone.now()
        today = local_date(now, self.course.zone)
        reference = self._reference()
        account = Account.objects.select_for_update().get(customer=member)
        if Redemption.objects.filter(source="orm", reference=reference).exists():
            return True
        wanted = Reward.objects.get(key=f"r{reward}")
        if account.balance < wanted.cost_points or account.freezes.filter(lifted_at=None).exists():
            return False
        entry = self._post(account, Entry.Kind.REDEEM, -wanted.cost_points, reference, now)
        self._take(account, entry, wanted.cost_points)
        redemption = Redemption.objects.create(
            customer_id=member,
            reward=wanted,
            entry=entry,
            source="orm",
            reference=reference,
            cost_points=wanted.cost_points,
            redeemed_at=now,
        )
        Voucher.objects.create(
            redemption=redemption,
            customer_id=member,
            reward=wanted,
            terms_id=wanted.terms_id,
            code=new_code(),
            token=new_token(),
            state=Voucher.State.ISSUED,
            issued_at=now,
            expires_on=today + timedelta(days=wanted.validity_days or 0),
        )
        return True

    def _sale(self, member: int, bill: Bill, now: datetime) -> Sale:
        return Sale(
            source="orm",
            reference=self._reference(),
            customer_id=member,
            branch_id=self.branch.pk,
            branch_key=self.branch.key,
            bill=bill,
            at=now,
            on=local_date(now, self.course.zone),
            recorded_at=now,
            by_id=None,
        )

    def _earn(self, account: Account, sale: Sale, effect: Effect) -> Entry | None:
        due = effect.credit
        if due is None:
            return None
        entry = self._post(account, Entry.Kind.EARN, due.points, sale.reference, sale.at, effect)
        Lot.objects.create(
            entry=entry,
            account=account,
            points=due.points,
            remaining=due.points,
            usable_from=due.usable_from,
            expires_on=due.expires_on,
        )
        return entry

    def _post(
        self,
        account: Account,
        kind: Entry.Kind,
        points: int,
        reference: str,
        at: datetime,
        effect: Effect | None = None,
    ) -> Entry:
        account.balance += points
        account.last_number = (account.last_number or 0) + 1
        account.save(update_fields=["balance", "last_number"])
        return Entry.objects.create(
            account=account,
            number=account.last_number,
            kind=kind,
            points=points,
            balance_after=account.balance,
            source="orm",
            reference=reference,
            programme_version_id=effect.rules.version_id if effect else None,
            explanation=effect.earning.explanation if effect else {},
            occurred_at=at,
            recorded_at=at,
        )

    def _qualify(self, standing: Standing, effect: Effect) -> None:
        counted, after = effect.qualification, effect.after
        if counted is None or after is None:
            raise ValueError("a sale without a customer")
        Qualification.objects.create(**counted._asdict())
        self._climb(after)
        for name in _KEPT:
            setattr(standing, _CLIMB.get(name, name), getattr(after, name))
        standing.save()

    def _climb(self, after: Climb) -> None:
        for move in after.moves:
            TierChange.objects.create(
                customer_id=after.customer_id,
                from_key=move.from_key,
                to_key=move.to_key,
                reason=move.why,
                spend_minor=move.spend_minor,
                programme_version_id=move.version_id,
                occurred_at=move.at,
                recorded_at=move.at,
            )

    def _take(self, account: Account, entry: Entry, missing: int) -> None:
        """Points out of the lots that end first; the database moves a lot by its allocations."""
        lots = Lot.objects.filter(account=account, remaining__gt=0).order_by("expires_on", "id")
        for lot in lots.iterator(chunk_size=10):
            take = min(lot.remaining, missing)
            Allocation.objects.create(lot=lot, entry=entry, points=take)
            missing -= take
            if missing == 0:
                break

    def _reference(self) -> str:
        self.count += 1
        return f"{self.run}-{self.count}"
