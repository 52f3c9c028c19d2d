"""Rewards at the till: the catalogue decides the cost, a retry redeems once, a voucher is used once."""

import pytest

from loyalty.integrations.ids import public_id
from loyalty.integrations.keys import revoke_key
from loyalty.integrations.models import ApiKey
from loyalty.ledger.models import Account
from rewards.models import Redemption, Reward, Voucher
from rewards.redemption import redeem_reward
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, customer_with_points
from tests.factories.rewards import RewardFactory
from tests.factories.shop import BranchFactory
from tests.web.api.calling import caller, every_row, problem


@pytest.fixture
def customer():
    return customer_with_points(150, phone="+84912345678")


@pytest.fixture
def tea():
    return RewardFactory(key="tra-sen-vang", cost_points=100, stock=1)


@pytest.fixture
def cafe_branch():
    return BranchFactory(key="ha-noi")


BODY = {"customer": "0912345678", "reward": "tra-sen-vang", "reference": "DQ-1"}


def test_the_list_says_what_is_still_missing(till, customer, tea):
    RewardFactory(cost_points=200, key="dear")
    RewardFactory(is_active=False)
    RewardFactory(stock=0, key="gone")

    everybody = till.get("/rewards").json()["rewards"]
    theirs = till.get("/rewards", customer=public_id("cus", customer.pk)).json()["rewards"]

    assert [(one["key"], one["missing_points"], one["unavailable"]) for one in everybody] == [
        ("tra-sen-vang", None, None),
        ("dear", None, None),
        ("gone", None, None),
    ]
    assert [(one["key"], one["missing_points"], one["unavailable"]) for one in theirs] == [
        ("tra-sen-vang", 0, None),
        ("dear", 50, None),
        ("gone", 0, "sold_out"),
    ]
    assert problem(till.get("/rewards", customer="cus_00000000")) == (404, "not-found", [])


def test_the_list_says_all_the_catalogue_does(till, customer):
    RewardFactory(
        key="giam-15",
        kind="discount_percent",
        percent=15,
        most_minor=30_000,
        scope={"categories": ["Trà"]},
        most_per_customer=2,
        most_per="week",
        starts_on="2100-12-01",
        tiers=["moi"],
        usable_after_days=1,
        validity_days=None,
        valid_until="2100-12-31",
    )

    (told,) = till.get("/rewards", customer=public_id("cus", customer.pk)).json()["rewards"]

    assert (told["kind"], told["percent"], told["most_minor"]) == ("discount_percent", 15, 30_000)
    assert told["goods"] == {"categories": ["Trà"]}
    assert (told["most_per_customer"], told["most_per"], told["tiers"]) == (2, "week", ["moi"])
    assert (told["usable_after_days"], told["validity_days"]) == (1, None)
    assert (told["unavailable"], told["opens_on"]) == ("not_yet", "2100-12-01")
    assert (told["starts_on"], told["valid_until"]) == ("2100-12-01", "2100-12-31")


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"tiers": ["vang"]}, "other_tier"),
        ({"starts_on": "2100-01-01"}, "not_yet"),
        ({"ends_on": "2000-01-01"}, "over"),
        ({"stock": 0}, "sold_out"),
        ({"most_total": 1, "redeemed_total": 1}, "all_redeemed"),
        ({"branches": ["elsewhere"]}, "other_branch"),
    ],
)
def test_a_limit_refuses_with_its_reason_and_writes_nothing(
    till, customer, tea, columns, reason, cafe_branch
):
    Reward.objects.update(**columns)
    before = every_row()

    answer = till.post("/redemptions", BODY | {"branch": cafe_branch.key})

    assert (answer.status_code, answer.json()["reason"]) == (409, reason)
    assert every_row() == before


def test_a_reward_is_redeemed_at_the_catalogues_cost(till, customer, tea):
    answer = till.post("/redemptions", BODY)

    told = answer.json()
    assert answer.status_code == 201
    assert (told["cost_points"], told["balance"], told["cancelled"]) == (100, 50, False)
    voucher = Voucher.objects.get()
    assert (told["voucher"]["code"], told["voucher"]["state"]) == (voucher.code, "issued")
    assert told["id"] == public_id("red", Redemption.objects.get().pk)


