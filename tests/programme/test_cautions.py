"""What whoever publishes a document is told to think over."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command

from loyalty.programme.cautions import cautions
from loyalty.programme.document import parse
from tests.factories.programmes import ONE_TIER, SILVER, programme
from tests.factories.shop import STARTERS, ShopFactory

SALE = '[[discounts]]\nkey = "sale"\nname = "Giảm"\npercent = 30\n'
END = "to = 2026-12-24\n"


@pytest.mark.parametrize("path", sorted(STARTERS.glob("*.toml")), ids=lambda path: path.stem)
def test_the_starters_give_no_cause(path: Path) -> None:
    assert cautions(parse(path.read_text(encoding="utf-8"))) == []


def test_a_discount_for_everybody_should_end() -> None:
    assert cautions(programme(SALE)) == [
        "Ưu đãi sale không có ngày kết thúc: khách sẽ quen luôn giá đã giảm."
    ]
    for kept in (
        END,
        'code = "TET"\n',
        'birthday = "day"\n',
        'tiers = ["bac"]\n',
        "enabled = false\n",
    ):
        assert cautions(programme(SALE + kept)) == []


def test_a_large_discount_should_have_a_cap() -> None:
    large = SALE.replace("30", "30.5") + END

    assert cautions(programme(large)) == ["Ưu đãi sale giảm 30,5% dù hoá đơn lớn đến đâu."]
    assert cautions(programme(large + "cap_minor = 100_000\n")) == []


def test_discounts_that_come_together_are_added_up() -> None:
    on_top = SALE.replace('"sale"', '"them"') + "stackable = true\n" + END
    of_tier = '[[tiers.discounts]]\nkey = "bac"\nname = "Bạc"\npercent = 20\nstackable = true\n'

    assert cautions(programme(SALE + END, on_top)) == [
        "Cộng lại, các ưu đãi có thể giảm đến 51% hoá đơn."
    ]
    assert cautions(programme(on_top, tiers=ONE_TIER + SILVER + of_tier)) == []
    assert cautions(programme(SALE + END, on_top, tiers=ONE_TIER + SILVER + of_tier)) == [
        "Cộng lại, các ưu đãi có thể giảm đến 60,8% hoá đơn."
    ]


def test_points_that_pay_back_too_much_are_named_by_tier() -> None:
    tiers = ONE_TIER + SILVER + "multiplier = 1.5\n"

    assert cautions(programme("[pay]\nmoney_minor = 1_000\n", tiers=tiers)) == []
    assert cautions(programme("[pay]\nmoney_minor = 2_000\n", tiers=tiers)) == [
        "Ở hạng bac, điểm trả lại 30% giá trị mỗi lần mua."
    ]


@pytest.mark.django_db
def test_the_command_says_so_and_publishes_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ShopFactory()
    path = tmp_path / "rules.toml"
    cafe = (STARTERS / "cafe.toml").read_text(encoding="utf-8")
    path.write_text(cafe + SALE, encoding="utf-8")

    call_command("load_programme", str(path))
    said = capsys.readouterr()
    call_command("load_programme", str(path), "--json")

    caution = "Ưu đãi sale không có ngày kết thúc: khách sẽ quen luôn giá đã giảm."
    assert said.out.startswith("version 1, in effect from ")
    assert said.err == f"Note: {caution}\n"
    assert json.loads(capsys.readouterr().out)["cautions"] == [caution]
