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
from tests.factories.shop import BranchFactory, ShopFactory, shop_with_programme

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
        "Quà ca-phe-sua-da chỉ có ở chi nhánh b, nhưng không có chi nhánh này.",
    ]


COUPON = """
[[coupons]]
key = "lan-sau"
name = "Lần sau"
reward = "giam"
valid_days = 30
min_order_minor = 50_000
repeat = true
"""
FOR_EVER = (
    "Phiếu lần sau lan-sau hễ dùng là có phiếu mới, lại trả đủ hoá đơn nhỏ nhất được dùng:"
    " khách mua hoài không mất tiền."
)


@pytest.mark.parametrize(
    ("reward", "endless"),
    [
        ({"kind": "discount_amount", "value_minor": 50_000}, True),
        ({"kind": "discount_amount", "value_minor": 49_999}, False),
        ({"kind": "discount_amount", "value_minor": 50_000, "minimum_minor": 50_001}, False),
        ({"kind": "discount_percent", "percent": 100}, True),
        ({"kind": "discount_percent", "percent": 99}, False),
        ({"kind": "discount_percent", "percent": 100, "most_minor": 50_000}, True),
        ({"kind": "discount_percent", "percent": 100, "most_minor": 49_999}, False),
        ({"kind": "free_item", "value_minor": 50_000}, True),
        ({"kind": "free_item", "value_minor": 30_000}, False),
        ({"kind": "gift", "value_minor": 90_000}, False),
    ],
)
def test_a_coupon_that_pays_for_itself_for_ever_is_named(db, reward, endless):
    shop_with_programme(EVERYDAY + COUPON + ONE_TIER)
    RewardFactory(key="giam", **reward)

    assert broken_promises(at=NOON) == ([FOR_EVER] if endless else [])


def test_publishing_such_a_coupon_says_so_and_once_only_is_no_matter(db, tmp_path, capsys):
    ShopFactory()
    RewardFactory(key="giam", kind="discount_amount", value_minor=50_000)
    rules = tmp_path / "rules.toml"
    for document in (COUPON.replace("repeat = true", ""), COUPON):
        rules.write_text(EVERYDAY + document + ONE_TIER, encoding="utf-8")
        call_command("load_programme", str(rules))

    assert capsys.readouterr().err == f"Note: {FOR_EVER}\n"


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
