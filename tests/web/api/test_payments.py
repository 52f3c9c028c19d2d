"""How a sale was paid: kept as told, told again, and without any say in prices and points."""

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from loyalty.purchases.models import Purchase, PurchasePayment
from loyalty.purchases.proof import verify
from tests.factories.customers import CustomerFactory, customer_with_points
from tests.web.api.calling import every_row, problem, the_shop_says

SALE = {"reference": "HD-1", "customer": "0912345678", "total_minor": 350_000}
PAY = "[pay]\nmoney_minor = 1000\n"
TENTH_OFF = '[[discounts]]\nkey = "tet"\nname = "Tết"\nname_en = "Tet"\npercent = 10\n'


@pytest.fixture
def thao():
    return CustomerFactory(phone="+84912345678")


def paid(*parts: tuple[str, int]) -> dict:
    return {"payments": [{"method": method, "amount_minor": minor} for method, minor in parts]}


def test_payments_are_kept_and_told_with_the_sale_by_each_who_asks(till, thao):
    body = SALE | paid(("stored_value", 100_000), ("cash", 250_000))

    first, again = till.post("/purchases", body), till.post("/purchases", body)

    assert (first.status_code, again.content) == (201, first.content)
    assert first.json()["payments"] == body["payments"]
    assert till.get("/purchases/HD-1").json()["payments"] == body["payments"]
    kept = PurchasePayment.objects.values_list("number", "method", "amount_minor")
    assert list(kept) == [(1, "stored_value", 100_000), (2, "cash", 250_000)]
    assert verify().problems == ()


def test_a_payment_is_told_as_it_is_kept_whatever_is_taken_today(till, thao):
    till.post("/purchases", SALE | paid(("cash", 350_000)))
    PurchasePayment.objects.bulk_create(
        [PurchasePayment(purchase=Purchase.objects.get(), number=2, method=" ", amount_minor=0)]
    )

    assert [one["method"] for one in till.get("/purchases/HD-1").json()["payments"]] == [
        "cash",
        " ",
    ]


@pytest.mark.parametrize("method", ["cash", "stored_value", "gift_card"])
def test_how_it_is_paid_changes_neither_discount_nor_points(till, thao, method):
    the_shop_says(TENTH_OFF)

    told = till.post("/purchases", SALE | paid((method, 315_000))).json()

    assert (told["amount_minor"], told["discount_minor"]) == (315_000, 35_000)
    assert (told["points"]["earned"], told["balance"]) == (31, 31)


def test_due_is_what_discounts_and_points_leave_and_the_shipping(till):
    customer_with_points(100, phone="+84912345678")
    the_shop_says(PAY, TENTH_OFF)
    body = SALE | {"shipping_minor": 20_000, "spend_points": 15}

    told = till.post("/purchases", body | paid(("cash", 320_000)))

    assert told.status_code == 201, told.json()
    assert told.json()["points"]["spent_minor"] == 15_000


@pytest.mark.parametrize(
    "parts",
    [[("cash", 349_999)], [("cash", 350_001)], [("cash", 350_000), ("card", 1)], [("a", 0)]],
)
def test_payments_that_are_not_what_is_due_are_refused_and_nothing_is_written(till, thao, parts):
    before = every_row()

    assert problem(till.post("/purchases", SALE | paid(*parts))) == (422, "invalid", ["payments"])
    assert every_row() == before


def test_the_same_receipt_paid_otherwise_is_another_sale(till, thao):
    till.post("/purchases", SALE | paid(("cash", 350_000)))
    before = every_row()

    for other in (paid(("card", 350_000)), {}):
        assert problem(till.post("/purchases", SALE | other)) == (409, "conflict", [])
    assert every_row() == before


def test_the_database_keeps_payments_whole_and_as_they_were(till, thao):
    till.post("/purchases", SALE | paid(("cash", 350_000)))

    with pytest.raises(IntegrityError), transaction.atomic():
        PurchasePayment.objects.create(
            purchase=Purchase.objects.get(), number=2, method="cash", amount_minor=1
        )
    for forbidden in (
        lambda: PurchasePayment.objects.update(method="card"),
        lambda: PurchasePayment.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            forbidden()


def test_a_sale_is_shown_as_it_was_answered_with_what_came_back_since(till, thao):
    lines = [{"sku": "TRA-01", "quantity": 2, "unit_price_minor": 45_000}]
    body = {"reference": "HD/2", "customer": "0912345678", "lines": lines}
    told = till.post("/purchases", body).json()

    shown = till.get("/purchases/HD/2").json()
    back = {"reference": "TH-1", "lines": [{"line": 1, "quantity": 1}]}
    till.post("/purchases/HD/2/refunds", back)
    after = till.get("/purchases/HD/2").json()

    assert shown == told | {"refunded_minor": 0}
    assert after == told | {"refunded_minor": 45_000}


def test_a_sale_of_another_program_or_of_nobody_is_not_there(till, thao):
    assert problem(till.get("/purchases/HD-1")) == (404, "unknown-purchase", [])


@pytest.mark.parametrize("count", [1, 3])
def test_showing_a_sale_takes_seven_statements(till, thao, count, django_assert_num_queries):
    parts = [("cash", 10_000)] * count
    lines = [{"unit_price_minor": 10_000}] * count
    body = {"reference": "HD-1", "customer": "0912345678", "lines": lines}
    assert till.post("/purchases", body | paid(*parts)).status_code == 201

    # The key, the sale, its coupons, its entry, vouchers, payments, lines.
    with django_assert_num_queries(7):
        assert len(till.get("/purchases/HD-1").json()["lines"]) == count
