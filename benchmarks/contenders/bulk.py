"""
How a careful Django developer brings a file of past sales in: all of it worked out in Python, and then
`bulk_create` and `bulk_update` of the very rows that the product writes, in the product's own tables,
as their owner. It knows one set of rules by heart; it checks nothing, and compares with nothing.
"""

import csv
import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from benchmarks import django_ready  # noqa: F401
from customers.models import Customer
from loyalty.dates import add_months, month_start
from loyalty.ledger.models import Account, Entry, Lot
from loyalty.programme.models import ProgrammeVersion
from loyalty.purchases.models import Activity, ImportBatch, Purchase
from loyalty.tiers.models import Qualification, Standing, TierChange

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
TIERS = ((15_000_000, "vvip", 150), (5_000_000, "vip", 125), (0, "moi", 100))  # Percent.
AT_ONCE = 5_000
STEP_MINOR = 10_000
PERCENT = {key: percent for _entry, key, percent in TIERS}
WEDNESDAY = 2
Row = tuple[str, date, int]


@dataclass
class Tally:
    """What one customer's sales came to so far."""

    account: Account
    balance: int = 0
    entries: int = 0
    spend_minor: int = 0
    tier_points: int = 0
    tier: str = ""
    since: datetime | str = ""
    days: list[date] = field(default_factory=list)
    newest: datetime | None = None


