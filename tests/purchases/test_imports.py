"""Files of past sales come in whole or not at all, earn what the till would give, and only once."""

from datetime import UTC, date, datetime

import pytest

from customers.models import Customer
from loyalty.ledger.models import Account, Entry
from loyalty.ledger.proof import verify
from loyalty.programme.versions import publish
from loyalty.purchases.imports.refusals import RowsRefused
from loyalty.purchases.models import Activity, ImportBatch, Purchase
from loyalty.tiers.models import Standing, TierChange
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.shop import STARTERS, BranchFactory, shop_with_programme
from tests.purchases.sales_files import (
    ALL_COLUMNS,
    HEADER,
    WITH_RECEIPTS,
    bring_in,
    everything,
    file_of,
    layout,
    refused_rows,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(db):
    return shop_with_programme()


def test_a_row_becomes_a_customer_with_a_card_and_a_purchase_that_earned(tmp_path):
    branch = BranchFactory(key="q1", name="Quận 1")
    path = file_of(tmp_path, "KH-7,0912 345 678,Trần  Thị Lan,2026-11-20 08:15,68000,quận 1")

    batch = bring_in(path)

    customer = Customer.objects.get()
    assert (customer.external_id, customer.phone) == ("KH-7", "+84912345678")
    assert (customer.name, customer.name_folded) == ("Trần Thị Lan", "tran thi lan")
    assert (len(customer.card_token), len(customer.card_number)) == (22, 8)
    moment = datetime(2026, 11, 20, 1, 15, tzinfo=UTC)
    assert (customer.joined_at, customer.joined_branch) == (moment, branch)
    purchase = Purchase.objects.get()
    assert (purchase.occurred_at, purchase.occurred_on) == (moment, date(2026, 11, 20))
    assert (purchase.amount_minor, purchase.points, purchase.branch) == (68_000, 6, branch)
    assert (purchase.balance_after, purchase.tier_before, purchase.tier_after) == (6, "moi", "moi")
    assert (purchase.batch, purchase.source, purchase.recorded_at) == (batch, "old-till", NOON)
    assert purchase.entry == Entry.objects.get()
    assert purchase.entry.lot.expires_on == date(2027, 11, 30)
    assert purchase.entry.explanation["amount_minor"] == 68_000
    activity = Activity.objects.get()
    assert (activity.customer, activity.purchases, activity.spend_minor) == (customer, 1, 68_000)
    assert len(batch.file_sha256) == 64


def test_the_names_of_sales_hold_no_personal_data(tmp_path):
    bring_in(file_of(tmp_path, "anna@example.com,0912345678,Lan,2026-11-20,10000,"))

    assert Purchase.objects.get().reference == (
        f"row:{Customer.objects.get().pk}:20261119170000:10000:1"
    )


def test_a_day_without_a_time_is_that_day_in_the_shop(tmp_path):
    bring_in(file_of(tmp_path, "1,,,2026-11-22,10000,"))

    purchase = Purchase.objects.get()
    assert purchase.occurred_on == date(2026, 11, 22)
    assert purchase.occurred_at == datetime(2026, 11, 21, 17, 0, tzinfo=UTC)


def test_points_follow_the_tier_reached_by_then_whatever_the_order_of_rows(tmp_path):
    path = file_of(
        tmp_path,
        "1,,,2026-03-03,100000,",  # Bạc by now: 10 × 1.2.
        "1,,,2026-03-02,100000,",  # Reaches it; still earns as Mới.
        "1,,,2026-03-01,900000,",
    )

    bring_in(path)

    days = Purchase.objects.order_by("occurred_on").values_list("points", "tier_after")
    assert list(days) == [(90, "moi"), (10, "bac"), (12, "bac")]
    assert list(Entry.objects.order_by("number").values_list("points", "balance_after")) == [
        (90, 90),
        (10, 100),
        (12, 112),
    ]
    standing = Standing.objects.get()
    assert (standing.tier_key, standing.spend_minor) == ("bac", 1_100_000)
    assert standing.since == Purchase.objects.get(points=10).occurred_at
    changes = TierChange.objects.order_by("pk").values_list("from_key", "to_key", "reason")
    assert list(changes) == [("", "moi", "joined"), ("moi", "bac", "reached")]


def test_each_sale_earns_by_the_rules_of_its_day(tmp_path, shop):
    document = (STARTERS / "cafe.toml").read_text("utf-8").replace("10_000", "5_000")
    publish(document=document, effective_from=datetime(2026, 6, 1, tzinfo=UTC), at=NOON, by=None)

    bring_in(file_of(tmp_path, "1,,,2026-05-31,50000,", "1,,,2026-06-02,50000,"))

    assert list(Entry.objects.order_by("number").values_list("points", flat=True)) == [5, 10]


def test_late_rows_earn_at_the_tier_as_it_is_now_and_change_nothing_earlier(tmp_path):
    bring_in(file_of(tmp_path, "1,,,2026-03-01,1000000,"))
    first = Entry.objects.values().get()

    bring_in(file_of(tmp_path, "1,,,2026-01-01,100000,"))

    assert Entry.objects.values().get(pk=first["id"]) == first
    late = Purchase.objects.get(occurred_on=date(2026, 1, 1))
    assert (late.points, late.balance_after) == (12, 112)
    activity = Activity.objects.get()
    assert (activity.first_on, activity.last_on) == (date(2026, 1, 1), date(2026, 3, 1))
    assert verify().problems == ()


def test_equal_rows_are_two_sales_and_stay_two(tmp_path):
    row = "1,,,2026-11-20,10000,"
    path = file_of(tmp_path, row, row)

    assert bring_in(path).purchases_added == 2
    assert (bring_in(path).purchases_added, bring_in(path).purchases_known) == (0, 2)
    assert bring_in(file_of(tmp_path, row, row, row)).purchases_added == 1


def test_the_order_of_rows_does_not_make_them_new(tmp_path):
    rows = [f"1,,,2026-11-20,{amount}," for amount in (10_000, 20_000, 10_000, 30_000)]
    bring_in(file_of(tmp_path, *rows))

    again = bring_in(file_of(tmp_path, *reversed(rows)))

    assert (again.purchases_known, again.purchases_added) == (4, 0)


def test_a_second_run_changes_nothing_but_tells_of_itself(tmp_path):
    path = file_of(tmp_path, "1,0912345678,Lan,2026-11-20,10000,", ",,,2026-11-20,20000,")
    bring_in(path)
    before = everything()

    again = bring_in(path)

    assert everything()[:-1] == before[:-1]
    assert (again.rows_read, again.purchases_known, again.purchases_added) == (2, 2, 0)
    assert ImportBatch.objects.count() == 2


def test_an_anonymous_sale_earns_nobody_anything(tmp_path):
    bring_in(file_of(tmp_path, ",,,2026-11-20,50000,"))

    purchase = Purchase.objects.get()
    assert (purchase.customer, purchase.points, purchase.entry) == (None, 0, None)
    assert (Account.objects.count(), Activity.objects.count()) == (0, 0)


def test_nothing_costs_nothing_and_earns_nothing_but_counts_as_a_visit(tmp_path):
    bring_in(file_of(tmp_path, "1,,,2026-11-20,0,"))

    assert (Purchase.objects.get().points, Entry.objects.count()) == (0, 0)
    assert Activity.objects.get().purchases == 1


def test_a_customer_is_known_by_id_and_by_phone(tmp_path):
    by_id = CustomerFactory(external_id="7", phone="")
    by_phone = CustomerFactory(phone="+84912345678")

    batch = bring_in(
        file_of(
            tmp_path,
            "7,,,2026-11-20,10000,",
            ",0912 345 678,,2026-11-20,20000,",
            "8,84912345678,,2026-11-21,30000,",  # The id of the one known by phone.
        )
    )

    assert batch.customers_added == 0
    assert list(by_id.purchases.values_list("amount_minor", flat=True)) == [10_000]
    assert by_phone.purchases.count() == 2
    by_phone.refresh_from_db()
    assert by_phone.external_id == "8"


def test_rows_of_one_phone_are_of_one_person_within_a_file_too(tmp_path):
    bring_in(
        file_of(
            tmp_path,
            ",0912345678,,2026-11-19,10000,",
            "5,0912345678,Lan,2026-11-20,10000,",
            "5,,,2026-11-21,10000,",
        )
    )

    customer = Customer.objects.get()
    assert (customer.external_id, customer.name, customer.purchases.count()) == ("5", "Lan", 3)


BAD = [
    ("1,,,2026-02-30,10000,", "date"),
    ("1,,,22/11/2026,10000,", "date"),
    ("1,,,2026-11-23,10000,", "date"),  # Tomorrow.
    ("1,,,1969-12-31,10000,", "date"),
    ("1,,,2026-11-20,--10000,", "amount"),
    ("1,,,2026-11-20,10000.5,", "amount"),
    ("1,,,2026-11-20,10.000đ,", "amount"),
    ("1,,,2026-11-20,,", "amount"),
    ("1,,,2026-11-20,1e5,", "amount"),
    ("1,12345,,2026-11-20,10000,", "phone"),
    ("1,,,2026-11-20,10000,Mars", "branch"),
    ("1,,,2026-11-20,10000", "row"),
    ("1,,,2026-11-20,10,000,", "row"),
    (f"{'x' * 65},,,2026-11-20,10000,", "customer"),
]


@pytest.mark.parametrize(("row", "field"), BAD)
def test_a_bad_row_stops_the_import_and_is_named(tmp_path, row, field):
    path = file_of(tmp_path, "1,,,2026-11-20,10000,", row)
    before = everything()

    with pytest.raises(RowsRefused) as error:
        bring_in(path)

    assert error.value.count == 1
    assert refused_rows(path) == [(3, field)]
    assert everything() == before


def test_bad_rows_can_be_left_out_and_are_counted(tmp_path):
    path = file_of(tmp_path, *[row for row, _field in BAD], "1,,,2026-11-20,10000,")

    batch = bring_in(path, skip_bad=True)

    assert (batch.rows_read, batch.rows_refused, batch.purchases_added) == (15, 14, 1)
    assert refused_rows(path) == [(line, field) for line, (_row, field) in enumerate(BAD, 2)]
    bring_in(file_of(tmp_path, "1,,,2026-11-20,10000,"))
    assert refused_rows(path) is None


def test_the_file_of_refusals_runs_no_formula_and_repeats_no_value(tmp_path):
    path = tmp_path / "=cmd.csv"
    path.write_text(f"{HEADER}\n=secret,,,nonsense,1,\n")

    with pytest.raises(RowsRefused):
        bring_in(path)

    text = (tmp_path / "=cmd.csv.errors.csv").read_text("utf-8-sig")
    assert text.splitlines()[1].startswith("'=cmd.csv,2,date,")
    assert "secret" not in text
    assert "nonsense" not in text


def test_a_phone_of_somebody_else_is_refused(tmp_path):
    CustomerFactory(external_id="1", phone="+84912345678")
    path = file_of(
        tmp_path,
        "2,0912345678,,2026-11-20,10000,",  # Has another id here.
        "3,0987654321,,2026-11-20,10000,",
        "4,0987654321,,2026-11-20,10000,",  # Two ids, one phone.
    )

    with pytest.raises(RowsRefused):
        bring_in(path)

    assert refused_rows(path) == [(2, "phone"), (4, "phone")]
    assert bring_in(path, skip_bad=True).purchases_added == 1
    assert sorted(Customer.objects.values_list("external_id", flat=True)) == ["1", "3"]


def test_a_receipt_number_names_one_sale(tmp_path):
    header = f"{HEADER},receipt"
    rows = [
        "1,,,2026-11-20,10000,,R-1",
        "1,,,2026-11-20,10000,,R-1",  # The same again.
        "2,,,2026-11-20,10000,,R-1",  # Somebody else's.
        "1,,,2026-11-20,10000,,R-2",
        "1,,,2026-11-20,10000,,",
    ]
    path = file_of(tmp_path, *rows, header=header)

    batch = bring_in(path, how=layout(WITH_RECEIPTS), skip_bad=True)

    assert refused_rows(path) == [(6, "reference"), (4, "reference")]
    assert (batch.rows_read, batch.rows_refused) == (5, 2)
    assert (batch.purchases_known, batch.purchases_added, batch.customers_added) == (1, 2, 1)
    assert sorted(Purchase.objects.values_list("reference", flat=True)) == ["R-1", "R-2"]


def test_a_receipt_recorded_before_with_another_amount_is_refused(tmp_path):
    header = f"{HEADER},receipt"
    how = layout(WITH_RECEIPTS)
    bring_in(file_of(tmp_path, "1,,,2026-11-20,10000,,R-1", header=header), how=how)
    before = everything()
    changed = file_of(tmp_path, "1,,,2026-11-20,90000,,R-1", header=header)

    with pytest.raises(RowsRefused):
        bring_in(changed, how=how)

    assert refused_rows(changed) == [(2, "amount")]
    assert everything() == before


def test_a_merged_day_that_has_grown_is_refused(tmp_path):
    how = layout(ALL_COLUMNS.replace("anonymous = true", 'group_by = "customer_day"'))
    rows = ["1,,,2026-11-20 08:00,10000,", "1,,,2026-11-20 09:00,15000,"]
    assert bring_in(file_of(tmp_path, *rows), how=how).purchases_added == 1
    assert Purchase.objects.get().amount_minor == 25_000
    grown = file_of(tmp_path, *rows, "1,,,2026-11-20 10:00,5000,", "1,,,2026-11-21,5000,")

    batch = bring_in(grown, how=how, skip_bad=True)

    assert refused_rows(grown) == [(2, "amount"), (3, "amount"), (4, "amount")]
    assert batch.purchases_added == 1


def test_amounts_are_read_as_the_map_says(tmp_path):
    how = ALL_COLUMNS.replace('"amount" }', '"amount", thousands = ".", decimal = "," }').replace(
        '"date" }', '"date", format = "%d/%m/%Y" }'
    )

    bring_in(file_of(tmp_path, '1,,,20/11/2026,"1.350.000,00",'), how=layout(how))

    assert Purchase.objects.get().amount_minor == 1_350_000
    # The last one is forty-five thousand, written the other way round, and no forty-five.
    rows = [f'1,,,20/11/2026,"{amount}",' for amount in ("1.35", "1350,5", "45,000")]
    wrong = file_of(tmp_path, *rows)
    with pytest.raises(RowsRefused):
        bring_in(wrong, how=layout(how))
    assert refused_rows(wrong) == [(2, "amount"), (3, "amount"), (4, "amount")]


def test_glued_dates_are_read_digit_by_digit(tmp_path):
    how = layout(ALL_COLUMNS.replace('"date" }', '"date", format = "%Y%m%d" }'))

    path = file_of(tmp_path, "1,,,20261101,1,", "1,,,2026111,1,")
    with pytest.raises(RowsRefused):
        bring_in(path, how=how)

    assert refused_rows(path) == [(3, "date")]


def test_a_date_that_cannot_be_read_is_answered_with_one_that_can(tmp_path):
    how = layout(ALL_COLUMNS.replace('"date" }', '"date", format = "%d/%m/%Y %H:%M" }'))
    path = file_of(tmp_path, "1,,,hôm qua,1,")

    with pytest.raises(RowsRefused):
        bring_in(path, how=how)

    told = path.with_name(path.name + ".errors.csv").read_text("utf-8-sig")
    assert "không phải ngày, viết như 22/11/2026 16:42" in told


def test_seconds_may_be_there_or_not(tmp_path):
    how = layout(ALL_COLUMNS.replace('"date" }', '"date", format = "%d/%m/%Y %H:%M" }'))

    path = file_of(tmp_path, "1,,,20/11/2026 08:15:59,1,", "1,,,20/11/2026 08:16,1,")

    assert bring_in(path, how=how).purchases_added == 2
