"""Tiers in the store: reviewed whenever, given by hand, and proved from the rows below them."""

import json
from datetime import date, datetime, timedelta
from importlib import import_module
from itertools import count

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty.errors import InvalidInput
from loyalty.ledger import services as ledger
from loyalty.purchases.bill import Bill
from loyalty.purchases.recording import quote, record_purchase
from loyalty.tiers import proof
from loyalty.tiers.models import Standing, TierChange, TierFloor
from loyalty.tiers.queries import progress_of
from loyalty.tiers.services import give_tier, review_tiers
from tests.factories.clock import NOON, SAIGON
from tests.factories.customers import CustomerFactory, give_points
from tests.factories.shop import STARTERS, StaffFactory, shop_with_programme
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db
CAFE = (STARTERS / "cafe.toml").read_text(encoding="utf-8")
TWELVE_MONTHS = '[tier_rules]\nwindow = "rolling"\nmonths = 12\ndowngrade = "review"\n'
numbers = count(1)


@pytest.fixture
def shop(db):
    return shop_with_programme(CAFE + TWELVE_MONTHS)


def buy(customer, amount_minor, day, *, recorded=None):
    at = datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=SAIGON)
    return record_purchase(
        source="test",
        reference=f"T-{next(numbers)}",
        customer=customer,
        branch=None,
        bill=Bill.of_total(amount_minor),
        at=at,
        recorded_at=recorded or at,
        by=None,
    )


def noon(day):
    return datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=SAIGON)


def tier(customer, day):
    return progress_of(customer.pk, at=noon(day), zone=SAIGON).tier.key


def changes():
    return list(TierChange.objects.order_by("pk").values_list("from_key", "to_key", "reason"))


def test_a_tier_is_over_on_its_day_whether_or_not_the_review_has_run(shop):
    customer = CustomerFactory()
    buy(customer, 1_000_000, "2025-03-10")

    assert (tier(customer, "2027-03-09"), tier(customer, "2027-03-10")) == ("bac", "moi")
    assert (
        quote(
            customer=customer, branch=None, bill=Bill.of_total(68_000), at=noon("2027-03-09")
        ).points
        == 7
    )
    assert (
        quote(
            customer=customer, branch=None, bill=Bill.of_total(68_000), at=noon("2027-03-10")
        ).points
        == 6
    )
    assert Standing.objects.get().tier_key == "bac"

    assert review_tiers(at=noon("2027-03-10")) == 1
    assert Standing.objects.get().tier_key == "moi"
    moved = TierChange.objects.latest("pk")
    assert (moved.reason, moved.occurred_at) == ("review", noon("2027-03-10") - timedelta(hours=12))


def test_a_review_is_safe_to_run_twice(shop):
    buy(CustomerFactory(), 1_000_000, "2025-03-10")

    assert [review_tiers(at=noon("2027-04-01")) for _ in range(2)] == [1, 0]
    assert changes() == [("", "bac", "joined"), ("bac", "moi", "review")]


def test_a_late_review_dates_the_loss_on_its_day(shop):
    buy(CustomerFactory(), 1_000_000, "2025-03-10")

    review_tiers(at=noon("2029-01-01"))

    assert TierChange.objects.latest("pk").occurred_at == noon("2027-03-10") - timedelta(hours=12)


def test_a_sale_after_the_day_earns_in_the_tier_that_is_left(shop):
    customer = CustomerFactory()
    buy(customer, 1_000_000, "2025-03-10")

    recorded = buy(customer, 68_000, "2027-06-01")

    assert (recorded.tier_before, recorded.tier_after, recorded.purchase.points) == (
        "moi",
        "moi",
        6,
    )
    assert changes()[-1] == ("bac", "moi", "review")


def test_a_late_sale_counts_where_it_happened(shop):
    customer = CustomerFactory()
    buy(customer, 1_000_000, "2025-03-10")
    review_tiers(at=noon("2027-03-10"))

    buy(customer, 1_000_000, "2026-05-01", recorded=noon("2027-03-11"))

    assert Standing.objects.get().tier_key == "bac"
    assert changes()[-1] == ("moi", "bac", "recounted")
    assert proof.verify(at=noon("2027-03-11")).differences == ()