class Loader:
    """Brings one file in."""

    def __init__(self, at: datetime) -> None:
        self.at, self.version = at, ProgrammeVersion.objects.get()
        self.entries: list[Entry] = []
        self.lots: list[Lot] = []
        self.purchases: list[Purchase] = []
        self.events: list[Qualification] = []
        self.changes: list[TierChange] = []

    @transaction.atomic
    def load(self, path: Path) -> int:
        """Load all sales; return how many."""
        rows = sorted(_rows(path))
        batch = ImportBatch.objects.create(
            source="file", file_name=path.name, file_sha256="", finished_at=self.at
        )
        tallies = self._enrol(rows)
        for place, (customer, day, amount) in enumerate(rows):
            self._sell(tallies[customer], place, day, amount, batch)
        self._write(tallies)
        return len(rows)

    def _enrol(self, rows: list[Row]) -> dict[str, Tally]:
        names = dict.fromkeys(customer for customer, _day, _amount in rows)
        joined = {customer: _start(day) for customer, day, _amount in reversed(rows)}
        customers = Customer.objects.bulk_create(
            [
                Customer(
                    external_id=name,
                    name_sort="\uffff",
                    card_token=secrets.token_urlsafe(16),
                    joined_at=joined[name],
                )
                for name in names
            ],
            batch_size=AT_ONCE,
        )
        accounts = Account.objects.bulk_create(
            [Account(customer=customer) for customer in customers], batch_size=AT_ONCE
        )
        return {name: Tally(account) for name, account in zip(names, accounts, strict=True)}

    def _sell(self, tally: Tally, place: int, day: date, amount: int, batch: ImportBatch) -> None:
        at, reference = _start(day), f"row:{place}"
        before = _tier(tally.spend_minor)
        points = amount // STEP_MINOR * (2 if day.weekday() == WEDNESDAY else 1)
        percent = PERCENT[before]
        earned = points * percent // 100
        tally.spend_minor += amount
        tally.tier_points += earned
        tally.days.append(day)
        tally.newest = at
        after = _tier(tally.spend_minor)
        customer_id = tally.account.customer_id
        entry = self._earn(tally, reference, amount, points, earned, before, at) if earned else None
        self._move(tally, after, at)
        self.events.append(
            Qualification(
                customer_id=customer_id,
                source="file",
                reference=reference,
                spend_minor=amount,
                points=earned,
                occurred_at=at,
                recorded_at=self.at,
            )
        )
        self.purchases.append(
            Purchase(
                customer_id=customer_id,
                source="file",
                reference=reference,
                request_hash=hashlib.sha256(f"{customer_id}/None/{amount}".encode()).hexdigest(),
                amount_minor=amount,
                points=earned,
                entry=entry,
                balance_after=tally.balance,
                tier_before=before,
                tier_after=after,
                occurred_at=at,
                occurred_on=day,
                recorded_at=self.at,
                batch=batch,
            )
        )

    def _earn(
        self,
        tally: Tally,
        reference: str,
        amount: int,
        base: int,
        points: int,
        tier: str,
        at: datetime,
    ) -> Entry:
        tally.balance += points
        tally.entries += 1
        entry = Entry(
            account=tally.account,
            number=tally.entries,
            kind=Entry.Kind.EARN,
            points=points,
            balance_after=tally.balance,
            source="file",
            reference=reference,
            programme_version=self.version,
            explanation=_explanation(amount, base, points, tier),
            occurred_at=at,
            recorded_at=self.at,
        )
        self.entries.append(entry)
        day = at.astimezone(ZONE).date()
        ends = None if tier == "vvip" else add_months(month_start(day), 13) - timedelta(days=1)
        self.lots.append(
            Lot(
                entry=entry,
                account=tally.account,
                points=points,
                remaining=points,
                expires_on=ends,
            )
        )
        return entry

    def _move(self, tally: Tally, tier: str, at: datetime) -> None:
        if tier == tally.tier:
            return
        self.changes.append(
            TierChange(
                customer_id=tally.account.customer_id,
                from_key=tally.tier,
                to_key=tier,
                reason=TierChange.Reason.REACHED if tally.tier else TierChange.Reason.JOINED,
                spend_minor=tally.spend_minor,
                programme_version=self.version,
                occurred_at=at,
                recorded_at=self.at,
            )
        )
        tally.tier, tally.since = tier, at

    def _write(self, tallies: dict[str, Tally]) -> None:
        Entry.objects.bulk_create(self.entries, batch_size=AT_ONCE)
        Lot.objects.bulk_create(self.lots, batch_size=AT_ONCE)
        Qualification.objects.bulk_create(self.events, batch_size=AT_ONCE)
        TierChange.objects.bulk_create(self.changes, batch_size=AT_ONCE)
        Purchase.objects.bulk_create(self.purchases, batch_size=AT_ONCE)
        for tally in tallies.values():
            tally.account.balance = tally.balance
            tally.account.last_number = tally.entries or None
        Account.objects.bulk_update(
            [tally.account for tally in tallies.values()], ["balance", "last_number"], 1_000
        )
        Standing.objects.bulk_create(map(self._standing, tallies.values()), batch_size=AT_ONCE)
        Activity.objects.bulk_create(map(_activity, tallies.values()), batch_size=AT_ONCE)

    def _standing(self, tally: Tally) -> Standing:
        return Standing(
            customer_id=tally.account.customer_id,
            tier_key=tally.tier,
            earned_key=tally.tier,
            spend_minor=tally.spend_minor,
            points=tally.tier_points,
            visits=len(set(tally.days)),
            last_visit_on=tally.days[-1],
            since=tally.since,
            counted_at=tally.newest,
            settled_on=tally.days[-1],
            programme_version=self.version,
        )


def _activity(tally: Tally) -> Activity:
    return Activity(
        customer_id=tally.account.customer_id,
        first_on=tally.days[0],
        last_on=tally.days[-1],
        purchases=len(tally.days),
        spend_minor=tally.spend_minor,
    )


def _rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            yield row["customer"], date.fromisoformat(row["date"]), int(row["amount"])


def _start(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=ZONE).astimezone(UTC)


def _tier(spend_minor: int) -> str:
    return next(key for entry, key, _percent in TIERS if spend_minor >= entry)


def _explanation(amount: int, base: int, points: int, tier: str) -> dict[str, Any]:
    """As long as the product's."""
    names = {"name": "Mua hàng", "name_en": "Purchase"}
    rule = {"key": "mua-hang", **names, "points": 1, "per_minor": STEP_MINOR, "gives": str(base)}
    return {
        "amount_minor": amount,
        "rules": [rule],
        "multipliers": [],
        "base": base,
        "tier": tier,
        "tier_name": tier.upper(),
        "tier_name_en": tier.upper(),
        "multiplier": str(PERCENT[tier]),
        "rounding": "floor",
        "stage": "step",
        "points": points,
    }
