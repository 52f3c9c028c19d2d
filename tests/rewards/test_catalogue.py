"""The catalogue follows its document; what is dropped is retired, never deleted."""

from pathlib import Path

import pytest

from rewards.catalogue import InvalidCatalogue, Loaded, dump, load, parse
from rewards.models import Reward
from tests.factories.clock import NOON

pytestmark = pytest.mark.django_db
CAFE = (Path(__file__).resolve().parents[2] / "rewards/starters/cafe.toml").read_text("utf-8")
TEA = '[[rewards]]\nkey = "tea"\nname = "Trà"\ncost_points = 10\n'


def test_the_starter_loads_once_and_reads_back_the_same():
    assert load(CAFE, at=NOON) == Loaded(added=8, changed=0, retired=0)
    assert load(CAFE, at=NOON) == Loaded(added=0, changed=0, retired=0)
    assert load(dump(), at=NOON) == Loaded(added=0, changed=0, retired=0)
    assert [reward.cost_points for reward in Reward.objects.all()] == [
        *(40, 80, 100, 120),
        *(150, 230, 320, 450),
    ]


def test_every_picture_of_the_starter_exists():
    icons = (Path(__file__).resolve().parents[2] / "static/icons.svg").read_text("utf-8")

    assert [r.icon for r in parse(CAFE) if f'<symbol id="{r.icon}"' not in icons] == []


def test_a_reward_that_the_document_drops_is_retired_and_comes_back_when_it_returns():
    load(TEA + TEA.replace("tea", "milk"), at=NOON)

    assert load(TEA, at=NOON) == Loaded(added=0, changed=0, retired=1)
    assert not Reward.objects.get(key="milk").is_active
    assert load(TEA + TEA.replace("tea", "milk"), at=NOON) == Loaded(added=0, changed=1, retired=0)
    assert Reward.objects.get(key="milk").is_active


def test_a_change_is_taken_over_by_key():
    load(TEA, at=NOON)
    before = Reward.objects.get(key="tea").pk

    assert load(TEA.replace("10", "12") + "stock = 3\n", at=NOON) == Loaded(0, 1, 0)

    tea = Reward.objects.get(key="tea")
    assert (tea.pk, tea.cost_points, tea.stock) == (before, 12, 3)


@pytest.mark.parametrize(
    ("document", "line", "key"),
    [
        (TEA + "colour = 1\n", 5, "colour"),
        (TEA.replace("10", "0"), 4, "cost_points"),
        (TEA + 'kind = "car"\n', 5, "kind"),
        (TEA + 'kind = "discount_amount"\n', 1, "value_minor"),
        (TEA + TEA, 6, "key"),
        ("", 1, "rewards"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_changes_nothing(document, line, key):
    load(TEA, at=NOON)
    before = list(Reward.objects.values())

    with pytest.raises(InvalidCatalogue) as error:
        load(document, at=NOON)

    assert str(line) in str(error.value).split(":")[0]
    assert key in str(error.value)
    assert list(Reward.objects.values()) == before


def test_text_with_quotes_and_line_ends_survives_the_round_trip():
    load(TEA, at=NOON)
    Reward.objects.update(name='Trà "sen" \\ vàng\n\t\x01')
    before = list(Reward.objects.values())

    assert load(dump(), at=NOON) == Loaded(0, 0, 0)
    assert list(Reward.objects.values()) == before
