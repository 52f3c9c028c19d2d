"""A return that names its goods takes back their lines; one that comes to another sum, that sum."""

from decimal import Decimal

import pytest

from loyalty.ledger.models import Account
from loyalty.ledger.proof import verify
from loyalty.purchases import proof as sales_proof
from loyalty.purchases.models import PurchaseLine, Refund, RefundLine
from tests.factories.shop import shop_with_programme
from tests.purchases.test_import_receipts import receipts

pytestmark = pytest.mark.django_db
SOLD = (
    "HD1,,,2026-11-20,0912345678,A,Trà,3,10000,30000,90000",
    "HD1,,,2026-11-20,0912345678,B,Bánh,2,35000,70000,90000",
)


@pytest.fixture(autouse=True)
def shop(db):
    shop_with_programme()


def bring(folder, *returns):
    receipts(folder, *SOLD, *returns)
    assert verify().problems == ()
    assert sales_proof.verify().problems == ()


def given_back():
    lines = PurchaseLine.objects.order_by("number")
    return list(lines.values_list("sku", "refunded_quantity", "refunded_minor"))


def test_the_line_of_the_article_comes_back(tmp_path):
    # Of the discount of 10.000 on 100.000, A has 3.000 and B 7.000.
    bring(tmp_path, "TH1,HD1,,2026-11-21,0912345678,B,Bánh,1,31500,31500,")

    assert given_back() == [("A", 0, 0), ("B", Decimal(1), 31_500)]
    assert RefundLine.objects.get().quantity == 1
    assert Account.objects.get().balance == 9 - 3


def test_in_pieces_the_whole_comes_back_exactly(tmp_path):
    bring(
        tmp_path,
        "TH1,HD1,,2026-11-21,0912345678,A,Trà,1,9000,9000,",
        "TH2,HD1,,2026-11-21,0912345678,A,Trà,2,9000,18000,18000",
        "TH3,HD1,,2026-11-21,0912345678,B,Bánh,2,31500,63000,63000",
    )

    assert given_back() == [("A", 3, 27_000), ("B", 2, 63_000)]
    assert Account.objects.get().balance == 0


def test_goods_of_one_return_may_be_of_several_lines(tmp_path):
    bring(
        tmp_path,
        "TH1,HD1,,2026-11-21,0912345678,A,Trà,2,9000,18000,49500",
        "TH1,HD1,,2026-11-21,0912345678,B,Bánh,1,31500,31500,49500",
    )

    assert given_back() == [("A", 2, 18_000), ("B", 1, 31_500)]
    assert Refund.objects.get().amount_minor == 49_500


@pytest.mark.parametrize(
    "row",
    [
        "TH1,HD1,,2026-11-21,0912345678,B,Bánh,1,30000,30000,",  # A fee was kept.
        "TH1,HD1,,2026-11-21,0912345678,C,Kem,1,30000,30000,",  # Never sold.
        "TH1,HD1,,2026-11-21,0912345678,A,Trà,4,7500,30000,",  # More than were sold.
        "TH1,HD1,,2026-11-21,0912345678,,,1,30000,30000,",  # No name.
    ],
)
def test_else_the_sum_counts_that_was_given_back(tmp_path, row):
    bring(tmp_path, row)

    assert Refund.objects.get().amount_minor == 30_000
    assert sum(minor for _sku, _quantity, minor in given_back()) == 30_000
    assert sum(quantity for _sku, quantity, _minor in given_back()) == 0


def test_goods_are_known_by_name_where_there_is_no_article(tmp_path):
    receipts(
        tmp_path,
        "HD1,,,2026-11-20,0912345678,,Trà,3,10000,30000,",
        "TH1,HD1,,2026-11-21,0912345678,,Trà,1,10000,10000,",
    )

    assert given_back() == [("", 1, 10_000)]


def test_an_article_on_two_lines_comes_back_line_by_line(tmp_path):
    rows = ["HD1,,,2026-11-20,0912345678,A,Trà,1,10000,10000,"] * 2
    back = "TH{0},HD1,,2026-11-21,0912345678,A,Trà,1,10000,10000,"

    receipts(tmp_path, *rows, back.format(1))
    assert given_back() == [("A", 1, 10_000), ("A", 0, 0)]

    receipts(tmp_path, *rows, back.format(1), back.format(2))
    assert given_back() == [("A", 1, 10_000), ("A", 1, 10_000)]
