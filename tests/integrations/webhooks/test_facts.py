"""What becomes an event: each fact once, in order, with the customer's sequence and balance."""

from datetime import timedelta

import pytest
from django.db import connection

from customers.changing import Changes, change_customer
from customers.models import Customer
from customers.services import enrol_customer, rename_customer
from loyalty.care.merging import merge_customers
from loyalty.care.parting import undo_merge
from loyalty.integrations.models import Chain, Event
from loyalty.integrations.webhooks import endpoints, gathering
from loyalty.integrations.webhooks.payloads import body_of
from loyalty.shop.models import User
from rewards.cancelling import cancel_redemption
from rewards.models import Redemption, Voucher
from rewards.redemption import redeem_reward
from rewards.vouchers import use_voucher
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, customer_with_points, give_points
from tests.factories.programmes import line
from tests.factories.rewards import RewardFactory
from tests.factories.sales import give_back, sell
from tests.factories.shop import BranchFactory, StaffFactory
from tests.factories.vouchers import shared_voucher, voucher_of
from tests.factories.webhooks import sweep, told, webhook

LATER = NOON + timedelta(hours=1)


def data_of(customer: Customer, kind: str) -> dict:
    return Event.objects.get(customer=customer, type=kind).data


def redeem(customer, reward):
    return redeem_reward(
        customer=customer, reward=reward, source="till", reference="D-1", at=NOON, by=None
    )


def test_without_an_endpoint_nothing_is_looked_at(django_assert_num_queries):
    customer_with_points(10)

    with django_assert_num_queries(1):
        assert sweep() == 0


def test_what_was_before_the_first_endpoint_is_not_told():
    customer = customer_with_points(10)
    webhook()

    assert sweep() == 0
    give_points(customer, 5)
    assert sweep() == 1

    assert told(customer) == [(1, "points.changed", 15)]


def test_a_sale_tells_points_sale_and_tier_in_this_order():
    customer = CustomerFactory()
    webhook()

    sell(customer, line(50_000), at=NOON)
    sweep()

    assert told(customer) == [
        (1, "points.changed", 5),
        (2, "purchase.recorded", 5),
        (3, "tier.changed", 5),
    ]
    assert data_of(customer, "points.changed") == {
        "kind": "earn", "points": 5, "number": 1, "source": "till", "reference": "R-1"
    }  # fmt: skip
    assert data_of(customer, "purchase.recorded") == {
        "source": "till", "reference": "R-1", "amount_minor": 50_000, "points": 5, "spent_points": 0
    }  # fmt: skip
    assert data_of(customer, "tier.changed") == {"from": None, "to": "moi", "reason": "joined"}


@pytest.mark.parametrize("sales", [1, 3])
def test_a_sweep_takes_as_many_queries_for_one_sale_as_for_three(sales, django_assert_num_queries):
    webhook()
    for number in range(sales):
        sell(CustomerFactory(), line(50_000), reference=f"R-{number}")
    sweep()
    for number in range(sales):
        sell(CustomerFactory(), line(50_000), reference=f"S-{number}")

    # Endpoints, savepoint, marks, writers, all the facts, writers, the marks that moved, savepoint.
    with django_assert_num_queries(11):
        assert sweep() == 4 * sales


def test_each_fact_is_told_once_however_often_one_sweeps():
    customer = CustomerFactory()
    webhook()
    sell(customer, line(50_000))

    assert [sweep(), sweep(), sweep()] == [3, 0, 0]


def test_points_are_told_in_the_order_of_their_entries_whatever_the_tills_clocks_say():
    customer = CustomerFactory()
    webhook()
    give_points(customer, 5, at=LATER, reference="first")
    give_points(customer, 7, at=NOON, reference="second")

    sweep()

    assert told(customer) == [(1, "points.changed", 5), (2, "points.changed", 12)]


def test_a_sale_to_nobody_by_name_has_no_sequence():
    webhook()

    sell(None, line(50_000))
    sweep()

    assert told(None) == [(None, "purchase.recorded", None)]


def test_refunds_and_voids():
    customer = CustomerFactory()
    first = sell(customer, line(50_000)).purchase
    webhook()

    give_back(first, amount_minor=20_000)
    sweep()

    assert told(customer) == [(1, "points.changed", 3), (2, "purchase.refunded", 3)]
    assert data_of(customer, "purchase.refunded") == {
        "source": "till", "reference": "R-1", "refund_reference": "back-1",
        "amount_minor": 20_000, "points_taken": 2, "points_returned": 0,
    }  # fmt: skip


def test_a_voucher_is_told_from_issue_to_end_but_never_its_code(db):
    customer, reward = customer_with_points(300), RewardFactory(cost_points=100)
    webhook()
    first = redeem(customer, reward)
    sweep()
    voucher = Voucher.objects.get(redemption=first)
    use_voucher(
        voucher=voucher, reference="U-1", branch=BranchFactory(), at=LATER, by=StaffFactory()
    )
    sweep()

    assert told(customer) == [
        (1, "points.changed", 200),
        (2, "voucher.issued", 200),
        (3, "voucher.used", 200),
    ]
    every_byte = b"".join(map(body_of, Event.objects.all())).decode()
    assert voucher.code not in every_byte
    assert voucher.token not in every_byte
    assert Event.objects.get(type="voucher.used").occurred_at == LATER


