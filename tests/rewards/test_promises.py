"""What the rules promise and the catalogue lacks is said, not refused."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from rewards.checks import promises
from rewards.promises import broken_promises
from tests.factories.clock import NOON
from tests.factories.programmes import EVERYDAY, ONE_TIER
from tests.factories.rewards import RewardFactory
from tests.factories.shop import BranchFactory, shop_with_programme

pytestmark = pytest.mark.django_db
CARD = """
[[stamp_cards]]
key = "ca-phe"
name = "Thẻ cà phê"
needed = 10
reward = "ca-phe-sua-da"
"""
TEA = '[[rewards]]\nkey = "tea"\nname = "Trà"\ncost_points = 10\n'


@pytest.fixture
def shop(db):
    shop_with_programme(EVERYDAY + CARD + ONE_TIER)
    BranchFactory(key="a")


def test_a_card_without_its_reward_is_named(shop):
    assert broken_promises(at=NOON) == [
        "Thẻ cà phê hứa tặng món ca-phe-sua-da, nhưng danh mục quà không có món này."
    ]

    RewardFactory(key="ca-phe-sua-da", is_active=False)  # Given for a full card all the same.
    assert broken_promises(at=NOON) == []


def test_rewards_for_what_is_gone_are_named(shop):
    RewardFactory(key="ca-phe-sua-da", tiers=["moi", "bac"], branches=["a", "b"])
    RewardFactory(is_active=False, tiers=["bac"])

    assert broken_promises(at=NOON) == [
        "Quà ca-phe-sua-da dành cho hạng bac, nhưng không có hạng này.",
        "Quà ca-phe-sua-da chỉ có ở cửa hàng b, nhưng không có cửa hàng này.",
    ]


def test_loading_and_checking_say_it(shop, tmp_path):
    file, said, noted = tmp_path / "c.toml", StringIO(), StringIO()
    file.write_text(TEA, encoding="utf-8")

    call_command("load_catalogue", str(file), stdout=said, stderr=noted)
    assert said.getvalue() == "rewards: 1 added, 0 changed, 0 retired\n"
    assert noted.getvalue().startswith("Note: Thẻ cà phê")
    said = StringIO()
    call_command("load_catalogue", str(file), json=True, stdout=said)
    assert json.loads(said.getvalue())["notes"] == broken_promises(at=NOON)
    assert [warning.msg for warning in promises(databases=["default"])] == broken_promises(at=NOON)
    assert promises(databases=None) == []


def test_before_the_first_run_nothing_is_promised(db):
    assert broken_promises(at=NOON) == []


@pytest.mark.parametrize("count", [1, 3])
def test_it_takes_four_queries(shop, count, django_assert_num_queries):
    RewardFactory.create_batch(count, tiers=["gone"], branches=["gone"])
    broken_promises(at=NOON)  # The programme is read once and kept.

    with django_assert_num_queries(4):
        assert len(broken_promises(at=NOON)) == 1 + 2 * count
