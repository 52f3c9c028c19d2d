"""What the model and the product say about customers, in the same words."""

from collections import Counter
from collections.abc import Iterable
from datetime import date

from django.db.models import QuerySet

from loyalty.ledger.models import Account, Allocation, Debt, Entry, Lot
from loyalty.purchases.models import Activity
from loyalty.tiers.models import Standing
from rewards.models import Redemption
from tests.properties.model import FOR_EVER, Book

TIERS = ("moi", "bac", "vang", "kim-cuong")


def said_by_model(book: Book, today: date = date.max) -> dict[str, object]:
    """`today` is the day that all tiers were settled until."""
    return {
        "lines": book.lines,
        "lots": {
            lot.name: (lot.points, lot.left, lot.last_day, lot.first_day) for lot in book.lots
        },
        "takings": book.takings,
        "balance": book.balance,
        "spend": book.standing.spend,
        "tier": TIERS[book.standing.tier(today)] if book.sales else "",
        "owed": sorted(book.owed),
        "activity": activity_of(book),
    }


def activity_of(book: Book) -> tuple[int, int]:
    """Sales that were not wholly given back, and the money kept."""
    kept = [sale.left for sale in book.sales.values()]
    return sum(amount > 0 for amount in kept), sum(kept)


def said_by_product(customer_id: int) -> dict[str, object]:
    return said_of([customer_id])[customer_id]


def said_of(customer_ids: Iterable[int]) -> dict[int, dict[str, object]]:
    """The same of many customers, in as many queries as of one."""
    pages = {pk: Page() for pk in customer_ids}
    names = Names(pages)
    entries = Entry.objects.filter(account__in=pages)
    for row in entries:
        what = (row.kind, names.of_entry(row), row.points, row.occurred_at)
        pages[row.account_id].lines[what] += 1
    for lot in Lot.objects.filter(account__in=pages):
        pages[lot.account_id].lots[names.of_lot[lot.pk]] = (
            *(lot.points, lot.remaining),
            *(lot.expires_on or FOR_EVER, lot.usable_from or date.min),
        )
    for row in Allocation.objects.filter(lot__account__in=pages).select_related(
        "entry", "lot", "debt__entry"
    ):
        debt = row.debt.entry.reference if row.debt else ""
        what = (names.of_entry(row.entry), names.of_lot[row.lot_id], row.points, debt)
        pages[row.lot.account_id].takings[what] += 1
    for debt in Debt.objects.filter(account__in=pages, remaining__gt=0).select_related("entry"):
        pages[debt.account_id].owed.append((debt.entry.reference, debt.remaining))
    for account in Account.objects.filter(pk__in=pages):
        pages[account.pk].balance = account.balance
    for standing in Standing.objects.filter(pk__in=pages):
        pages[standing.pk].standing = (standing.spend_minor, standing.tier_key)
    for activity in Activity.objects.filter(pk__in=pages):
        pages[activity.pk].activity = (activity.purchases, activity.spend_minor)
    return {pk: page.said() for pk, page in pages.items()}


class Page:
    def __init__(self) -> None:
        self.lines: Counter[object] = Counter()
        self.lots: dict[str, object] = {}
        self.takings: Counter[object] = Counter()
        self.owed: list[tuple[str, int]] = []
        self.balance = 0
        self.standing = (0, "")
        self.activity = (0, 0)

    def said(self) -> dict[str, object]:
        return {
            "lines": self.lines,
            "lots": self.lots,
            "takings": self.takings,
            "balance": self.balance,
            "spend": self.standing[0],
            "tier": self.standing[1],
            "owed": sorted(self.owed),
            "activity": self.activity,
        }


class Names:
    """What the model calls the product's rows."""

    def __init__(self, customer_ids: Iterable[int]) -> None:
        ids = [*customer_ids]
        lots: QuerySet[Lot] = Lot.objects.filter(account__in=ids)
        self.of_lot: dict[int, str] = dict(lots.values_list("pk", "entry__reference"))
        redemptions = Redemption.objects.filter(customer__in=ids)
        self.of_redemption = dict(redemptions.values_list("pk", "reference"))

    def of_entry(self, entry: Entry) -> str:
        what, _colon, rest = entry.reference.partition(":")
        if what == "cancel":
            return f"cancel:{self.of_redemption[int(rest)]}"
        if entry.kind != Entry.Kind.EXPIRE:
            return entry.reference
        lot, slash, time = rest.partition("/")
        return f"lot:{self.of_lot[int(lot)]}{slash}{time}"
