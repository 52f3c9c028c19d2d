"""Many sales in one go leave the very rows that one after the other do, and wait on nobody in a circle."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings

from loyalty.ledger.models import Account
from loyalty.ledger.proof import verify
from loyalty.programme.versions import publish
from loyalty.purchases import proof as sales_proof
from loyalty.purchases.bill import Bill
from loyalty.purchases.models import Purchase
from loyalty.purchases.recording import record_purchase
from loyalty.purchases.together import Told, record_together
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.shop import shop_with_programme
from tests.faults.together import together
from tests.purchases.test_at_once import CAFE, PROGRAMMES, SALES, all_of
from tests.support.rounds import rounds

LATE = 201  # Days after NOON, when all is told.
LATER = NOON + timedelta(days=LATE)


def told(customer, reference, amount_minor=100_000, at=NOON) -> Told:
    return Told(reference, customer.pk, None, Bill.of_total(amount_minor), at)


def one_by_one(sale: Told, customer) -> None:
    record_purchase(
        source="till",
        reference=sale.reference,
        customer=customer,
        branch=None,
        bill=sale.bill,
        at=sale.at,
        recorded_at=LATER,
        by=None,
    )


@pytest.mark.django_db
@pytest.mark.parametrize("programme", PROGRAMMES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(sales=SALES)
def test_it_writes_what_the_sales_alone_write(programme, sales):
    shop_with_programme(PROGRAMMES[programme])
    swift, careful = CustomerFactory(), CustomerFactory()
    lists = [
        [
            told(who, f"{who.pk}-{number}", amount_minor, NOON + timedelta(days=days))
            for number, (days, amount_minor) in enumerate(sorted(sales, key=lambda one: one[0]))
        ]
        for who in (swift, careful)
    ]

    done = record_together(
        source="till", told=dict(enumerate(lists[0])), recorded_at=LATER, by=None
    )
    for sale in lists[1]:
        one_by_one(sale, careful)

    for place, sale in enumerate(lists[0]):
        if place not in done:
            one_by_one(sale, swift)
    late_and_kept = programme == "kept alive" and min(days for days, _amount in sales) < LATE
    assert sorted(done) == ([] if late_and_kept else list(range(len(sales))))
    assert all_of(swift) == all_of(careful)
    assert verify().problems == sales_proof.verify().problems == ()


@pytest.mark.django_db
def test_what_is_not_usual_is_left_to_be_recorded_alone_and_so_is_all_of_its_customer():
    shop_with_programme()
    mixed, usual, backwards = (CustomerFactory() for _ in range(3))
    bill = Bill(total_minor=100_000, channel="web")
    sales = [
        told(mixed, "R-1"),
        Told("R-2", mixed.pk, None, bill, NOON),
        told(usual, "R-3"),
        Told("R-4", None, None, Bill.of_total(1), NOON),
        told(usual, "R-5", 0),
        told(backwards, "R-6"),
        told(backwards, "R-7", at=NOON - timedelta(days=1)),
    ]
    places = dict(enumerate(sales))
    assert record_together(source="till", told=places, recorded_at=LATER, by=None) == {}

    del places[4]
    done = record_together(source="till", told=places, recorded_at=LATER, by=None)

    assert list(done) == [2]
    assert list(Purchase.objects.values_list("reference", flat=True)) == ["R-3"]


@pytest.mark.django_db
def test_rules_that_ask_for_more_than_the_tier_leave_every_sale_alone():
    shop_with_programme(CAFE + '[[discounts]]\nkey = "he"\nname = "Hè"\npercent = 10\n')
    places = {0: told(CustomerFactory(), "R-1")}

    assert record_together(source="till", told=places, recorded_at=LATER, by=None) == {}
    assert not Purchase.objects.exists()


@pytest.mark.django_db
def test_the_rules_of_its_moment_hold_for_each_sale():
    shop_with_programme()
    twice = CAFE.replace("per_minor = 10_000", "per_minor = 5_000")
    publish(document=twice, effective_from=NOON, at=timezone.now(), by=None)
    customer = CustomerFactory()
    places = {
        0: told(customer, "R-1", at=NOON - timedelta(seconds=1)),
        1: told(customer, "R-2", at=NOON),
    }

    done = record_together(source="till", told=places, recorded_at=LATER, by=None)

    assert [done[0].purchase.points, done[1].purchase.points] == [10, 20]


@pytest.mark.django_db(transaction=True)
def test_batches_and_single_sales_in_crossing_orders_all_count_once():
    shop_with_programme()
    customers = [CustomerFactory() for _ in range(4)]
    each = rounds(usual=20, soak=100)

    def batch(order):
        for turn in range(each):
            sales = [told(who, f"{turn}/{who.pk}", 10_000) for who in order]
            places = dict(enumerate(sales))
            record_together(source="till", told=places, recorded_at=LATER, by=None)

    def single():
        for turn in range(each):
            for who in customers:
                one_by_one(told(who, f"{turn}/{who.pk}", 10_000), who)

    outcomes = together(*[partial(batch, customers), partial(batch, customers[::-1])] * 2, single)

    assert outcomes == [None] * 5
    assert Purchase.objects.count() == 4 * each
    assert set(Account.objects.values_list("balance", flat=True)) == {each}
    assert verify().problems == ()
