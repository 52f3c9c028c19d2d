"""A till that lies about points, the prices of rewards or totals changes nothing."""

import pytest

from rewards.models import Redemption
from tests.factories.customers import CustomerFactory, customer_with_points
from tests.factories.rewards import RewardFactory
from tests.web.api.calling import caller, every_row, problem, the_shop_says

SALE = {"reference": "HD-1", "customer": "0912345678", "total_minor": 350_000}
LINES = [{"sku": "A", "unit_price_minor": 100_000}, {"sku": "B", "unit_price_minor": 250_000}]


@pytest.fixture
def thao():
    return customer_with_points(100, phone="+84912345678")


def refused(till, path: str, body: dict) -> tuple[int, str, list[str]]:
    """What the till hears, after a look that it has changed nothing."""
    before = every_row()
    answer = till.post(path, body)
    assert every_row() == before
    return problem(answer)


@pytest.mark.parametrize(
    "claim",
    ["points", "earned", "balance", "tier", "tier_after", "multiplier", "discounts", "explanation"],
)
def test_what_a_sale_earned_is_not_the_till_s_to_say(till, thao, claim):
    assert refused(till, "/purchases", SALE | {claim: 1_000_000}) == (422, "invalid", [claim])
    assert refused(till, "/quotes", {"total_minor": 1, claim: 1})[2] == [claim]


@pytest.mark.parametrize("claim", ["points", "net_minor", "multiplier", "discounts"])
def test_nor_what_a_line_did(till, thao, claim):
    body = {"reference": "HD-1", "customer": "0912345678", "lines": [LINES[0] | {claim: 10**6}]}

    assert refused(till, "/purchases", body) == (422, "invalid", [f"lines[0].{claim}"])


@pytest.mark.parametrize("total", [349_999, 350_001, 3_500_000, 1])
def test_a_total_that_is_not_the_sum_of_the_lines(till, thao, total):
    body = SALE | {"lines": LINES, "total_minor": total}

    assert refused(till, "/purchases", body) == (422, "invalid", ["total_minor"])


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"discount_minor": 100_001}, "lines[0].discount_minor"),
        ({"tax_minor": 100_001}, "lines[0].tax_minor"),
        ({"quantity": -1}, "lines[0].quantity"),
        ({"unit_price_minor": -1}, "lines[0].unit_price_minor"),
    ],
)
def test_a_line_that_gives_more_than_it_costs(till, thao, line, field):
    body = {"reference": "HD-1", "customer": "0912345678", "lines": [LINES[0] | line]}

    assert refused(till, "/purchases", body) == (422, "invalid", [field])


def test_points_that_pay_more_than_there_are_or_than_the_bill(till, thao):
    the_shop_says("[pay]\nmoney_minor = 1000\n")

    for spent in (101, 351, 10**9):
        status, kind, _fields = refused(till, "/purchases", SALE | {"spend_points": spent})
        assert (status, kind) in ((409, "refused"), (409, "insufficient-points"))


@pytest.mark.parametrize("claim", ["cost_points", "points", "price", "balance"])
def test_the_price_of_a_reward_is_the_catalogue_s(till, thao, claim):
    RewardFactory(key="tea", cost_points=500)
    body = {"customer": "0912345678", "reward": "tea", "reference": "DQ-1"}

    assert refused(till, "/redemptions", body | {claim: 0}) == (422, "invalid", [claim])
    assert refused(till, "/redemptions", body)[:2] == (409, "insufficient-points")
    assert not Redemption.objects.exists()


def test_a_refund_of_more_than_was_paid_or_of_goods_that_were_not_sold(till, thao):
    till.post("/purchases", {"reference": "HD-1", "customer": "0912345678", "lines": LINES})
    back = "/purchases/HD-1/refunds"

    assert refused(till, back, {"reference": "T", "amount_minor": 350_001})[:2] == (409, "refused")
    for line in ({"line": 1, "quantity": 2}, {"line": 3, "quantity": 1}):
        assert refused(till, back, {"reference": "T", "lines": [line]})[0] in (409, 422)
    claim = {"reference": "T", "amount_minor": 1, "points_returned": 1_000}
    assert refused(till, back, claim) == (422, "invalid", ["points_returned"])


def test_another_program_s_sale_is_not_there_to_be_taken_back(thao):
    caller(name="Honest").post("/purchases", SALE)
    liar = caller(name="Liar")

    for path, body in (("refunds", {"reference": "T", "amount_minor": 1}), ("void", {})):
        told = refused(liar, f"/purchases/HD-1/{path}", body)
        assert told == (404, "unknown-purchase", [])


def test_points_for_nobody(till):
    CustomerFactory(phone="+84987654321")

    assert refused(till, "/purchases", SALE)[2] == ["customer"]
    told = till.post("/purchases", {"reference": "HD-2", "total_minor": 350_000}).json()
    assert (told["points"]["earned"], told["balance"], told["customer"]) == (0, 0, None)