@pytest.mark.parametrize("reviewed", [False, True])
@pytest.mark.parametrize(
    ("day", "tier_key"), [("2025-03-01", "bac"), ("2027-03-09", "bac"), ("2027-03-11", "moi")]
)
def test_a_sale_learned_of_late_earns_the_same_whether_or_not_the_review_has_run(
    shop, day, tier_key, reviewed
):
    customer = CustomerFactory()
    buy(customer, 1_000_000, "2025-03-10")
    if reviewed:
        review_tiers(at=noon("2027-03-12"))

    recorded = buy(customer, 68_000, day, recorded=noon("2027-03-12"))

    assert recorded.tier_before == tier_key
    assert recorded.purchase.points == {"bac": 7, "moi": 6}[tier_key]
    review_tiers(at=noon("2027-03-12"))
    assert changes() == [("", "bac", "joined"), ("bac", "moi", "review")]
    assert proof.verify(at=noon("2027-03-12")).differences == ()


def test_a_sale_learned_of_late_earns_in_the_tier_given_by_hand(shop):
    customer = CustomerFactory()
    buy(customer, 10_000, "2025-03-10")
    give = {"tier_key": "vang", "reason": "Đối tác", "by": StaffFactory()}
    give_tier(customer=customer, through=date(2025, 6, 30), at=noon("2025-03-11"), **give)
    review_tiers(at=noon("2025-07-01"))

    earned = [
        buy(customer, 100_000, day, recorded=noon("2025-07-01")).purchase.points
        for day in ("2025-06-30", "2025-07-01")
    ]

    assert earned == [15, 10]


def test_a_tier_given_by_hand_that_is_over_does_not_come_back_with_a_late_sale(shop):
    customer = CustomerFactory()
    buy(customer, 10_000, "2025-03-10")
    give = {"tier_key": "vang", "reason": "Đối tác", "by": StaffFactory()}
    give_tier(customer=customer, through=date(2025, 6, 30), at=noon("2025-03-11"), **give)
    review_tiers(at=noon("2025-07-01"))
    moved = changes()

    for day in ("2025-06-01", "2025-06-02"):
        assert buy(customer, 100_000, day, recorded=noon("2025-07-02")).purchase.points == 15

    assert Standing.objects.get().tier_key == "moi"
    assert changes() == moved


def test_spending_points_never_lowers_a_tier(shop):
    customer = CustomerFactory()
    buy(customer, 1_000_000, "2026-11-01")
    give_points(customer, 500)

    ledger.spend(
        customer_id=customer.pk,
        points=600,
        source="test",
        reference="spend",
        reason="",
        at=NOON,
        by_id=None,
    )

    assert tier(customer, "2026-11-22") == "bac"
    assert Standing.objects.get().spend_minor == 1_000_000


def test_a_tier_given_by_hand_is_a_floor_with_an_end(shop):
    customer, owner = CustomerFactory(), StaffFactory()
    give_tier(
        customer=customer,
        tier_key="vang",
        through=date(2026, 12, 31),
        reason="Khách của báo",
        at=NOON,
        by=owner,
    )

    assert [tier(customer, day) for day in ("2026-11-22", "2026-12-31", "2027-01-01")] == [
        "vang",
        "vang",
        "moi",
    ]
    assert buy(customer, 60_000, "2026-12-01").purchase.points == 9  # 6 × 1.5
    assert buy(customer, 8_000_000, "2026-12-02").tier_after == "kim-cuong"
    assert review_tiers(at=noon("2027-01-01")) == 0  # By now they have earned a higher one.
    assert changes() == [("", "vang", "hand"), ("vang", "kim-cuong", "reached")]
    assert proof.verify(at=noon("2027-01-01")).differences == ()


def test_a_tier_given_by_hand_ends_with_a_reason(shop):
    customer = CustomerFactory()
    buy(customer, 10_000, "2026-11-20")
    give_tier(
        customer=customer,
        tier_key="vang",
        through=date(2026, 12, 31),
        reason="Quà",
        at=NOON,
        by=StaffFactory(),
    )

    assert review_tiers(at=noon("2027-01-01")) == 1
    assert changes()[1:] == [("moi", "vang", "hand"), ("vang", "moi", "hand_ended")]


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("tier", {"tier_key": "bạch kim"}),
        ("through", {"through": date(2026, 11, 21)}),
        ("reason", {"reason": " "}),
    ],
)
def test_a_gift_that_makes_no_sense_is_refused(shop, field, given):
    asked = {"tier_key": "vang", "through": date(2026, 12, 31), "reason": "Quà"} | given

    with pytest.raises(InvalidInput) as refused:
        give_tier(customer=CustomerFactory(), at=NOON, by=StaffFactory(), **asked)

    assert refused.value.field == field
    assert (TierFloor.objects.count(), Standing.objects.count()) == (0, 0)


