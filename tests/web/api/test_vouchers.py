"""Vouchers of a sale, as other programs tell them and hear of them."""

import pytest

from loyalty.purchases.models import Purchase
from rewards.models import Reward, Voucher
from tests.factories.customers import customer_with_points
from tests.factories.shop import BranchFactory
from tests.factories.vouchers import reward_of, shared_voucher, voucher_of
from tests.web.api.calling import caller, every_row, problem, the_shop_says

PHONE = "0912345678"
LINES = [
    {"sku": "TRA", "category": "tra", "quantity": 2, "unit_price_minor": 30_000},
    {"sku": "BANH", "unit_price_minor": 60_000},
]
SALE = {"reference": "HD-1", "customer": PHONE, "lines": LINES}


@pytest.fixture
def thao():
    return customer_with_points(100, phone="+84912345678")


@pytest.fixture
def free(thao):
    return voucher_of(thao, reward_of("free_item", key="tra", scope={"categories": ["tra"]}))


@pytest.fixture
def off(thao):
    return voucher_of(thao, reward_of(key="giam", name="Giảm 20.000đ", name_en="20,000đ off"))


def taken(lines):
    """By line: what is paid, and who took how much off."""
    return [
        (one["net_minor"], one["discount_minor"])
        + tuple((off["key"], off["voucher"], off["minor"]) for off in one["discounts"])
        for one in lines
    ]


def test_every_line_says_what_each_voucher_took_off(till, free, off):
    the_shop_says('[[discounts]]\nkey = "sale"\nname = "S"\npercent = 10\n')
    body = SALE | {"vouchers": [free.code, off.token]}

    told = till.post("/purchases", body).json()

    assert taken(told["lines"]) == [
        (20_333, 39_667, ("sale", 0, 6_000), ("tra", 1, 27_000), ("giam", 2, 6_667)),
        (40_667, 19_333, ("sale", 0, 6_000), ("giam", 2, 13_333)),
    ]
    assert (told["amount_minor"], told["discount_minor"]) == (61_000, 59_000)
    assert told["vouchers"] == body["vouchers"]
    assert told["lines"][1]["discounts"][1]["name_en"] == "20,000đ off"
    assert {one.state for one in Voucher.objects.all()} == {"used"}


def test_a_voucher_is_told_as_it_was_issued(till, thao):
    reward_of(key="giam", name="Giảm 20.000đ", name_en="20,000đ off", cost_points=100)
    asked = {"customer": PHONE, "reward": "giam", "reference": "q-1"}
    made = till.post("/redemptions", asked).json()["voucher"]
    Reward.objects.update(
        name="Giảm 5.000đ", value_minor=5_000, scope={"skus": ["X"]}, branches=["x"]
    )

    used = till.post(f"/vouchers/{made['code']}/use", {"reference": "u-1"}).json()

    as_issued = {"reward": "giam", "name": "Giảm 20.000đ", "name_en": "20,000đ off"}
    as_issued |= {"value_minor": 20_000, "goods": {}, "branches": []}
    assert as_issued.items() <= made.items()
    assert as_issued.items() <= used.items()


def test_a_quote_says_the_same_before(till, free, off):
    asked = {"customer": PHONE, "lines": LINES, "vouchers": [free.code, off.code]}
    before = every_row()

    quoted = till.post("/quotes", asked).json()
    assert every_row() == before
    sold = till.post("/purchases", SALE | asked).json()

    assert taken(quoted["lines"]) == taken(sold["lines"])
    assert (quoted["amount_minor"], quoted["points"]) == (70_000, sold["points"]["earned"])


def test_a_quote_with_vouchers_needs_the_scope_that_uses_them(off):
    asked = {"customer": PHONE, "total_minor": 50_000, "vouchers": [off.code]}

    assert problem(caller("earn").post("/quotes", asked)) == (403, "scope-missing", [])


def test_a_sum_alone_says_it_for_the_bill(till, off):
    body = {"reference": "HD-1", "customer": PHONE, "total_minor": 50_000, "vouchers": [off.code]}

    told = till.post("/purchases", body).json()

    assert [(one["key"], one["voucher"], one["minor"]) for one in told["discounts"]] == [
        ("giam", 1, 20_000)
    ]
    assert (told["amount_minor"], told["lines"]) == (30_000, [])


@pytest.mark.parametrize("method", ["stored_value", "gift_card", "cash"])
def test_how_it_is_paid_changes_neither_discounts_nor_points(till, off, method):
    body = {"reference": "HD-1", "customer": PHONE, "total_minor": 100_000, "vouchers": [off.code]}

    paid = till.post(
        "/purchases", body | {"payments": [{"method": method, "amount_minor": 80_000}]}
    )

    told = paid.json()
    assert (told["discount_minor"], told["points"]["earned"]) == (20_000, 8)


