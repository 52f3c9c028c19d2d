from datetime import UTC, date, datetime

import pytest

from loyalty.programme.models import ProgrammeVersion
from loyalty.reports.revenue import Revenue, Takings, revenue
from loyalty.reports.shares import Share
from loyalty.tiers.models import Standing
from tests.reports.history import bill, customer

pytestmark = pytest.mark.django_db

NOBODY = Takings("", 0, 0, 0)


def in_tier(tier_key):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    version, _created = ProgrammeVersion.objects.get_or_create(
        number=1, defaults={"document": "", "effective_from": now, "created_at": now}
    )
    who = customer()
    Standing.objects.create(
        customer=who, tier_key=tier_key, spend_minor=0, since=now, programme_version=version
    )
    return who


def test_members_share_and_tiers():
    gold, other_gold, silver, none = in_tier("gold"), in_tier("gold"), in_tier("silver"), customer()
    for who, amount in ((gold, 100), (gold, 200), (other_gold, 300), (silver, 50), (none, 25)):
        bill(who, "2026-01-05", amount=amount)
    bill(None, "2026-01-05", amount=325)

    answer = revenue()

    assert answer == Revenue(
        tiers=(
            Takings("", 1, 1, 25),
            Takings("gold", 2, 3, 600),
            Takings("silver", 1, 1, 50),
        ),
        anonymous=Takings("", 0, 1, 325),
    )
    assert answer.of_members == Share(675, 1000)


def test_only_bills_of_the_period_count_with_both_ends_inside():
    for day in ("2026-01-04", "2026-01-05", "2026-01-06", "2026-01-07"):
        bill(customer(), day, amount=100)

    assert revenue(since=date(2026, 1, 5), until=date(2026, 1, 6)).total_minor == 200


def test_an_empty_shop_has_no_share():
    assert revenue() == Revenue((), NOBODY)
    assert revenue().of_members.tenths is None


@pytest.mark.parametrize("customers", [1, 3])
def test_takes_one_query(customers, django_assert_num_queries):
    for _ in range(customers):
        bill(customer(), "2026-01-05")

    with django_assert_num_queries(1):
        revenue()