def test_what_was_given_is_never_rewritten(shop):
    give_tier(
        customer=CustomerFactory(),
        tier_key="vang",
        through=date(2026, 12, 31),
        reason="Quà",
        at=NOON,
        by=StaffFactory(),
    )

    for forbidden in (
        lambda: TierFloor.objects.update(reason="Khác"),
        lambda: TierFloor.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            forbidden()


def test_the_proof_finds_a_standing_that_was_tampered_with(shop, capsys):
    customer = CustomerFactory()
    buy(customer, 1_000_000, "2026-11-20")
    call_command("verify_tiers", "--json")
    assert json.loads(capsys.readouterr().out) == {"standings": 1, "differences": []}

    Standing.objects.update(earned_key="vang", tier_key="vang")

    with pytest.raises(CommandError, match=rf"customer {customer.pk}: stored \('vang', 'vang'"):
        call_command("verify_tiers")


@time_machine.travel("2027-04-01T00:00:00+07:00")
def test_the_command_reviews_as_of_a_moment_that_has_come(shop, capsys):
    buy(CustomerFactory(), 1_000_000, "2025-03-10")

    call_command("review_tiers", "--at", "2027-03-10T00:00:00+07:00", "--json")
    call_command("review_tiers", "--at", "2027-03-10T00:00:00+07:00")

    assert capsys.readouterr().out == '{"tiers_changed": 1}\ntiers changed: 0\n'
    with pytest.raises(CommandError, match="tiers end when their day is over"):
        call_command("review_tiers", "--at", "2027-04-02T00:00:00+07:00")


def test_standings_of_an_earlier_release_learn_what_their_rows_say(shop):
    customer = CustomerFactory()
    for day in ("2026-10-01", "2026-10-01", "2026-11-20"):
        buy(customer, 600_000, day)
    new = {"earned_key", "points", "visits", "last_visit_on", "counted_at", "settled_on"}
    wanted = Standing.objects.values(*new).get()
    Standing.objects.update(**dict.fromkeys(new) | {"earned_key": "", "points": 0, "visits": 0})

    migration = import_module("loyalty.tiers.migrations.0004_windows_data")
    with connection.cursor() as cursor:
        cursor.execute(migration.STANDINGS)

    assert Standing.objects.values(*new).get() == wanted


LADDERS = [
    "",
    TWELVE_MONTHS,
    '[tier_rules]\nwindow = "rolling"\nmonths = 2\ndowngrade = "at_once"\ngrace_days = 5\n',
    '[tier_rules]\nwindow = "calendar_year"\ndowngrade = "review"\nsteps = "one"\n',
]
step = st.tuples(
    st.integers(0, 900),
    st.sampled_from([None, 10_000, 600_000, 1_000_000, 3_000_000]),
    st.integers(0, 40),
)


# Each example takes back what it wrote.
@pytest.mark.parametrize("ladder", LADDERS, ids=["lifetime", "reviewed", "at once", "year"])
@settings(
    max_examples=rounds(usual=10, soak=1_000),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(step, max_size=12))
def test_what_is_stored_is_what_counting_again_gives(db, ladder, steps):
    """Sales, some learned of late, and reviews at odd times, in any mix."""
    first = date(2025, 1, 1)
    with transaction.atomic():
        shop_with_programme(CAFE + ladder)
        customer = CustomerFactory()
        today = first
        for day, amount, late in sorted(steps, key=lambda one: one[0]):
            today = first + timedelta(days=day)
            if amount is None:
                review_tiers(at=noon(today.isoformat()))
            else:
                buy(
                    customer, amount, today - timedelta(days=late), recorded=noon(today.isoformat())
                )
            assert proof.verify(at=noon(today.isoformat())).differences == ()
        assert proof.verify(at=noon((today + timedelta(days=900)).isoformat())).differences == ()
        transaction.set_rollback(True)


def test_a_review_takes_the_same_statements_for_one_customer_and_for_three(shop):
    def statements(customers):
        for customer in customers:
            buy(customer, 1_000_000, "2025-03-10")
        with connection.execute_wrapper(lambda run, *rest: seen.append(rest[0]) or run(*rest)):
            review_tiers(at=noon("2027-03-10"))

    seen = []
    statements(CustomerFactory.create_batch(1))
    one, seen = len(seen), []
    statements(CustomerFactory.create_batch(3))
    assert len(seen) == one


def test_a_tier_is_given_by_a_command(shop, capsys):
    customer, owner = CustomerFactory(), StaffFactory(username="ha")
    words = [str(customer.pk), "vang", "--through", "2099-12-31", "--reason", "Quà", "--by", "ha"]

    call_command("give_tier", *words, "--json")

    assert json.loads(capsys.readouterr().out) == {"tier": "vang", "through": "2099-12-31"}
    floor = TierFloor.objects.get()
    assert (floor.customer, floor.given_by, floor.reason) == (customer, owner, "Quà")
    with pytest.raises(CommandError):
        call_command("give_tier", *words[:-1], "nobody")
