"""
A shop's own sheets, taken out as CSV or Excel and brought into an empty installation with our ready
maps: everybody has what they had, and every proof is green.
"""

from datetime import date, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command

from customers.identity import Birthday
from customers.models import Customer
from loyalty.care.merging import merge_customers
from loyalty.ledger.models import Account, Lot
from loyalty.ledger.proof import verify
from loyalty.programme.basket import Line
from loyalty.purchases.imports.job import Job
from loyalty.purchases.imports.layout import About
from loyalty.purchases.imports.maps import layout_of
from loyalty.purchases.imports.members.running import import_members
from loyalty.purchases.imports.running import import_file
from loyalty.purchases.models import Activity, Purchase, PurchaseLine
from loyalty.purchases.proof import verify as verify_sales
from loyalty.purchases.refunds import void_purchase
from loyalty.reports.exports.exporting import as_csv, write_xlsx
from loyalty.reports.exports.reading import Span
from loyalty.tiers.models import Standing, TierFloor
from loyalty.tiers.proof import verify as verify_tiers
from loyalty.tiers.services import give_tier
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, give_points
from tests.factories.sales import give_back, sell
from tests.factories.shop import BranchFactory, StaffFactory, shop_with_programme
from tests.reports.rehearsal.lives import TODAY, Copy, plan
from tests.support import database
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db(transaction=True)
# In this order; the sheet, and the map for it.
SHEETS = (
    ("customers", "loyalty", About.CUSTOMERS),
    ("balances", "loyalty-balances", About.CUSTOMERS),
    ("lines", "loyalty-lines", About.SALES),
    ("purchases", "loyalty", About.SALES),
    ("returns", "loyalty-returns", About.SALES),
)
BOUGHT = ("purchases", "spend_minor", "first_on", "last_on")
TIER = ("tier_key", "earned_key", "spend_minor", "visits")
SOLD = ("occurred_on", "amount_minor", "refunded_minor", "stands")
LINE = ("number", "sku", "name", "category", "quantity", "unit_price_minor", "net_minor")


def take_out(folder, form):
    for name, _map, _about in SHEETS:
        path = folder / f"{name}.{form}"
        told = {"name": name, "span": Span(), "at": NOON, "by": None, "keys": True}
        if form == "csv":
            path.write_text("".join(as_csv(**told)), encoding="utf-8", newline="")
        else:
            with path.open("wb") as book:
                write_xlsx(book, **told)


def bring_in(folder, form):
    owner = StaffFactory(role="owner")
    for name, ready, about in SHEETS:
        told = {"path": folder / f"{name}.{form}", "layout": layout_of(ready, about), "by": owner}
        if about is About.CUSTOMERS:
            import_members(Job(at=NOON, **told))
        else:
            import_file(Job(at=NOON, **told))


def proven():
    assert verify().problems == ()
    assert verify_sales().problems == ()
    assert verify_tiers(at=NOON).differences == ()


def shop(whose="customer"):
    """What must be the same in both, by the number that the customer had in the first."""
    lots = Lot.objects.filter(remaining__gt=0)
    left = {}
    for who, day, points in lots.values_list(f"account__{whose}", "expires_on", "remaining"):
        left[str(who), day] = left.get((str(who), day), 0) + points
    customers = Customer.objects.filter(merged_into=None)
    return {
        "people": sorted(
            map(str, customers.values_list("name", "phone", "email", "birth_day", "birth_year"))
        ),
        "balances": {
            str(who): balance
            for who, balance in Account.objects.values_list(whose, "balance")
            if balance > 0  # What is owed stays behind.
        },
        "left": left,
        "bought": {str(who): rest for who, *rest in Activity.objects.values_list(whose, *BOUGHT)},
        "tiers": {
            str(who): rest
            for who, *rest in Standing.objects.exclude(earned_key="").values_list(whose, *TIER)
        },
        "sold": sorted(Purchase.objects.values_list(*SOLD)),
        "lines": sorted(PurchaseLine.objects.values_list(*LINE)),
    }


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_shops_come_back_as_they_left(tmp_path, form):
    for seed in range(rounds(usual=1, soak=25)):
        copy = Copy()
        copy.open(6)
        copy.play(plan(seed + (100 if form == "csv" else 200), 6))
        copy.settle(NOON)
        take_out(tmp_path, form)
        before = shop()
        database.empty()
        shop_with_programme(TODAY)

        bring_in(tmp_path, form)

        assert shop(whose="customer__external_id") == before
        proven()
        database.empty()


