"""What a basket would come to: told, never written, and true."""

import pytest
from django.utils import timezone

from rewards.redemption import redeem_reward
from tests.factories.customers import CustomerFactory, customer_with_points
from tests.factories.rewards import RewardFactory
from tests.web.api.calling import caller, every_row, problem, the_shop_says

PHONE = "0912345678"


def test_a_quote_is_what_the_sale_comes_to(till):
    CustomerFactory(phone="+84912345678")
    basket = {
        "customer": PHONE,
        "lines": [{"unit_price_minor": 45_000, "quantity": 3}, {"unit_price_minor": 20_500}],
    }
    before = every_row()

    quoted = till.post("/quotes", basket).json()

    assert every_row() == before
    sold = till.post("/purchases", basket | {"reference": "HD-1"}).json()
    for name in ("amount_minor", "discount_minor", "free_shipping", "tier", "explanation"):
        assert quoted[name] == sold[name], name
    assert quoted["points"] == sold["points"]["earned"] > 0
    assert [line["net_minor"] for line in quoted["lines"]] == [135_000, 20_500]


def test_it_tells_what_points_could_pay_and_what_they_buy(till):
    the_shop_says("[pay]\nmoney_minor = 1000\n")
    customer = customer_with_points(150, phone="+84912345678")
    cheap, dear = RewardFactory(cost_points=100), RewardFactory(cost_points=120)
    made = redeem_reward(
        customer=customer,
        reward=cheap,
        source="test",
        reference="r-1",
        at=timezone.now(),
        by=None,
    )

    told = till.post("/quotes", {"customer": PHONE, "total_minor": 30_000}).json()

    assert (told["pay"]["most"], told["pay"]["most_minor"]) == (30, 30_000)
    assert [(one["key"], one["missing_points"]) for one in told["rewards"]] == [
        (cheap.key, 50),
        (dear.key, 70),
    ]
    assert [one["code"] for one in told["vouchers"]] == [made.voucher.code]
    [hidden] = (
        caller("earn", name="Earns")
        .post("/quotes", {"customer": PHONE, "total_minor": 30_000})
        .json()["vouchers"]
    )
    assert hidden == told["vouchers"][0] | {"code": None}


def test_a_stranger_would_earn_nothing(till):
    told = till.post("/quotes", {"total_minor": 30_000}).json()

    assert (told["points"], told["rewards"], told["vouchers"]) == (0, [], [])


@pytest.mark.parametrize("field", ["reference", "occurred_at", "vouchers"])
def test_a_quote_takes_nothing_of_a_sale(till, field):
    answer = till.post("/quotes", {"total_minor": 1, field: "x"})

    assert problem(answer) == (422, "invalid", [field])
