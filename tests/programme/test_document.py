"""The programme document: what it may say, and how a mistake in it is named."""

from fractions import Fraction

import pytest

from loyalty.programme.document import SECTIONS, InvalidProgramme, Rounding, RoundingStage, parse
from loyalty.programme.expiry import AfterMonths
from tests.factories.shop import STARTERS

CAFE = (STARTERS / "cafe.toml").read_text(encoding="utf-8")


def test_the_cafe_starter_reads_as_written():
    programme = parse(CAFE)

    assert (programme.point_name, programme.expiry) == ("điểm", AfterMonths(12))
    assert [(rule.points, rule.per_minor) for rule in programme.earn] == [(1, 10_000)]
    assert (programme.rounding, programme.rounding_stage) == (Rounding.FLOOR, RoundingStage.STEP)
    assert [(tier.key, tier.entry, tier.multiplier) for tier in programme.tiers] == [
        ("moi", 0, Fraction(1)),
        ("bac", 1_000_000, Fraction(6, 5)),
        ("vang", 3_000_000, Fraction(3, 2)),
        ("kim-cuong", 8_000_000, Fraction(2)),
    ]


@pytest.mark.parametrize("path", sorted(STARTERS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_starter_is_valid(path):
    parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        (
            "per_minor = 10_000",
            "per_minor = 0",
            "dòng 13: earn[1].per_minor: một số nguyên từ 1 đến 1000000000000",
        ),
        (
            "per_minor = 10_000",
            "per_minor = 10_000.5",
            "dòng 13: earn[1].per_minor: một số nguyên từ 1 đến 1000000000000",
        ),
        (
            "per_minor = 10_000",
            "per_minor = true",
            "dòng 13: earn[1].per_minor: một số nguyên từ 1 đến 1000000000000",
        ),
        (
            'stage = "step"',
            'stage = "later"',
            "dòng 17: rounding.stage: một trong: step, end",
        ),
        (
            'stage = "step"',
            'stages = "step"',
            "dòng 17: rounding.stages: không có khoá này; được dùng: mode, stage",
        ),
        (
            "entry_minor = 3_000_000",
            "entry_minor = 1_000_000",
            "dòng 37: tiers[3].entry_minor: mỗi hạng phải cần nhiều hơn hạng trước",
        ),
        (
            "entry_minor = 0",
            "entry_minor = 5",
            "dòng 23: tiers[1].entry_minor: hạng đầu tiên bắt đầu từ 0",
        ),
        (
            'key = "bac"',
            'key = "moi"',
            "dòng 27: tiers[2].key: một hạng khác đã có khoá này",
        ),
        (
            "multiplier = 1.2",
            "multiplier = 0",
            "dòng 31: tiers[2].multiplier: một số trên 0, nhiều nhất 100, ví dụ 1.2",
        ),
        (
            "multiplier = 1.2",
            "multiplier = nan",
            "dòng 31: tiers[2].multiplier: một số trên 0, nhiều nhất 100, ví dụ 1.2",
        ),
        (
            "expire_after_months = 12",
            "expire_after_months = -1",
            "dòng 6: points.expire_after_months: một số nguyên từ 1 đến 120",
        ),
    ],
)
def test_a_mistake_is_named_by_line_and_key(old, new, error):
    assert old in CAFE

    with pytest.raises(InvalidProgramme) as refused:
        parse(CAFE.replace(old, new, 1))

    assert refused.value.errors == [error]


def test_every_mistake_is_told_at_once():
    with pytest.raises(InvalidProgramme) as refused:
        parse("point = 1\n")

    assert refused.value.errors == [
        f"dòng 1: point: không có khoá này; được dùng: {', '.join(sorted(SECTIONS))}",
        "dòng 1: earn: cần ít nhất một [[earn]]",
        "dòng 1: tiers: cần ít nhất một [[tiers]]",
    ]


@pytest.mark.parametrize("text", ["[", "a = ", "\x00", "earn = 1", "[[points]]\nname = 1"])
def test_what_is_not_a_programme_is_refused(text):
    with pytest.raises(InvalidProgramme):
        parse(text)


def test_the_tier_is_found_by_spend_and_the_next_one_above_it():
    programme = parse(CAFE)

    found = [programme.tier_for(spend).key for spend in (0, 999_999, 1_000_000, 10**11)]

    assert found == ["moi", "moi", "bac", "kim-cuong"]
    after = [programme.tier_after(tier) for tier in programme.tiers]
    assert [tier and tier.key for tier in after] == ["bac", "vang", "kim-cuong", None]