def awkward():
    """Everything that could be lost on the way, once."""
    shop_with_programme(TODAY)
    branch, owner = BranchFactory(key="q1", name="Quận 1"), StaffFactory(role="owner")
    odd = CustomerFactory(
        name="=1+1", phone="", email="Ha@example.com", birth_day=15, birth_month=8
    )
    Customer.objects.filter(pk=odd.pk).update(birth_lunar=True, joined_branch=branch)
    who = CustomerFactory(name="An; @Bình", birth_day=5, birth_month=9, birth_year=1990)
    twin = CustomerFactory(name="Bình")
    give_points(who, 30)
    give_points(who, 12, expires_on=date(2027, 3, 31), reference="a")
    give_points(who, 8, expires_on=date(2027, 3, 31), reference="b")
    give = {"tier_key": "vang", "reason": "Quà", "by": owner, "at": NOON}
    give_tier(customer=odd, through=date(2027, 12, 31), **give)
    before = NOON - timedelta(days=2)
    kept = sell(
        odd, Line(90_000, sku="T1", name="-Trà", category="drink"), branch=branch, at=before
    )
    give_back(kept.purchase, amount_minor=30_000)
    sell(None, total_minor=20_000, reference="N1", at=before)
    gone = sell(who, total_minor=50_000, reference="V1", at=before).purchase
    give_back(gone, "V1-part", amount_minor=10_000)
    void(gone)
    sell(twin, total_minor=70_000, source="web", reference="R-1", at=before)
    sell(twin, total_minor=60_000, reference="R" * 90, at=before)
    sell(twin, total_minor=60_000, reference="R-1~again-1", at=before)
    merge_customers(kept=who, duplicate=twin, reason="One", at=NOON, by=owner)
    return {odd.pk: "=1+1", who.pk: "An; @Bình"}


def void(purchase):
    told = {"source": "till", "reference": "void", "reason": "", "by": None}
    void_purchase(purchase=purchase, at=NOON, recorded_at=NOON, **told)


@time_machine.travel(NOON + timedelta(minutes=1))
def test_nothing_is_lost_on_the_way(tmp_path):
    names = awkward()
    before = shop()
    for name, _map, _about in SHEETS:
        call_command("export", name, "--keys", "--output", tmp_path / f"{name}.csv")
    database.empty()
    shop_with_programme(TODAY)
    BranchFactory(key="q1"), StaffFactory(username="chu", role="owner")

    for name, ready, about in SHEETS:
        command = "import_customers" if about is About.CUSTOMERS else "import_purchases"
        more = ["--by", "chu"] if about is About.CUSTOMERS else []
        call_command(command, tmp_path / f"{name}.csv", "--map", ready, *more, stdout=StringIO())

    assert shop(whose="customer__external_id") == before
    assert dict(Customer.objects.values_list("external_id", "name")) == {
        str(number): name for number, name in names.items()
    }
    odd = Customer.objects.get(email="Ha@example.com")
    assert (odd.birthday, odd.joined_branch.key) == (Birthday(15, 8, None, lunar=True), "q1")
    assert (odd.purchases.get().branch.key, odd.purchases.get().lines.get().name) == ("q1", "-Trà")
    floor = TierFloor.objects.get()
    assert (floor.customer, floor.tier_key, floor.through) == (odd, "vang", date(2027, 12, 31))
    lots = Lot.objects.filter(account__customer__name="An; @Bình").values_list(
        "expires_on", "remaining"
    )
    assert {(None, 30), (date(2027, 3, 31), 20)} <= set(lots)
    assert Purchase.objects.filter(customer=None).count() == 1
    proven()
