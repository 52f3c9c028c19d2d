"""Sales over the API: recorded once, told again byte for byte, refused with the field named."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from loyalty.integrations.ids import public_id
from loyalty.ledger import proof
from loyalty.ledger.models import Entry
from loyalty.purchases.models import Purchase
from loyalty.web.api import scanning
from rewards.models import Voucher
from rewards.redemption import redeem_reward
from tests.factories.customers import CustomerFactory, customer_with_points
from tests.factories.rewards import RewardFactory
from tests.factories.shop import BranchFactory
from tests.web.api.calling import Caller, caller, every_row, problem, the_shop_says

PHONE = "0912 345 678"
SALE = {"reference": "HD-1", "customer": PHONE, "total_minor": 350_000}


@pytest.fixture
def thao():
    return CustomerFactory(phone="+84912345678")


def test_a_sale_of_a_known_phone_earns_and_tells_why(till, thao):
    BranchFactory(key="ha-noi")

    answer = till.post("/purchases", SALE | {"branch": "ha-noi"})

    told = answer.json()
    assert answer.status_code == 201
    assert {name: told[name] for name in ("reference", "customer", "branch", "amount_minor")} == {
        "reference": "HD-1",
        "customer": public_id("cus", thao.pk),
        "branch": "ha-noi",
        "amount_minor": 350_000,
    }
    assert told["points"] == {
        "earned": 35,
        "pending": 0,
        "usable_from": None,
        "spent": 0,
        "spent_minor": 0,
    }
    assert told["balance"] == 35
    assert told["tier"]["before"] == told["tier"]["after"] != ""
    assert told["explanation"]["amount_minor"] == 350_000
    purchase = Purchase.objects.get()
    assert (purchase.source, purchase.recorded_by.username) == ("api-till", "api-till")


def test_the_usual_sale_takes_two_statements(till, thao, django_assert_num_queries):
    till.post("/purchases", SALE)  # Keeps when the key was used, and reads the rules.

    with django_assert_num_queries(
        2
    ):  # The key with the customer and what the sale meets; the sale.
        till.post("/purchases", SALE | {"reference": "HD-2"})


def test_a_body_too_long_for_strangers_is_read_once_the_key_is_known(
    till, thao, django_assert_num_queries
):
    till.post("/purchases", SALE)
    padded = json.dumps(SALE | {"reference": "HD-2"}).encode() + b" " * scanning.LONGEST

    with django_assert_num_queries(4):
        answer = till.post("/purchases", padded)

    assert answer.json()["customer"] == public_id("cus", thao.pk)


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b'{"customer": 7}', b'{"customer": "0999"}', b'{"customer": "0999999999"}'],
)
def test_who_asks_is_refused_before_what_they_ask(body, thao):
    stranger, reader = Caller("loy_aaaaaaaaaa_" + "a" * 43), caller("read")

    assert problem(stranger.post("/purchases", body)) == (401, "unauthenticated", [])
    assert problem(reader.post("/purchases", body)) == (403, "scope-missing", [])


def test_a_customer_is_named_by_id_phone_card_number_or_token(till, thao):
    thao.refresh_from_db()
    names = [public_id("cus", thao.pk), "+84912345678", thao.card_number, thao.card_token]

    for place, name in enumerate(names):
        body = SALE | {"reference": f"HD-{place}", "customer": name}
        assert till.post("/purchases", body).json()["customer"] == public_id("cus", thao.pk)


def test_an_anonymous_sale_counts_for_the_shop_alone(till):
    told = till.post("/purchases", {"reference": "HD-1", "total_minor": 50_000}).json()

    assert (told["customer"], told["balance"], told["points"]["earned"]) == (None, 0, 0)
    assert told["tier"] == {"before": "", "after": ""}
    assert not Entry.objects.exists()


def test_lines_are_priced_by_the_rules_and_each_tells_its_discount(till, thao):
    the_shop_says(
        '[[discounts]]\nkey = "tra"\nname = "Tuần trà"\nname_en = "Tea week"\n'
        'percent = 10\ncategories = ["tra"]\n'
    )
    lines = [
        {"name": "Trà sen", "category": "tra", "quantity": 2, "unit_price_minor": 45_000},
        {"name": "Hạt sen", "quantity": 0.35, "unit_price_minor": 200_000, "tax_minor": 5_000},
    ]

    told = till.post("/purchases", {"reference": "HD-1", "customer": PHONE, "lines": lines}).json()

    assert [(line["net_minor"], line["discount_minor"]) for line in told["lines"]] == [
        (81_000, 9_000),
        (70_000, 0),
    ]
    assert told["lines"][0]["discounts"] == [
        {"key": "tra", "name": "Tuần trà", "name_en": "Tea week", "minor": 9_000, "voucher": 0}
    ]
    assert (told["amount_minor"], told["discount_minor"], told["discounts"]) == (151_000, 9_000, [])
    assert told["points"]["earned"] == sum(line["points"] for line in told["lines"]) == 15


def test_points_pay_for_a_part(till):
    the_shop_says("[pay]\nmoney_minor = 1000\n")
    customer = customer_with_points(50, phone="+84912345678")

    told = till.post("/purchases", SALE | {"spend_points": 40}).json()

    assert (told["points"]["spent"], told["points"]["spent_minor"]) == (40, 40_000)
    assert told["balance"] == 50 - 40 + told["points"]["earned"]
    assert customer.account.balance == told["balance"]


def test_more_points_than_there_are_pay_nothing(till):
    the_shop_says("[pay]\nmoney_minor = 1000\n")
    customer_with_points(5, phone="+84912345678")
    before = every_row()

    refused = till.post("/purchases", SALE | {"spend_points": 40})

    assert refused.status_code == 409
    assert refused.json()["most"] == 5
    assert every_row() == before


@pytest.mark.parametrize("again_key", [None, "sale-0001", "sale-0002"])
@pytest.mark.parametrize("first_key", [None, "sale-0001"])
@pytest.mark.parametrize(
    "more",
    [{}, {"lines": [{"unit_price_minor": 350_000, "labels": ["b", "a"]}], "codes": ["b", "a"]}],
)
def test_the_same_sale_gets_the_first_answer_whatever_the_key(
    till, thao, first_key, again_key, more
):
    body = SALE | more | {"occurred_at": timezone.now().isoformat()}

    def send(key):
        return till.post("/purchases", body, **({"Idempotency_Key": key} if key else {}))

    first = send(first_key)
    till.post("/purchases", SALE | {"reference": "HD-2"})
    again = send(again_key)

    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert first.status_code == 201
    assert (Purchase.objects.count(), Entry.objects.count()) == (2, 2)


@pytest.mark.parametrize(
    "other",
    [{"total_minor": 350_001}, {"customer": None}, {"shipping_minor": 1}, {"codes": ["TET"]}],
)
def test_another_sale_under_the_same_reference_is_refused(till, thao, other):
    till.post("/purchases", SALE)
    before = every_row()

    assert problem(till.post("/purchases", SALE | other)) == (409, "conflict", [])
    assert every_row() == before


def test_the_same_reference_of_another_program_is_another_sale(till, thao):
    web = caller(name="Web")

    assert till.post("/purchases", SALE).json()["balance"] == 35
    assert web.post("/purchases", SALE).json()["balance"] == 70


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"reference": ""}, ["reference"]),
        ({"reference": " \u3000"}, ["reference"]),
        ({"reference": "x" * 101}, ["reference"]),
        ({"reference": "a\x00b"}, ["reference"]),
        ({"reference": None}, ["reference"]),
        ({"customer": "0912 345 679"}, ["customer"]),
        ({"customer": "12"}, ["customer"]),
        ({"customer": "cus_00000000"}, ["customer"]),
        ({"branch": "nowhere"}, ["branch"]),
        ({"total_minor": None}, ["total_minor"]),
        ({"lines": [{"unit_price_minor": 1}]}, ["total_minor"]),
        ({"points": 5}, ["points"]),
        ({"lines": [{"unit_price_minor": 1, "cost": 1}]}, ["lines[0].cost"]),
        ({"lines": [{}]}, ["lines[0].unit_price_minor"]),
        ({"occurred_at": "2026-11-22"}, ["occurred_at"]),
        ({"occurred_at": "2026-11-22T12:00:00"}, ["occurred_at"]),
        ({"occurred_at": 1_795_000_000}, ["occurred_at"]),
        ({"occurred_at": "1989-12-31T12:00:00Z"}, ["occurred_at"]),
        ({"occurred_at": "2026-13-01T12:00:00Z"}, ["occurred_at"]),
        ({"occurred_at": "٢٠٢٦-11-22T12:00:00Z"}, ["occurred_at"]),
        ({"vouchers": ["7K3M92QD"]}, ["vouchers[0]"]),
        ({"payments": [{"method": "cash"}]}, ["payments[0].amount_minor"]),
    ],
)
def test_a_sale_that_cannot_be_names_the_field_and_writes_nothing(till, thao, body, fields):
    before = every_row()

    assert problem(till.post("/purchases", SALE | body)) == (422, "invalid", fields)
    assert every_row() == before


def test_a_moment_to_come_is_refused_and_a_wrong_clock_is_not(till, thao):
    now = timezone.now()
    soon = (now + timedelta(minutes=9)).isoformat()
    late = (now + timedelta(minutes=11)).isoformat()

    assert till.post("/purchases", SALE | {"occurred_at": soon}).status_code == 201
    refused = till.post("/purchases", SALE | {"reference": "HD-2", "occurred_at": late})
    assert problem(refused) == (422, "invalid", ["occurred_at"])


def test_the_past_needs_its_scope(thao):
    yesterday = {"occurred_at": (timezone.now() - timedelta(days=1)).isoformat()}
    plain, trusted = caller("earn", name="Plain"), caller("earn", "backdate", name="Trusted")

    assert problem(plain.post("/purchases", SALE | yesterday)) == (403, "scope-missing", [])
    assert plain.post("/purchases", SALE).status_code == 201
    told = trusted.post("/purchases", SALE | yesterday)
    assert told.status_code == 201
    assert (
        Purchase.objects.get(source="api-trusted").occurred_on
        < Purchase.objects.get(source="api-plain").occurred_on
    )


def test_spending_needs_its_scope(thao):
    earns = caller("earn")

    for spent in ({"spend_points": 1}, {"vouchers": ["7K3M92QD"]}):
        assert problem(earns.post("/purchases", SALE | spent)) == (403, "scope-missing", [])


def test_a_key_of_one_branch_sells_there_and_nowhere_else(thao):
    mine, other = BranchFactory(), BranchFactory()
    till = caller(branch=mine)

    told = till.post("/purchases", SALE).json()
    refused = till.post("/purchases", SALE | {"reference": "HD-2", "branch": other.key})

    assert told["branch"] == mine.key
    assert problem(refused) == (403, "not-allowed", ["branch"])


@pytest.fixture
def voucher():
    customer = customer_with_points(100, phone="+84912345678")
    made = redeem_reward(
        customer=customer,
        reward=RewardFactory(),
        source="test",
        reference="r-1",
        at=timezone.now(),
        by=None,
    )
    return made.voucher


def test_vouchers_are_used_with_the_sale(till, voucher):
    sale = SALE | {"vouchers": [voucher.code]}

    first, again = till.post("/purchases", sale), till.post("/purchases", sale)

    voucher.refresh_from_db()
    assert (voucher.state, voucher.used_reference) == (Voucher.State.USED, "HD-1")
    assert (first.status_code, again.content) == (201, first.content)


def test_a_voucher_that_cannot_be_used_keeps_the_sale_out(till, voucher):
    till.post(f"/vouchers/{voucher.code}/use")
    before = every_row()

    refused = till.post("/purchases", SALE | {"vouchers": [voucher.code]})

    assert problem(refused) == (409, "refused", ["vouchers[0]"])
    assert every_row() == before


def test_a_voucher_of_somebody_else_is_no_voucher(till, voucher):
    CustomerFactory(phone="+84987654321")
    body = SALE | {"customer": "0987654321", "vouchers": [voucher.code]}

    assert problem(till.post("/purchases", body)) == (422, "invalid", ["vouchers[0]"])


def test_the_ledger_is_whole_after_all_that(till, thao):
    for number in range(5):
        till.post("/purchases", SALE | {"reference": f"HD-{number}"})

    assert proof.verify().problems == ()