@pytest.mark.parametrize(
    ("body", "headers"),
    [(BODY, {}), (BODY | {"reference": None}, {"Idempotency_Key": "redeem-0001"})],
)
def test_a_retry_redeems_once(till, customer, tea, body, headers):
    first, again = (till.post("/redemptions", body, **headers) for _turn in range(2))

    assert (again.status_code, again.content) == (201, first.content)
    assert Redemption.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"reward": "nothing"}, (422, "invalid", ["reward"])),
        ({"customer": "0987654321"}, (422, "invalid", ["customer"])),
        ({"reference": None}, (422, "invalid", ["reference"])),
        ({"reference": "  "}, (422, "invalid", ["reference"])),
        ({"cost_points": 1}, (422, "invalid", ["cost_points"])),
        ({"customer": "0911111111"}, (409, "insufficient-points", [])),
    ],
)
def test_what_cannot_be_redeemed_writes_nothing(till, customer, tea, body, expected):
    CustomerFactory(phone="+84911111111")
    before = every_row()

    assert problem(till.post("/redemptions", BODY | body)) == expected
    assert every_row() == before


def test_an_empty_shelf(till, customer, tea):
    RewardFactory(key="gone", stock=0)

    assert problem(till.post("/redemptions", BODY | {"reward": "gone"})) == (409, "refused", [])


def test_a_cancelled_redemption_gives_the_points_back_once(till, customer, tea):
    made = till.post("/redemptions", BODY).json()

    first = till.post(f"/redemptions/{made['id']}/cancel", {"reason": "Khách đổi ý"})
    again = till.post(f"/redemptions/{made['id']}/cancel")

    assert (first.status_code, first.json()["cancelled"]) == (200, True)
    assert (first.json()["balance"], first.json()["voucher"]["state"]) == (150, "cancelled")
    assert again.content == first.content
    assert Account.objects.get(pk=customer.pk).balance == 150


def test_what_others_redeemed_a_key_cancels_only_with_the_right_to_change_points(
    till, customer, tea
):
    by_the_till = till.post("/redemptions", BODY).json()["id"]
    at_the_counter = redeem_reward(
        customer=customer,
        reward=RewardFactory(cost_points=10),
        source="counter",
        reference="c-1",
        at=NOON,
        by=None,
    )
    other = caller("redeem", "earn", "refund", name="Quầy hai", branch=BranchFactory())
    before = every_row()

    for made in (by_the_till, public_id("red", at_the_counter.pk)):
        refused = other.post(f"/redemptions/{made}/cancel")
        assert problem(refused) == (403, "scope-missing", [])
        assert refused.json()["scope"] == "adjust"
    assert every_row() == before

    manager = caller("redeem", "adjust", name="Quản lý")
    assert manager.post(f"/redemptions/{by_the_till}/cancel").json()["cancelled"] is True


def test_a_key_cancels_what_the_one_before_it_of_that_name_redeemed(till, customer, tea):
    made = caller("redeem", name="Quầy hai").post("/redemptions", BODY).json()["id"]
    revoke_key(key_id=ApiKey.objects.get(name="Quầy hai").pk, at=NOON, by=None)

    next_one = caller("redeem", name="Quầy hai")

    assert next_one.post(f"/redemptions/{made}/cancel").status_code == 200


def test_a_used_voucher_is_neither_used_nor_cancelled_again(till, customer, tea):
    BranchFactory(key="ha-noi")
    made = till.post("/redemptions", BODY).json()
    path = f"/vouchers/{made['voucher']['code']}/use"

    used = till.post(path, {"branch": "ha-noi"}, Idempotency_Key="use-00001")
    again = till.post(path, {"branch": "ha-noi"}, Idempotency_Key="use-00001")

    assert (used.status_code, used.json()["state"]) == (200, "used")
    assert again.content == used.content
    assert problem(till.post(path, {"branch": "ha-noi"})) == (409, "refused", [])
    assert problem(till.post(f"/redemptions/{made['id']}/cancel")) == (409, "refused", [])


@pytest.mark.parametrize("path", ["/vouchers/7K3M92QD/use", "/redemptions/red_00000000/cancel"])
def test_what_there_is_not(till, path):
    assert problem(till.post(path)) == (404, "not-found", [])