def test_a_refusal_names_the_place_and_writes_nothing(till, thao, off):
    here = BranchFactory(key="q1", name="Quận 1")
    there = voucher_of(thao, reward_of(branches=[here.key]))
    large = voucher_of(thao, reward_of(minimum_minor=1_000_000))
    before = every_row()

    for wrong in (there, large):
        refused = till.post("/purchases", SALE | {"vouchers": [off.code, wrong.code]})
        assert problem(refused) == (409, "refused", ["vouchers[1]"])
    for codes in ([off.code, off.code], [off.code, off.token]):
        refused = till.post("/purchases", SALE | {"vouchers": codes})
        assert problem(refused) == (409, "refused", ["vouchers[1]"])
    assert every_row() == before


def test_in_a_batch_one_that_cannot_be_used_keeps_only_its_own_sale_out(till, off):
    sales = [
        {"reference": name, "customer": PHONE, "total_minor": 50_000, "vouchers": [off.code]}
        for name in ("A", "B")
    ]
    sales.append({"reference": "C", "customer": PHONE, "total_minor": 50_000})

    answers = till.post("/purchases/batch", {"purchases": sales}).json()["answers"]

    assert [answer["status"] for answer in answers] == [201, 409, 201]
    assert answers[1]["body"]["errors"][0]["field"] == "vouchers[0]"
    assert set(Purchase.objects.filter(source="api-till").values_list("reference", flat=True)) == {
        "A",
        "C",
    }


def test_a_shared_code_works_without_a_customer(till):
    shared_voucher()
    body = {"reference": "HD-1", "total_minor": 50_000, "vouchers": ["tet 2027"]}

    assert till.post("/purchases", body).json()["amount_minor"] == 30_000
    # It is used in sales alone: who hands something over for it tells no till.
    assert problem(till.post("/vouchers/TET2027/use")) == (404, "not-found", [])


def test_what_a_sale_used_is_not_handed_over_for_its_number(till, off):
    till.post("/purchases", SALE | {"vouchers": [off.code]})

    again = till.post(f"/vouchers/{off.code}/use", {"reference": "HD-1"})

    assert problem(again) == (409, "refused", [])


def test_a_refund_gives_what_was_paid_and_the_voucher_with_the_last_of_it(till, thao, off):
    till.post("/purchases", SALE | {"vouchers": [off.code]})

    first = till.post("/purchases/HD-1/refunds", {"reference": "T-1", "amount_minor": 60_000})
    assert (first.status_code, Voucher.objects.count()) == (201, 1)
    rest = till.post("/purchases/HD-1/refunds", {"reference": "T-2", "amount_minor": 40_000})

    assert (rest.status_code, first.json()["vouchers"]) == (201, [])
    new = Voucher.objects.get(replaces__isnull=False)
    assert (new.customer, new.reward, new.expires_on) == (thao, off.reward, off.expires_on)
    told = {"code": new.code, "reward": "giam", "expires_on": "2026-12-22"}
    assert rest.json()["vouchers"] == [told]
    again = till.post("/purchases/HD-1/refunds", {"reference": "T-2", "amount_minor": 40_000})
    assert again.content == rest.content


def test_a_sale_says_what_it_brought_for_the_next_one(till, thao):
    coupon = '[[coupons]]\nkey = "sau"\nname = "S"\nreward = "sau"\nvalid_days = 30\n'
    the_shop_says(coupon)
    reward_of(key="sau")
    body = {"reference": "HD-1", "customer": PHONE, "total_minor": 50_000}

    first, again = till.post("/purchases", body), till.post("/purchases", body)

    (brought,) = first.json()["coupons"]
    last_day = Voucher.objects.get().expires_on.isoformat()
    expected = {"coupon": "sau", "reward": "sau", "usable_from": None, "expires_on": last_day}
    assert (brought, again.content) == (expected, first.content)
    assert till.get("/purchases/HD-1").json()["coupons"] == [expected]
    code = till.post("/quotes", {"customer": PHONE, "total_minor": 1}).json()["vouchers"][0]["code"]
    assert code == Voucher.objects.get().code


def test_a_preview_tells_of_vouchers_without_their_new_codes(till, thao, off):
    the_shop_says('[[coupons]]\nkey = "c"\nname = "C"\nreward = "giam"\nvalid_days = 30\n')
    till.post("/purchases", SALE | {"vouchers": [off.code]})
    coupon = Voucher.objects.get(coupon="c")

    told = till.get("/purchases/HD-1/refund-preview").json()

    assert told["vouchers"] == [{"code": None, "reward": "giam", "expires_on": "2026-12-22"}]
    ends = {"code": coupon.code, "reward": "giam", "expires_on": f"{coupon.expires_on}"}
    assert told["ended"] == [ends]
    part = till.get("/purchases/HD-1/refund-preview", lines="1:1").json()
    assert (part["vouchers"], part["ended"]) == ([], [])
