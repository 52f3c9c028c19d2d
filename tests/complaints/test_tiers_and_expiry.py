"""What users of other systems complained of about tiers and ending points; each thread is named."""

from datetime import date, datetime, timedelta

import pytest

from loyalty.ledger import services as ledger
from loyalty.ledger.models import Lot
from loyalty.ledger.proof import verify
from loyalty.ledger.queries import points_of
from loyalty.purchases.refunds import UnknownPurchase
from loyalty.tiers.models import Standing
from rewards import bonuses
from tests.complaints.counter import TODAY, Visit
from tests.factories.clock import NOON, SAIGON
from tests.factories.customers import give_points
from tests.factories.rewards import RewardFactory
from tests.factories.shop import STARTERS, shop_with_programme

pytestmark = pytest.mark.django_db
CAFE = (STARTERS / "cafe.toml").read_text(encoding="utf-8")


@pytest.fixture
def visit(db):
    shop_with_programme()
    return Visit()


def noon(day):
    return datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=SAIGON)


def test_complaint_the_first_sale_earns_at_the_highest_tier(visit):
    """frappe/erpnext#14930, #22167, #24672 (a Vietnamese user), #45450, #33550, #41564."""
    assert visit.buy(68_000, "R-1") == 6
    assert Standing.objects.get().tier_key == "moi"


def test_complaint_the_sale_that_reaches_a_tier_earns_as_if_it_had_been_there(visit):
    """frappe/erpnext#33550: which tier a sale earns in changes with the sale itself."""
    assert visit.buy(1_000_000, "R-1") == 100
    assert visit.buy(100_000, "R-2") == 12


def test_complaint_spending_points_drops_the_level(visit):
    """DivanteLtd/open-loyalty#131: the tier comes from the balance, not from what was earned."""
    visit.buy(1_000_000, "R-1")

    assert visit.till.redeem("all", RewardFactory(cost_points=100), now=NOON) == "redeemed"

    assert visit.balance == 0
    assert Standing.objects.get().tier_key == "bac"


def test_complaint_points_never_end_though_the_setting_says_so(db):
    """FreeOpenSourcePOS/FloCafe#62: a dead setting, and only the earliest date is shown."""
    shop_with_programme(CAFE.replace("expire_after_months = 12", "expire_after_days = 30"))
    visit = Visit()
    visit.buy(100_000, "R-1", at=noon("2026-11-01"))
    visit.buy(200_000, "R-2", at=noon("2026-11-20"))

    points = points_of(visit.customer.pk, on=TODAY)
    assert points.expiring == ((date(2026, 12, 1), 10), (date(2026, 12, 20), 20))

    ledger.expire_due(at=noon("2026-12-02"))
    assert visit.balance == 20


def test_complaint_points_of_another_kind_never_end(db):
    """liberusoftware/ecommerce-laravel#1056: lots with another label, a liability without ceiling."""
    welcome = "[bonuses.welcome]\npoints = 20\n"
    shop_with_programme(
        CAFE.replace("expire_after_months = 12", "expire_after_days = 30") + welcome
    )
    visit = Visit()
    visit.buy(100_000, "R-1")
    bonuses.welcome(customer=visit.customer, at=NOON, by=None)
    give_points(visit.customer, 5, expires_on=TODAY)
    assert visit.balance == 35

    ledger.expire_due(at=NOON + timedelta(days=400))

    assert not Lot.objects.filter(expires_on=None).exists()
    assert (visit.balance, verify().points) == (0, 0)


def test_complaint_which_points_end_cannot_be_told(visit):
    """odoo/odoo#206048: what is spent comes from the oldest, and what is spent ends no more."""
    give_points(visit.customer, 10, expires_on=TODAY + timedelta(days=9), reference="later")
    give_points(visit.customer, 10, expires_on=TODAY, reference="sooner")
    assert visit.till.redeem("r", RewardFactory(cost_points=12), now=NOON) == "redeemed"

    ledger.expire_due(at=NOON + timedelta(days=1))
    assert visit.balance == 8
    ledger.expire_due(at=NOON + timedelta(days=10))
    assert visit.entries[2:] == [("redeem", -12), ("expire", -8)]


def test_complaint_a_refund_before_its_sale_is_lost(visit):
    """odoo/odoo#270532: tills that were offline tell things in any order."""
    with pytest.raises(UnknownPurchase):
        visit.give_back(50_000, "R-1", "back")
    visit.buy(100_000, "R-1")

    assert visit.give_back(50_000, "R-1", "back") == 5


@pytest.mark.parametrize(
    ("clock", "usable"),
    [("2026-11-22T23:30+07:00", 7), ("2026-11-23T00:30+07:00", 0), ("2026-11-22T16:59+00:00", 7)],
)
def test_complaint_points_end_a_day_early_or_late(visit, clock, usable):
    """mautic/mautic#837, #17319: UTC instead of the local midnight."""
    give_points(visit.customer, 7, expires_on=TODAY)
    reward = RewardFactory(cost_points=7)

    said = visit.till.redeem("r", reward, now=datetime.fromisoformat(clock))

    assert said == ("redeemed" if usable else 0)
