"""Tiers that ask for two things at once, and how the way to the next one is told."""

from datetime import timedelta

import pytest

from loyalty.programme.document import InvalidProgramme
from loyalty.tiers.queries import progress_of
from loyalty.web.shared import currency
from loyalty.web.shared.display import to_go
from tests.factories.clock import NOON, SAIGON
from tests.factories.customers import CustomerFactory
from tests.factories.programmes import EVERYDAY, line, programme
from tests.factories.published import Shop, tier
from tests.factories.sales import sell, shop_that_says

BOTH = '[tier_rules]\nby = "spend"\nand_by = "visits"\n'
TIERS = tier("moi", entry_minor=0, entry_visits=0) + tier(
    "bac", entry_minor=1_000_000, entry_visits=3
)
DAYS = ("2026-01-01", "2026-02-01", "2026-03-01")


def test_both_must_suffice():
    shop = Shop.of(BOTH, EVERYDAY, TIERS)
    million = ("2026-01-01", 1_000_000, 0)

    assert shop.tier("2026-12-31", million) == "moi"
    assert shop.tier("2026-12-31", *((day, 300_000, 0) for day in DAYS)) == "moi"
    assert shop.tier("2026-12-31", *((day, 334_000, 0) for day in DAYS)) == "bac"
    assert shop.tier("2026-12-31", million, ("2026-02-01", 1, 0), ("2026-02-01", 1, 0)) == "moi"


def test_either_that_is_missing_loses_the_tier_at_once():
    shop = Shop.of(
        BOTH + 'window = "rolling"\nmonths = 12\ndowngrade = "at_once"\n', EVERYDAY, TIERS
    )
    spent = [(day, 500_000, 0) for day in DAYS]

    assert shop.tier("2026-12-31", *spent) == "bac"
    assert shop.tier("2027-01-01", *spent) == "moi"  # 1.000.000đ are left, but two visits.


@pytest.mark.parametrize(
    ("ladder", "tiers", "error"),
    [
        ('and_by = "spend"\n', TIERS, "dòng 2: tier_rules.and_by: phải khác với by"),
        (
            'and_by = "visits"\n',
            tier("moi", entry_minor=0, entry_visits=1),
            "dòng 14: tiers[1].entry_visits: hạng đầu tiên bắt đầu từ 0",
        ),
        (
            'and_by = "visits"\n',
            TIERS + tier("vang", entry_minor=2_000_000, entry_visits=2),
            "dòng 26: tiers[3].entry_visits: một hạng không thể cần ít hơn hạng trước",
        ),
    ],
)
def test_a_mistake_is_named_by_line_and_key(ladder, tiers, error):
    with pytest.raises(InvalidProgramme) as refused:
        programme(f"[tier_rules]\n{ladder}", tiers=tiers)

    assert refused.value.errors[0] == error


@pytest.mark.django_db
def test_the_way_up_tells_what_is_still_missing():
    shop_that_says(BOTH, tiers=TIERS)
    customer = CustomerFactory()

    def missing(days):
        sell(customer, line(400_000), reference=f"R-{days}", at=NOON + timedelta(days=days))
        way = progress_of(customer.pk, at=NOON + timedelta(days=days), zone=SAIGON)
        currency.activate("VND")
        try:
            return way.next_tier and to_go(way)
        finally:
            currency.deactivate()

    assert [missing(days) for days in (0, 0.1, 0.2, 1, 2)] == [
        "600.000đ và 2 ngày mua hàng",
        "200.000đ và 2 ngày mua hàng",
        "2 ngày mua hàng",
        "1 ngày mua hàng",
        None,
    ]
