"""Files with a row for each line, with returns and with cancelled sales."""

from decimal import Decimal

import pytest
from django.db.models import Sum

from loyalty.ledger.models import Account
from loyalty.ledger.proof import verify
from loyalty.purchases import proof as sales_proof
from loyalty.purchases import writing
from loyalty.purchases.imports.parsing import InvalidMap
from loyalty.purchases.imports.refusals import RowsRefused
from loyalty.purchases.models import Purchase, PurchaseLine, Refund
from loyalty.tiers.models import Standing
from tests.factories.shop import STARTERS, shop_with_programme
from tests.purchases.sales_files import bring_in, everything, layout, refused_rows

pytestmark = pytest.mark.django_db
LINES = """source = "kv"
group_by = "receipt"
anonymous = true
[columns]
reference = { column = "no", returns_begin_with = "TH" }
return_of = { column = "of" }
status = { column = "status", cancelled = ["Đã hủy"], returned = ["Trả hàng"] }
date = { column = "date" }
phone = { column = "phone" }
article = { column = "sku" }
item = { column = "item" }
quantity = { column = "qty" }
price = { column = "price" }
amount = { column = "amount" }
total = { column = "total" }
"""
SALES = """source = "old"
anonymous = true
[columns]
customer = { column = "customer" }
date = { column = "date" }
amount = { column = "amount" }
"""
NUMBERED = (
    SALES + 'reference = { column = "no", returns_begin_with = "TH" }\nreturn_of.column = "of"\n'
)
HEADER = "no,of,status,date,phone,sku,item,qty,price,amount,total"


@pytest.fixture(autouse=True)
def shop(db):
    return shop_with_programme()


def receipts(folder, *rows, **options):
    path = folder / "lines.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return bring_in(path, how=layout(LINES), **options)


def sales(folder, header, *rows, how=SALES, **options):
    path = folder / "sales.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return bring_in(path, how=layout(how), **options)


def proved():
    assert verify().problems == ()
    assert sales_proof.verify().problems == ()


def lines_of(purchase):
    columns = ("sku", "quantity", "unit_price_minor", "till_discount_minor", "net_minor")
    return list(purchase.lines.order_by("number").values_list(*columns))


def test_rows_of_a_receipt_are_lines_of_one_sale(tmp_path):
    batch = receipts(
        tmp_path,
        "HD1,,,2026-11-20 08:15,0912345678,CF,Cà phê sữa,2,29000,58000,",
        "HD2,,,2026-11-20,,TR,Trà sen,1,45000,45000,",
        "HD1,,,2026-11-20 08:15,0912345678,BM,Bánh mì,1.5,20000,27000,",
    )

    assert (batch.rows_read, batch.purchases_added, batch.customers_added) == (3, 2, 1)
    sale = Purchase.objects.get(reference="HD1")
    assert (sale.amount_minor, sale.points) == (85_000, 8)
    assert lines_of(sale) == [
        ("CF", Decimal(2), 29_000, 0, 58_000),
        ("BM", Decimal("1.5"), 20_000, 3_000, 27_000),
    ]
    assert Purchase.objects.get(reference="HD2").customer is None
    proved()


def test_a_discount_on_the_receipt_is_shared_out_and_what_is_paid_more_is_for_no_goods(tmp_path):
    receipts(
        tmp_path,
        "HD1,,,2026-11-20,0912345678,A,,1,60000,60000,80000",
        "HD1,,,2026-11-20,0912345678,B,,1,40000,40000,80000",
        "HD2,,,2026-11-21,0912345678,C,,1,50000,50000,65000",
    )

    less, more = Purchase.objects.order_by("reference")
    assert (less.amount_minor, [line[-1] for line in lines_of(less)]) == (80_000, [48_000, 32_000])
    assert (more.amount_minor, more.shipping_minor, more.points) == (50_000, 15_000, 5)
    proved()


def test_goods_given_back_within_a_receipt_lower_it(tmp_path):
    receipts(
        tmp_path,
        "HD1,,,2026-11-20,0912345678,A,,1,60000,60000,",
        "HD1,,,2026-11-20,0912345678,B,,-1,20000,-20000,",
    )

    sale = Purchase.objects.get()
    assert (sale.amount_minor, lines_of(sale)) == (
        40_000,
        [("A", Decimal(1), 60_000, 20_000, 40_000)],
    )


def test_a_return_with_its_own_number_is_a_refund_of_the_sale_it_names(tmp_path):
    rows = (
        "HD1,,,2026-11-20,0912345678,A,,2,30000,60000,",
        "HD1,,,2026-11-20,0912345678,B,,1,40000,40000,",
        "TH1,HD1,,2026-11-21,0912345678,A,,1,30000,30000,",
    )

    batch = receipts(tmp_path, *rows)

    assert (batch.purchases_added, batch.refunds_added, batch.rows_refused) == (1, 1, 0)
    refund = Refund.objects.get()
    assert (refund.reference, refund.purchase.reference, refund.amount_minor) == (
        "TH1",
        "HD1",
        30_000,
    )
    assert Account.objects.get().balance == 7
    assert Standing.objects.get().spend_minor == 70_000
    proved()

    before = everything()
    again = receipts(tmp_path, *rows)
    assert (again.purchases_added, again.refunds_added, again.purchases_known) == (0, 0, 2)
    assert everything()[:-1] == before[:-1]


@pytest.mark.parametrize("status", ["Đã hủy", "ĐÃ HUỶ"])
def test_a_cancelled_sale_never_was(tmp_path, status):
    batch = receipts(tmp_path, f"HD1,,{status},2026-11-20,0912345678,A,,1,60000,60000,")

    assert (batch.purchases_added, batch.rows_cancelled, batch.customers_added) == (0, 1, 0)


