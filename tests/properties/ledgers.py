"""What the model and the product say about one customer, in the same words."""

from collections import Counter
from datetime import date

from loyalty.ledger.models import Account, Allocation, Debt, Entry, Lot
from loyalty.purchases.models import Activity
from loyalty.tiers.models import Standing
from rewards.models import Redemption
from tests.properties.model import FOR_EVER, Book

TIERS = ("moi", "bac", "vang", "kim-cuong")


def said_by_model(book: Book) -> dict[str, object]:
    return {
        "lines": book.lines,
        "lots": {
            lot.name: (lot.points, lot.left, lot.last_day, lot.first_day) for lot in book.lots
        },
        "takings": book.takings,
        "balance": book.balance,
        "spend": book.spend,
        "tier": TIERS[book.tier] if book.sales else "",
        "owed": sorted(book.owed),
        "activity": activity_of(book),
    }


def activity_of(book: Book) -> tuple[int, int]:
    """Sales that were not wholly given back, and the money kept."""
    kept = [sale.amount - sale.refunded for sale in book.sales.values()]
    return sum(amount > 0 for amount in kept), sum(kept)


def said_by_product(customer_id: int) -> dict[str, object]:
    account = Account.objects.filter(pk=customer_id).first()
    standing = Standing.objects.filter(pk=customer_id).first()
    names = {
        lot.pk: lot.entry.reference
        for lot in Lot.objects.filter(account_id=customer_id).select_related("entry")
    }

    def name_of(entry: Entry) -> str:
        what, _colon, rest = entry.reference.partition(":")
        if what == "cancel":
            return f"cancel:{redemptions[int(rest)]}"
        if entry.kind != Entry.Kind.EXPIRE:
            return entry.reference
        lot, slash, time = rest.partition("/")
        return f"lot:{names[int(lot)]}{slash}{time}"

    redemptions = dict(
        Redemption.objects.filter(customer_id=customer_id).values_list("pk", "reference")
    )
    entries = Entry.objects.filter(account_id=customer_id)
    debts = Debt.objects.filter(account_id=customer_id, remaining__gt=0).select_related("entry")
    activity = Activity.objects.filter(pk=customer_id).first()
    allocations = Allocation.objects.filter(lot__account_id=customer_id).select_related(
        "entry", "debt__entry"
    )
    return {
        "lines": Counter((row.kind, name_of(row), row.points, row.occurred_at) for row in entries),
        "lots": {
            names[lot.pk]: (
                lot.points,
                lot.remaining,
                lot.expires_on or FOR_EVER,
                lot.usable_from or date.min,
            )
            for lot in Lot.objects.filter(account_id=customer_id)
        },
        "takings": Counter(
            (
                name_of(row.entry),
                names[row.lot_id],
                row.points,
                row.debt.entry.reference if row.debt else "",
            )
            for row in allocations
        ),
        "balance": account.balance if account else 0,
        "spend": standing.spend_minor if standing else 0,
        "tier": standing.tier_key if standing else "",
        "owed": sorted((debt.entry.reference, debt.remaining) for debt in debts),
        "activity": (activity.purchases, activity.spend_minor) if activity else (0, 0),
    }
