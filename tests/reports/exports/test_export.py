"""`manage.py export NAME`: the sheets as shops see them, and who took them out."""

import csv
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.utils.translation import override
from openpyxl import load_workbook

from loyalty.care.merging import merge_customers
from loyalty.ledger.services import keep_alive
from loyalty.programme.basket import Line
from loyalty.reports.exports.reading import Span, rows_of
from loyalty.reports.exports.sheets import SHEETS
from loyalty.reports.models import Export
from loyalty.shop.models import Shop
from rewards.redemption import redeem_reward
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, customer_with_points, give_points
from tests.factories.rewards import RewardFactory
from tests.factories.sales import give_back, sell
from tests.factories.shop import BranchFactory, StaffFactory, shop_with_programme

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop():
    shop_with_programme()
    with override("en"):
        yield


def exported(name, *arguments):
    out = StringIO()
    call_command("export", name, "--keys", *arguments, stdout=out)
    return list(csv.DictReader(StringIO(out.getvalue()[1:], newline="")))


def test_customers_with_what_they_have():
    customer = CustomerFactory(name="Trần Bảo", phone="+84912345678", birth_day=3, birth_month=9)
    sell(customer, Line(1_200_000))

    (row,) = exported("customers")

    assert (row["name"], row["phone"], row["birth_day"]) == ("Trần Bảo", "'+84912345678", "3")
    assert (row["tier"], row["points"], row["spent"]) == ("bac", "120", "1200000")
    assert (row["purchases"], row["last_on"]) == ("1", "2026-11-22")
    assert row["joined_at"] == "2026-11-22 12:00:00"


def test_balances_with_the_last_day_as_purchases_keep_it():
    customer, yesterday = CustomerFactory(), NOON.date() - timedelta(days=1)
    kept = CustomerFactory()
    for who in (customer, kept):
        give_points(who, 30, expires_on=yesterday)
        give_points(who, 12)
    keep_alive(until={kept.pk: date(2027, 1, 31)}, at=NOON - timedelta(days=2))

    rows = rows_of(SHEETS["balances"], Span(), Shop.objects.get(), at=NOON)

    assert [(row[0], *row[-2:]) for row in rows] == [
        (customer.pk, 12, "never"),
        (kept.pk, 30, "2027-01-31"),
        (kept.pk, 12, "never"),
    ]


def test_purchases_with_their_refunds_by_the_shops_clock():
    bought = sell(CustomerFactory(), Line(200_000), branch=BranchFactory(key="q1")).purchase
    give_back(bought, amount_minor=50_000)

    (row,) = exported("purchases")

    assert (row["occurred_at"], row["reference"], row["branch"]) == (
        "2026-11-22 12:00:00",
        "R-1",
        "q1",
    )
    assert (row["amount"], row["refunded"], row["points"]) == ("200000", "50000", "20")


def test_sales_to_nobody_are_purchases_too():
    sell(None, Line(30_000))

    (row,) = exported("purchases")

    assert (row["customer"], row["name"], row["amount"]) == ("", "", "30000")


def test_lines_of_bills():
    sell(CustomerFactory(), Line(33_000, sku="T1", name="Trà", labels=frozenset({"b", "a"})))

    (row,) = exported("lines")

    assert (row["line"], row["sku"], row["goods"], row["labels"]) == ("1", "T1", "Trà", "a · b")
    assert (row["quantity"], row["unit_price"], row["amount"]) == ("1", "33000", "33000")


def test_points_with_the_balance_after():
    sell(CustomerFactory(), Line(120_000))

    (row,) = exported("entries")

    assert (row["kind"], row["points"], row["balance_after"]) == ("earn", "12", "12")
    assert (row["expires_on"], row["version"]) == ("2027-11-30", "1")


def test_vouchers_without_their_codes():
    reward = RewardFactory(cost_points=10)
    made = redeem_reward(
        customer=customer_with_points(30), reward=reward, source="till", reference="r1",
        at=NOON, by=None,
    )  # fmt: skip

    (row,) = exported("vouchers")

    assert (row["reward"], row["cost_points"], row["state"]) == (reward.key, "10", "issued")
    assert made.voucher.code not in str(row)
    assert made.voucher.token not in str(row)


def test_a_merged_customers_rows_are_those_of_the_kept_one():
    kept, other = CustomerFactory(name="Bảo"), CustomerFactory(name="Bao")
    sell(other, Line(30_000))
    manager = StaffFactory(role="manager")
    merge_customers(kept=kept, duplicate=other, reason="Same", at=NOON, by=manager)

    assert [row["name"] for row in exported("customers")] == ["Bảo"]
    assert [row["customer"] for row in exported("purchases")] == [str(kept.pk)]


def test_only_the_days_asked_for_both_inside():
    for number, days in enumerate((0, 1, 2)):
        sell(None, Line(1_000), reference=f"R{number}", at=NOON - timedelta(days=days))

    assert [row["reference"] for row in exported("purchases", "--from=2026-11-21")] == ["R1", "R0"]
    assert [
        row["reference"] for row in exported("purchases", "--from=2026-11-21", "--to=2026-11-21")
    ] == ["R1"]


def test_money_with_decimals_where_the_currency_has_them():
    Shop.objects.update(currency="USD")
    sell(None, Line(2_933))

    assert exported("purchases")[0]["amount"] == "29.33"


def test_headings_are_for_people_unless_told_otherwise(tmp_path):
    with override("vi"):
        call_command("export", "customers", "--output", tmp_path / "khach.csv")

    heading = (tmp_path / "khach.csv").read_text(encoding="utf-8-sig").splitlines()[0]
    assert heading.startswith("Mã khách,Số thẻ,Tên,")


def test_an_excel_file_keeps_phones_whole(tmp_path):
    CustomerFactory(phone="+84912345678", name="=1+1")

    call_command("export", "customers", "--format=xlsx", "--output", tmp_path / "a.xlsx")

    heading, row = load_workbook(tmp_path / "a.xlsx").active.iter_rows()
    cells = dict(zip([cell.value for cell in heading], row, strict=True))
    assert (cells["Phone"].value, cells["Phone"].data_type) == ("+84912345678", "s")
    assert (cells["Name"].value, cells["Name"].data_type) == ("=1+1", "s")


def test_who_took_what_is_written_down_and_stays():
    exported("customers", "--from=2026-11-01")

    (row,) = Export.objects.all()
    assert (row.name, row.format, row.since, row.until) == (
        "customers",
        "csv",
        date(2026, 11, 1),
        None,
    )
    with pytest.raises(DatabaseError), transaction.atomic():
        Export.objects.update(name="other")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["customers", "--format=xlsx"], "--output"),
        (["customers", "--from=2026-11-02", "--to=2026-11-01"], "is after"),
        (["customers", "--output=/nowhere/x.csv"], "No such file"),
        (["secrets"], "invalid choice"),
    ],
)
def test_what_cannot_be_is_refused(arguments, why):
    with pytest.raises(CommandError, match=why):
        call_command("export", *arguments)


@pytest.mark.parametrize("name", SHEETS)
@pytest.mark.parametrize("customers", [1, 3])
def test_a_sheet_takes_two_queries(name, customers, django_assert_num_queries):
    for number in range(customers):
        sell(CustomerFactory(), Line(30_000), reference=f"R{number}")

    shop = Shop.objects.get()
    with django_assert_num_queries(2):
        list(rows_of(SHEETS[name], Span(), shop, at=NOON))
