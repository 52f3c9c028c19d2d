"""Every limit of a reward survives the round trip; a mistake is named by its line and key."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty.programme.scope import Scope
from rewards.catalogue import InvalidCatalogue, Loaded, dump, load, parse
from rewards.models import Reward
from tests.factories.clock import NOON
from tests.factories.rewards import RewardFactory
from tests.factories.shop import BranchFactory, shop_with_programme
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db
TEA = '[[rewards]]\nkey = "tea"\nname = "Trà"\ncost_points = 10\n'
WHOLE = (
    TEA
    + """kind = "discount_percent"
percent = 15
most_minor = 30_000
minimum_minor = 100_000
stock = 40
most_per_customer = 2
most_per = "month"
most_total = 100
from = 2026-12-01
to = 2026-12-31
early_access = {tiers = ["kim-cuong"], days = 3}
tiers = ["vang", "kim-cuong"]
branches = ["ha-noi"]
usable_after_days = 1
valid_until = 2027-01-15
categories = ["Trà"]
not_skus = ["TRA-01"]
"""
)
DAYS = st.dates(date(2020, 1, 1), date(2035, 12, 31))
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)
NAMES = WORDS.filter(lambda word: word.strip())


@pytest.fixture
def shop(db):
    shop_with_programme()
    BranchFactory(key="ha-noi")


def test_a_document_says_everything_about_a_reward(shop):
    load(WHOLE, at=NOON)

    tea = Reward.objects.get()
    assert (tea.kind, tea.percent, tea.most_minor) == ("discount_percent", 15, 30_000)
    assert (tea.stock, tea.most_per_customer, tea.most_per) == (40, 2, "month")
    assert (tea.most_total, tea.redeemed_total) == (100, 0)
    assert (tea.starts_on, tea.ends_on) == (date(2026, 12, 1), date(2026, 12, 31))
    assert (tea.early_tiers, tea.early_days) == (["kim-cuong"], 3)
    assert (tea.tiers, tea.branches) == (["vang", "kim-cuong"], ["ha-noi"])
    assert tea.goods == Scope(categories=("Trà",), not_skus=("TRA-01",))
    assert tea.usable_from(date(2026, 12, 5)) == date(2026, 12, 6)
    assert tea.last_day(date(2026, 12, 5)) == date(2027, 1, 15)
    assert load(dump(), at=NOON) == Loaded(0, 0, 0)


def test_a_voucher_promised_after_the_last_day_of_all_is_good_for_the_usual_time():
    reward = RewardFactory.build(
        validity_days=None, valid_until=date(2026, 12, 1), usable_after_days=2
    )

    assert reward.last_day(date(2026, 11, 29)) == date(2026, 12, 1)
    assert reward.last_day(date(2026, 11, 30)) == date(2027, 1, 1)


@pytest.mark.parametrize(
    ("lines", "key"),
    [
        ('kind = "discount_percent"\npercent = 101', "percent"),
        ('kind = "discount_percent"', "percent"),
        ("percent = 5", "percent"),
        ("most_minor = 5", "most_minor"),
        ('kind = "gift"\nskus = ["A"]', "skus"),
        ("labels = []", "labels"),
        ('labels = ["a\\u0000"]', "labels"),
        ('most_per = "month"', "most_per"),
        ('most_per_customer = 1\nmost_per = "hour"', "most_per"),
        ("most_per_customer = 0", "most_per_customer"),
        ("most_total = 0", "most_total"),
        ("from = 2026-12-02\nto = 2026-12-01", "to"),
        ('from = "2026-12-02"', "from"),
        ('early_access = {tiers = ["vang"], days = 3}', "early_access"),
        ('from = 2026-12-01\nearly_access = {tiers = ["vang"]}', "early_access.days"),
        ("from = 2026-12-01\nearly_access = {days = 2}", "early_access.tiers"),
        ("from = 2026-12-01\nearly_access = 3", "early_access"),
        ("usable_after_days = 31", "usable_after_days"),
        ("validity_days = 5\nvalid_until = 2026-12-01", "valid_until"),
        ("from = 2026-12-02\nvalid_until = 2026-12-01", "valid_until"),
        ('tiers = ["bac", "gold"]', "tiers"),
        ('branches = ["hue"]', "branches"),
        ('from = 2026-12-01\nearly_access = {tiers = ["gold"], days = 3}', "early_access"),
    ],
)
def test_a_mistake_is_named_by_line_and_key_and_changes_nothing(shop, lines, key):
    load(TEA, at=NOON)
    before = list(Reward.objects.values())

    with pytest.raises(InvalidCatalogue) as error:
        load(TEA + lines + "\n", at=NOON)

    mistakes = str(error.value).splitlines()
    last = TEA.count("\n") + lines.count("\n") + 1
    assert any(f"rewards[1].{key}:" in mistake for mistake in mistakes)
    assert all(1 <= int(mistake.split()[1].rstrip(":")) <= last for mistake in mistakes)
    assert list(Reward.objects.values()) == before


def test_tiers_need_a_programme():
    with pytest.raises(InvalidCatalogue, match="tiers"):
        load(TEA + 'tiers = ["bac"]\n', at=NOON)


@st.composite
def documents(draw) -> str:
    """A reward with any of the keys, as a document that `dump` would not write the same."""
    kind = draw(st.sampled_from(Reward.Kind.values))
    reward = RewardFactory.build(
        kind=kind,
        name=draw(NAMES),
        description=draw(WORDS),
        cost_points=draw(st.integers(1, 10**9)),
        value_minor=draw(st.integers(1, 10**12)),
        minimum_minor=draw(st.integers(0, 10**12)),
        stock=draw(st.none() | st.integers(0, 10**6)),
        most_total=draw(st.none() | st.integers(1, 10**6)),
        starts_on=draw(st.none() | DAYS),
        tiers=draw(st.lists(st.sampled_from(["bac", "vang"]), unique=True)),
        branches=draw(st.lists(st.just("ha-noi"), max_size=1)),
    )
    if kind == "discount_percent":
        reward.percent = draw(st.integers(1, 100))
        reward.most_minor = draw(st.none() | st.integers(1, 10**12))
    if kind != "gift":
        keys = st.sampled_from(["skus", "categories", "labels", "not_skus", "not_labels"])
        reward.scope = draw(st.dictionaries(keys, st.lists(NAMES, min_size=1, max_size=3)))
    if draw(st.booleans()):
        reward.most_per_customer = draw(st.integers(1, 10**6))
        reward.most_per = draw(st.sampled_from(Reward.Per.values))
    if reward.starts_on:
        reward.ends_on = draw(st.none() | DAYS.filter(lambda day: day >= reward.starts_on))
        if draw(st.booleans()):
            reward.early_tiers, reward.early_days = ["vang"], draw(st.integers(1, 365))
    if draw(st.booleans()):
        reward.validity_days = None
        reward.valid_until = draw(DAYS.filter(lambda day: day >= (reward.starts_on or day)))
        reward.usable_after_days = draw(st.integers(0, 365))
    else:
        reward.validity_days = draw(st.integers(1, 3_650))
        reward.usable_after_days = draw(st.integers(0, min(365, reward.validity_days)))
    return reward


@settings(
    max_examples=rounds(usual=20, soak=1_000),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rewards=st.lists(documents(), min_size=1, max_size=3, unique_by=lambda r: r.key))
def test_what_is_written_is_read_back_the_same(shop, rewards):
    with transaction.atomic():
        for position, reward in enumerate(rewards, 1):
            reward.position = position
            reward.redeemed_total = None if reward.most_total is None else 0
        Reward.objects.bulk_create(rewards)
        before = list(Reward.objects.values())
        document = dump()

        assert load(document, at=NOON) == Loaded(0, 0, 0)
        assert list(Reward.objects.values()) == before
        assert len(parse(document)) == len(rewards)
        Reward.objects.all().delete()
        assert load(document, at=NOON) == Loaded(len(rewards), 0, 0)
        assert dump() == document
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    "columns",
    [
        {"percent": 5},
        {"kind": "discount_percent"},
        {"kind": "discount_percent", "percent": 101},
        {"most_minor": 5},
        {"most_per_customer": 1},
        {"most_per": "day"},
        {"most_per_customer": 0, "most_per": "day"},
        {"most_total": 3},
        {"most_total": 3, "redeemed_total": 4},
        {"starts_on": "2026-12-02", "ends_on": "2026-12-01"},
        {"early_tiers": ["vang"], "early_days": 3},
        {"early_tiers": ["vang"], "starts_on": "2026-12-02"},
        {"valid_until": "2026-12-02"},
        {"validity_days": None},
        {"usable_after_days": 31},
    ],
)
def test_the_database_refuses_a_reward_that_contradicts_itself(columns):
    with pytest.raises(IntegrityError, match="reward_"), transaction.atomic():
        RewardFactory(**columns)

    assert not Reward.objects.exists()
