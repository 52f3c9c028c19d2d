"""A tier is reached by what was bought, and by default kept; every move is kept with its reason."""

from datetime import timedelta
from itertools import count

import pytest
from django.db import DatabaseError, transaction

from loyalty.dates import local_date
from loyalty.tiers.models import Qualification, Standing, TierChange
from loyalty.tiers.queries import progress_of
from loyalty.tiers.services import climbs_of, course_of, record
from loyalty.tiers.windows import Event
from tests.factories.clock import NOON, SAIGON
from tests.factories.customers import CustomerFactory
from tests.factories.shop import shop_with_programme

pytestmark = pytest.mark.django_db
numbers = count(1)


@pytest.fixture(autouse=True)
def shop(db):
    return shop_with_programme()


def qualify(customer, spend_minor, *, reference="", at=NOON):
    """Record one event of spend, as a sale does."""
    course = course_of(SAIGON)
    before = climbs_of([customer.pk], course=course, earliest={customer.pk: at})[customer.pk]
    after = before.qualify(Event(at, local_date(at, SAIGON), spend_minor, 0), course)
    event = Qualification(
        customer=customer,
        source="test",
        reference=reference or f"R-{next(numbers)}",
        spend_minor=spend_minor,
        occurred_at=at,
        recorded_at=at,
    )
    record(qualifications=[event], ends=[after], recorded_at=at)


def progress(customer, *, at=NOON):
    return progress_of(customer.pk, at=at, zone=SAIGON)


def test_since_is_the_moment_the_tier_was_reached():
    customer = CustomerFactory()
    qualify(customer, 1_000_000)
    qualify(customer, 10_000, at=NOON + timedelta(days=9))

    standing = Standing.objects.get()
    assert (standing.tier_key, standing.since, standing.visits) == ("bac", NOON, 2)


def test_the_way_to_the_next_tier_is_told_in_money():
    customer = CustomerFactory()
    qualify(customer, 2_650_000)

    way = progress(customer)

    assert (way.tier.key, way.counted) == ("bac", 2_650_000)
    assert way.next_tier is not None
    assert (way.next_tier.key, way.remaining) == ("vang", 350_000)


def test_a_new_customer_starts_at_the_lowest_tier_and_the_top_has_no_next():
    top = CustomerFactory()
    qualify(top, 8_000_000)

    start, end = progress(CustomerFactory()), progress(top)

    assert (start.tier.key, start.counted, start.remaining) == ("moi", 0, 1_000_000)
    assert (end.tier.key, end.next_tier, end.remaining) == ("kim-cuong", None, 0)


def test_every_move_is_kept_with_its_reason_and_an_event_counts_once():
    customer = CustomerFactory()
    qualify(customer, 10_000, reference="R")
    qualify(customer, 3_000_000)

    with pytest.raises(DatabaseError, match="qualification_once"), transaction.atomic():
        qualify(customer, 10_000, reference="R")

    assert list(TierChange.objects.values_list("from_key", "to_key", "reason", "spend_minor")) == [
        ("", "moi", "joined", 10_000),
        ("moi", "vang", "reached", 3_010_000),
    ]
    assert Standing.objects.get(customer=customer).spend_minor == 3_010_000


@pytest.mark.parametrize("model", [Qualification, TierChange])
def test_what_counted_is_never_changed(model):
    qualify(CustomerFactory(), 10_000)

    for forbidden in (
        lambda: model.objects.update(spend_minor=1),
        lambda: model.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            forbidden()