def test_a_sale_that_is_cancelled_later_is_undone_once(tmp_path):
    receipts(tmp_path, "HD1,,,2026-11-20,0912345678,A,,1,60000,60000,")

    for expected in (1, 0):
        batch = receipts(tmp_path, "HD1,,Đã hủy,2026-11-20,0912345678,A,,1,60000,60000,")
        assert (batch.refunds_added, batch.purchases_known) == (expected, 1 - expected)

    assert Refund.objects.get().kind == Refund.Kind.VOID
    assert Account.objects.get().balance == 0
    proved()


def test_an_amount_below_zero_is_a_return_of_the_newest_sale_it_can_be(tmp_path):
    rows = ("1,2026-11-01,50000", "1,2026-11-10,20000", "1,2026-11-12,-30000", "1,2026-11-20,90000")

    first = sales(tmp_path, "customer,date,amount", *rows)
    again = sales(tmp_path, "customer,date,amount", *rows)

    assert (first.purchases_added, first.refunds_added) == (3, 1)
    assert (again.purchases_added, again.refunds_added, again.purchases_known) == (0, 0, 4)
    assert Refund.objects.get().purchase.amount_minor == 50_000
    assert Account.objects.get().balance == 2 + 2 + 9
    proved()


def test_returns_under_the_number_of_the_sale_are_counted(tmp_path):
    rows = ("HD1,,1,2026-11-01,50000", "HD1,,1,2026-11-02,-10000", "HD1,,1,2026-11-03,-40000")

    batch = sales(tmp_path, "no,of,customer,date,amount", *rows, how=NUMBERED)
    again = sales(tmp_path, "no,of,customer,date,amount", *rows, how=NUMBERED)

    assert (batch.refunds_added, again.refunds_added, again.purchases_known) == (2, 0, 3)
    assert list(Refund.objects.order_by("pk").values_list("reference", "amount_minor")) == [
        ("HD1", 10_000),
        ("HD1:2", 40_000),
    ]
    assert Account.objects.get().balance == 0
    proved()


def test_what_gives_nothing_known_back_is_refused_with_its_line(tmp_path):
    rows = ("1,2026-11-01,50000", "1,2026-11-12,-50001", ",2026-11-12,-1")
    before = everything()

    with pytest.raises(RowsRefused):
        sales(tmp_path, "customer,date,amount", *rows)

    assert everything() == before
    assert refused_rows(tmp_path / "sales.csv") == [(3, "amount"), (4, "amount")]

    batch = sales(tmp_path, "customer,date,amount", *rows, skip_bad=True)
    assert (batch.purchases_added, batch.rows_refused, batch.refunds_added) == (1, 2, 0)


def test_a_number_that_a_return_goes_by_is_refused_with_its_line(tmp_path):
    rows = (
        "HD1,,,2026-11-20 08:15,0912345678,CF,Cà phê sữa,2,29000,58000,",
        "refund:TH1,,,2026-11-20 09:15,0912345678,CF,Cà phê sữa,2,29000,58000,",
        "TH1,HD1,,2026-11-21 10:00,,CF,,1,29000,29000,",
    )

    batch = receipts(tmp_path, *rows, skip_bad=True)

    assert (batch.purchases_added, batch.refunds_added, batch.rows_refused) == (1, 1, 1)
    assert refused_rows(tmp_path / "lines.csv") == [(3, "reference")]


@pytest.mark.parametrize(
    "row",
    [
        "HD1,,,2026-11-20,0987654321,B,,1,40000,40000,100000",  # Another customer.
        "HD1,,,2026-11-20,0912345678,B,,1,40000,40000,90000",  # Another total.
        "HD1,,,2026-11-20,0912345678,B,,1,40000,nonsense,100000",
        "HD1,,,2026-11-20,0912345678,B,,0,40000,40000,100000",
    ],
)
def test_no_half_of_a_receipt_is_recorded(tmp_path, row):
    good = "HD1,,,2026-11-20,0912345678,A,,1,60000,60000,100000"
    other = "HD2,,,2026-11-20,0912345678,A,,1,60000,60000,"

    batch = receipts(tmp_path, good, row, other, skip_bad=True)

    assert (batch.purchases_added, batch.rows_refused) == (1, 2)
    assert {line for line, _field in refused_rows(tmp_path / "lines.csv")} == {2, 3}


def test_rules_about_goods_are_asked_as_the_till_asks_them(tmp_path):
    shop_with_programme((STARTERS / "cafe.toml").read_text("utf-8"))
    receipts(
        tmp_path,
        *(
            f"HD{one},,,2026-11-{one:02},0912345678,A,Trà,{one},10000,{one}0000,{one}0001"
            for one in range(1, 15)
        ),
    )

    kept = PurchaseLine.objects.aggregate(points=Sum("points"), net=Sum("net_minor"))
    sold = Purchase.objects.aggregate(points=Sum("points"), net=Sum("amount_minor"))
    assert kept == sold
    proved()


def test_no_bill_is_torn_in_two_where_its_lines_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "LINES_AT_ONCE", 4)
    batch = receipts(
        tmp_path,
        *(
            f"HD{bill},,,2026-11-20,0912345678,{line},Trà,1,{line}0000,{line}0000,"
            for bill in range(4)
            for line in (1, 2, 3)
        ),
    )

    assert (batch.purchases_added, PurchaseLine.objects.count()) == (4, 12)
    proved()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('group_by = "receipt"', ""), "article"),
        (('reference = { column = "no", returns_begin_with = "TH" }', ""), "reference"),
        (('["Đã hủy"]', '"Đã hủy"'), "cancelled"),
    ],
)
def test_a_map_of_lines_is_read_strictly(change, message):
    with pytest.raises(InvalidMap, match=message):
        layout(LINES.replace(*change))
