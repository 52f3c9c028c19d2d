"""A sale at the till earns by the rules of its moment, once."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from hashlib import sha256

import pytest

from loyalty.errors import Conflict, InvalidInput
from loyalty.ledger.models import Account, Entry
from loyalty.ledger.proof import verify
from loyalty.programme.basket import Line
from loyalty.programme.versions import publish
from loyalty.purchases.bill import Bill, request_hash
from loyalty.purchases.models import Activity, Purchase
from loyalty.purchases.recording import quote, record_purchase
from loyalty.tiers.models import Qualification, Standing, TierChange
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.shop import STARTERS, StaffFactory, shop_with_programme

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(db):
    return shop_with_programme()


@pytest.fixture
def cashier(db):
    return StaffFactory()


def buy(customer, cashier, amount_minor, *, receipt="R-1", at=NOON):
    return record_purchase(
        source="counter",
        reference=receipt,
        customer=customer,
        branch=cashier.branch,
        bill=Bill.of_total(amount_minor),
        at=at,
        recorded_at=at,
        by=cashier,
    )


def test_a_sale_earns_whole_steps_and_says_why(cashier):
    customer = CustomerFactory()

    recorded = buy(customer, cashier, 68_000)

    assert (recorded.purchase.points, recorded.balance, recorded.replayed) == (6, 6, False)
    entry = Entry.objects.get()
    assert (entry.points, entry.source, entry.reference) == (6, "counter", "R-1")
    assert entry.lot.expires_on == date(2027, 11, 30)
    assert entry.explanation == {
        "amount_minor": 68_000,
        "rules": [
            {
                "key": "mua-hang",
                "name": "Mua hàng",
                "name_en": "Purchase",
                "points": 1,
                "per_minor": 10_000,
                "gives": "6",
            }
        ],
        "multipliers": [],
        "base": 6,
        "tier": "moi",
        "tier_name": "Mới",
        "tier_name_en": "New",
        "multiplier": "1",
        "rounding": "floor",
        "stage": "step",
        "points": 6,
    }


def test_the_sale_that_reaches_a_tier_earns_at_the_old_rate_and_the_next_at_the_new(cashier):
    customer = CustomerFactory()

    first = buy(customer, cashier, 1_000_000)
    second = buy(customer, cashier, 68_000, receipt="R-2", at=NOON + timedelta(hours=1))

    assert (first.purchase.points, first.tier_before, first.tier_after) == (100, "moi", "bac")
    assert (second.purchase.points, second.tier_before, second.tier_after) == (7, "bac", "bac")
    assert list(TierChange.objects.values_list("from_key", "to_key", "reason")) == [
        ("", "bac", "joined")
    ]
    standing = Standing.objects.get(customer=customer)
    assert (standing.tier_key, standing.spend_minor) == ("bac", 1_068_000)
    assert standing.since == NOON


def test_spending_points_never_lowers_a_tier(cashier):
    customer = CustomerFactory()
    buy(customer, cashier, 3_000_000)

    publish(
        document=(STARTERS / "cafe.toml").read_text(encoding="utf-8").replace("3_000", "4_000"),
        effective_from=NOON + timedelta(days=1),
        at=NOON,
        by=None,
    )
    later = buy(customer, cashier, 10_000, receipt="R-2", at=NOON + timedelta(days=2))

    assert (later.tier_before, later.tier_after) == ("vang", "vang")


def test_the_same_receipt_twice_is_one_sale_and_answers_as_the_first_time(cashier):
    customer = CustomerFactory()
    first = buy(customer, cashier, 1_000_000)
    buy(customer, cashier, 50_000, receipt="R-2")

    again = buy(customer, cashier, 1_000_000, at=NOON + timedelta(hours=9))

    assert again.replayed
    assert again.purchase.pk == first.purchase.pk
    assert (again.balance, again.tier_before, again.tier_after) == (100, "moi", "bac")
    assert (Purchase.objects.count(), Entry.objects.count()) == (2, 2)


@pytest.mark.parametrize("change", ["amount", "customer"])
def test_the_same_receipt_for_another_sale_is_refused_and_changes_nothing(cashier, change):
    customer = CustomerFactory()
    buy(customer, cashier, 50_000)

    with pytest.raises(Conflict):
        buy(
            CustomerFactory() if change == "customer" else customer,
            cashier,
            50_000 if change == "customer" else 60_000,
        )

    assert (Purchase.objects.count(), Entry.objects.count()) == (1, 1)
    assert Qualification.objects.count() == 1


@pytest.mark.parametrize(
    ("bill", "field"),
    [
        (Bill(), "amount"),
        (Bill((Line(1),) * 1_001), "lines"),
        (Bill((Line(10**12), Line(1))), "lines"),
        (Bill((Line(500), Line(300)), total_minor=801), "amount"),
        (Bill((Line(5), Line(5), Line(5, Decimal(0)))), "lines[2].quantity"),
        (Bill((Line(5, Decimal(-1)),)), "lines[0].quantity"),
        (Bill((Line(5, Decimal("1.0005")),)), "lines[0].quantity"),
        (Bill((Line(5, Decimal("NaN")),)), "lines[0].quantity"),
        (Bill((Line(5, Decimal("1e400")),)), "lines[0].quantity"),
        (Bill((Line(-1),)), "lines[0].unit_price_minor"),
        (Bill((Line(2**63),)), "lines[0].unit_price_minor"),
        (Bill((Line(10**12, Decimal(2)),)), "lines[0]"),
        (Bill((Line(5, discount_minor=-1),)), "lines[0].discount_minor"),
        (Bill((Line(5, discount_minor=6),)), "lines[0].discount_minor"),
        (Bill((Line(5, discount_minor=3, tax_minor=3),)), "lines[0].tax_minor"),
        (Bill((Line(5, sku="x" * 101),)), "lines[0].sku"),
        (Bill((Line(5, name="x" * 201),)), "lines[0].name"),
        (Bill((Line(5, category="x" * 101),)), "lines[0].category"),
        (Bill((Line(5, labels=frozenset({""})),)), "lines[0].labels"),
        (Bill((Line(5, labels=frozenset({"\x00"})),)), "lines[0].labels"),
        (Bill((Line(5, name="\x00"),)), "lines[0].name"),
        (Bill((Line(5, sku="\ud800"),)), "lines[0].sku"),
        (Bill(total_minor=5, codes=frozenset({"\x00"})), "codes"),
        (Bill(total_minor=5, channel="\x00"), "channel"),
        (Bill(total_minor=5, shipping_minor=-1), "shipping_minor"),
        (Bill(total_minor=5, codes=frozenset({"x" * 41})), "codes"),
        (Bill(total_minor=5, codes=frozenset(map(str, range(21)))), "codes"),
        (Bill(total_minor=5, spend_points=-1), "spend_points"),
        (Bill(total_minor=5, spend_points=10**9 + 1), "spend_points"),
        (Bill(total_minor=5, channel="x" * 41), "channel"),
    ],
)
def test_a_bill_that_cannot_be_is_refused_naming_the_field(bill, field):
    with pytest.raises(InvalidInput) as error:
        bill.check()

    assert error.value.field == field


def test_two_requests_are_one_sale_only_when_everything_asked_is_equal():
    line = Line(20_000, Decimal("1.5"), sku="T1", labels=frozenset({"a", "b"}))
    bill = Bill((line,), codes=frozenset({"TET", "NEW"}))
    same = replace(bill, lines=(replace(line, quantity=Decimal("1.500")),))
    others = [
        replace(bill, lines=(line, Line(1))),
        replace(bill, lines=(replace(line, name="Tea"),)),
        replace(bill, lines=(replace(line, earns=False),)),
        replace(bill, total_minor=30_000),
        replace(bill, shipping_minor=1),
        replace(bill, codes=frozenset({"TET"})),
        replace(bill, spend_points=1),
        replace(bill, channel="web"),
    ]

    asked = [request_hash(customer_id=1, branch_id=2, bill=one) for one in (bill, same, *others)]

    assert asked[0] == asked[1]
    assert len(set(asked)) == len(others) + 1


def test_a_bill_of_lines_is_asked_the_same_for_ever():
    bill = Bill(
        (Line(45_000, Decimal("2.500"), sku="T1", labels=frozenset({"b", "a"})), Line(9)),
        codes=frozenset({"TET"}),
        spend_points=20,
    )

    # Whoever changes this text makes tills that repeat an old sale hear of a conflict.
    assert bill.told() == (
        '{"codes": ["TET"], "lines": [{"labels": ["a", "b"], "quantity": "2.5", "sku": "T1",'
        ' "unit_price_minor": 45000}, {"unit_price_minor": 9}], "spend_points": 20}'
    )


def test_a_sum_alone_is_asked_as_it_was_before_bills_had_lines():
    asked = request_hash(customer_id=7, branch_id=None, bill=Bill.of_total(68_000))

    assert asked == sha256(b"7/None/68000").hexdigest()


def test_an_anonymous_sale_is_revenue_only(cashier):
    recorded = buy(None, cashier, 50_000)

    assert (recorded.purchase.points, recorded.balance, recorded.tier_after) == (0, 0, "")
    assert not Account.objects.exists()
    assert not Activity.objects.exists()
    assert buy(None, cashier, 50_000).replayed


def test_a_sale_too_small_for_a_point_still_counts_towards_the_tier(cashier):
    customer = CustomerFactory()

    recorded = buy(customer, cashier, 9_999)

    assert (recorded.purchase.points, recorded.purchase.entry_id) == (0, None)
    assert Standing.objects.get(customer=customer).spend_minor == 9_999


def test_the_activity_row_equals_the_purchases(cashier):
    customer = CustomerFactory()
    buy(customer, cashier, 50_000, at=NOON)
    buy(customer, cashier, 20_000, receipt="R-2", at=NOON - timedelta(days=10))

    activity = Activity.objects.get(customer=customer)
    assert (activity.first_on, activity.last_on) == (date(2026, 11, 12), date(2026, 11, 22))
    assert (activity.purchases, activity.spend_minor) == (2, 70_000)


def test_the_day_of_a_sale_is_the_shops_day(cashier):
    late = NOON.replace(hour=17, minute=0)  # Midnight in the shop, still the 22nd in UTC.

    assert buy(None, cashier, 50_000, at=late).purchase.occurred_on == date(2026, 11, 23)
    before = buy(None, cashier, 50_000, receipt="R-2", at=late - timedelta(seconds=1))
    assert before.purchase.occurred_on == date(2026, 11, 22)


@pytest.mark.parametrize("amount", [0, -1, 10**12 + 1, 2**63])
def test_impossible_amounts_are_refused_and_change_nothing(cashier, amount):
    with pytest.raises(InvalidInput) as error:
        buy(CustomerFactory(), cashier, amount)

    assert error.value.field == "amount"
    assert not Purchase.objects.exists()


@pytest.mark.parametrize(("minutes", "is_taken"), [(-525_600, True), (10, True), (11, False)])
def test_a_sale_that_is_still_to_come_is_refused_and_a_clock_may_be_wrong(minutes, is_taken):
    def record():
        return record_purchase(
            source="till",
            reference="R-1",
            customer=CustomerFactory(),
            branch=None,
            bill=Bill.of_total(100_000),
            at=NOON + timedelta(minutes=minutes),
            recorded_at=NOON,
            by=None,
        )

    if is_taken:
        assert record().purchase.points == 10
        return
    with pytest.raises(InvalidInput) as refused:
        record()
    assert refused.value.field == "occurred_at"
    assert not Purchase.objects.exists()


def test_a_quote_says_what_the_sale_will_earn_and_writes_nothing(cashier):
    customer = CustomerFactory()
    buy(customer, cashier, 1_000_000)

    assert quote(customer=customer, branch=None, bill=Bill.of_total(68_000), at=NOON).points == 7
    anonymous = quote(customer=None, branch=None, bill=Bill.of_total(68_000), at=NOON)
    assert (anonymous.points, anonymous.effect.earning.points) == (0, 6)
    assert Purchase.objects.count() == 1


def test_the_ledger_proves_itself_after_all_that(cashier):
    for number in range(5):
        buy(CustomerFactory(), cashier, 990_000 + number, receipt=f"R-{number}")

    proof = verify()
    assert (proof.accounts, proof.entries, proof.points, proof.problems) == (5, 5, 495, ())
