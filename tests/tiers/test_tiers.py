"""A tier is reached by what was spent, and kept."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from loyalty.programme.document import parse
from loyalty.programme.versions import Rules
from loyalty.tiers.models import Qualification, Standing, TierChange
from loyalty.tiers.queries import progress_of
from loyalty.tiers.services import Climb, change_between, climbs_of, record
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.shop import STARTERS, shop_with_programme

CAFE = parse((STARTERS / "cafe.toml").read_text(encoding="utf-8"))
START = Climb(1, "", 0, None, None)


def rules(version_id=1):
    return Rules(version_id, 1, CAFE)


def qualify(customer, spend_minor, *, reference="R-1", version=None):
    """Record one event of spend, as a sale does."""
    in_force = rules(version.pk)
    before = climbs_of([customer.pk])[customer.pk]
    after = before.qualify(spend_minor=spend_minor, at=NOON, rules=in_force)
    event = Qualification(
        customer=customer,
        source="test",
        reference=reference,
        spend_minor=spend_minor,
        occurred_at=NOON,
        recorded_at=NOON,
    )
    change = change_between(before, after, at=NOON, recorded_at=NOON, rules=in_force)
    record(qualifications=[event], changes=[change] if change else [], ends=[after])


@given(st.lists(st.integers(0, 5_000_000), min_size=1, max_size=20))
def test_the_tier_is_that_of_the_sum_and_never_falls_on_the_way(spends):
    climb, seen = START, []
    for spend in spends:
        climb = climb.qualify(spend_minor=spend, at=NOON, rules=rules())
        seen.append(CAFE.tier(climb.tier_key).entry_minor)

    assert climb.spend_minor == sum(spends)
    assert climb.tier_key == CAFE.tier_for_spend(sum(spends)).key
    assert seen == sorted(seen)


def test_since_is_the_moment_the_tier_was_reached():
    silver = START.qualify(spend_minor=1_000_000, at=NOON, rules=rules())
    later = silver.qualify(spend_minor=10_000, at=NOON + timedelta(days=9), rules=rules(2))

    assert (later.tier_key, later.since, later.version_id) == ("bac", NOON, 1)


@pytest.mark.django_db
def test_the_way_to_the_next_tier_is_told_in_money():
    version, customer = shop_with_programme(), CustomerFactory()
    qualify(customer, 2_650_000, version=version)

    progress = progress_of(customer.pk, programme=CAFE)

    assert (progress.tier.key, progress.spend_minor) == ("bac", 2_650_000)
    assert progress.next_tier is not None
    assert (progress.next_tier.key, progress.remaining_minor) == ("vang", 350_000)


@pytest.mark.django_db
def test_a_new_customer_starts_at_the_lowest_tier_and_the_top_has_no_next():
    version, top = shop_with_programme(), CustomerFactory()
    qualify(top, 8_000_000, version=version)

    start = progress_of(CustomerFactory().pk, programme=CAFE)
    end = progress_of(top.pk, programme=CAFE)

    assert (start.tier.key, start.spend_minor, start.remaining_minor) == ("moi", 0, 1_000_000)
    assert (end.tier.key, end.next_tier, end.remaining_minor) == ("kim-cuong", None, 0)


@pytest.mark.django_db
def test_every_move_is_kept_with_its_reason_and_an_event_counts_once():
    version, customer = shop_with_programme(), CustomerFactory()
    qualify(customer, 10_000, version=version)
    qualify(customer, 3_000_000, reference="R-2", version=version)

    with pytest.raises(DatabaseError, match="qualification_once"), transaction.atomic():
        qualify(customer, 10_000, version=version)

    assert list(TierChange.objects.values_list("from_key", "to_key", "reason", "spend_minor")) == [
        ("", "moi", "joined", 10_000),
        ("moi", "vang", "reached", 3_010_000),
    ]
    assert Standing.objects.get(customer=customer).spend_minor == 3_010_000


@pytest.mark.django_db
@pytest.mark.parametrize("model", [Qualification, TierChange])
def test_what_counted_is_never_changed(model):
    version = shop_with_programme()
    qualify(CustomerFactory(), 10_000, version=version)

    for forbidden in (
        lambda: model.objects.update(spend_minor=1),
        lambda: model.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            forbidden()