def test_vouchers_used_in_a_sale_are_told_each_by_itself_and_none_by_its_code():
    customer = CustomerFactory()
    mine, shared = voucher_of(customer), shared_voucher("TET2027")
    webhook("voucher.used")

    sell(customer, total_minor=100_000, vouchers=(mine.code, shared.code))
    sweep()

    used = Event.objects.filter(customer=customer, type="voucher.used").order_by("sequence")
    assert [event.data for event in used] == [
        {
            "shared_voucher": shared.pk, "reward": shared.reward.key, "source": "till",
            "reference": "R-1", "discount_minor": 20_000,
        },
        {"voucher": mine.pk, "redemption": None, "reward": mine.reward.key},
    ]  # fmt: skip
    said = b"".join(map(body_of, used)).decode()
    assert '"shared_voucher":"shv_' in said
    assert mine.code not in said
    assert "TET2027" not in said


def test_a_cancelled_redemption_tells_its_voucher_and_the_points():
    customer, reward = customer_with_points(300), RewardFactory(cost_points=100)
    redeem(customer, reward)
    webhook()

    cancel_redemption(
        redemption=Redemption.objects.get(), source="till", reason="", at=LATER, by=None
    )
    sweep()

    assert told(customer) == [(1, "points.changed", 300), (2, "voucher.cancelled", 300)]


def test_a_customer_enrolled_and_corrected():
    webhook()
    customer = enrol_customer(phone="0912 345 678", at=NOON, by=None)
    sweep()
    rename_customer(customer=customer, name="Thảo", salutation="", by=None)
    change_customer(customer=customer, changes=Changes(email="thao@example.com"), by=None)
    sweep()
    Customer.objects.filter(pk=customer.pk).update(name="Thảo")  # As it was.
    sweep()

    assert told(customer) == [(1, "customer.created", 0), (2, "customer.updated", 0)]
    said = b"".join(map(body_of, Event.objects.all())).decode()
    assert not any(word in said for word in ("912345678", "Thảo", "thao"))


def test_a_merge_tells_both_customers_and_so_does_undoing_it():
    kept, duplicate = customer_with_points(40), customer_with_points(10)
    manager = StaffFactory(role=User.Role.MANAGER)
    webhook()

    merge = merge_customers(kept=kept, duplicate=duplicate, reason="x", at=NOON, by=manager)
    sweep()
    undo_merge(merge=merge, reason="y", at=LATER, by=manager)
    sweep()

    assert told(kept) == [(1, "points.changed", 50), (2, "points.changed", 40)]
    assert told(duplicate) == [
        (1, "points.changed", 0),
        (2, "customer.merged", 0),
        (3, "points.changed", 10),
        (4, "customer.updated", 10),
    ]
    assert data_of(duplicate, "customer.merged") == {"merged_into": kept.pk}


def test_more_than_a_sweep_holds_is_told_by_the_next_ones(monkeypatch):
    monkeypatch.setattr(gathering, "LIMIT", 2)
    first, second = CustomerFactory(), CustomerFactory()
    webhook()
    for number in range(3):
        sell(first, line(50_000), reference=f"A-{number}")
        sell(second, line(20_000), reference=f"B-{number}")

    assert sweep() == 14

    for customer, points in ((first, 5), (second, 2)):
        balances = [after for _n, _kind, after in told(customer, "points.changed")]
        assert balances == [points, 2 * points, 3 * points]
        assert [place for place, _kind, _after in told(customer)] == [*range(1, 8)]


def test_an_endpoint_gets_only_what_it_asked_for_and_the_sequence_counts_all():
    customer = CustomerFactory()
    endpoint = webhook("tier.changed").endpoint

    sell(customer, line(50_000))
    sweep()

    (delivery,) = endpoint.deliveries.select_related("event")
    assert (delivery.event.type, delivery.event.sequence) == ("tier.changed", 3)
    assert (delivery.state, delivery.due_at) == ("waiting", NOON)


def test_after_a_pause_without_endpoints_the_sequence_goes_on_and_the_balance_is_true():
    customer = customer_with_points(10)
    first = webhook().endpoint
    give_points(customer, 5)
    sweep()
    endpoints.end(endpoint=first)
    give_points(customer, 100)
    assert sweep() == 0

    webhook()
    give_points(customer, 7)
    sweep()

    assert told(customer) == [(1, "points.changed", 15), (2, "points.changed", 122)]
    assert Chain.objects.get().balance == 122


def test_what_was_told_cannot_be_rewritten():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege('integrations_event', 'UPDATE'),"
            " has_table_privilege('integrations_endpointsecret', 'DELETE'),"
            " has_column_privilege('integrations_endpoint', 'url', 'UPDATE')"
        )
        assert cursor.fetchone() == (False, False, False)
