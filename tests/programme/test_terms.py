"""Waiting days and returns: what the document says, and how it is said."""

from datetime import date

import pytest

from loyalty.programme.document import InvalidProgramme, parse
from loyalty.programme.refunds import Clawback, RefundPolicy, SpentPoints
from loyalty.programme.term_sentences import pending_sentences, refund_sentences
from tests.factories.shop import STARTERS

CAFE = (STARTERS / "cafe.toml").read_text(encoding="utf-8")
MONTHS = "expire_after_months = 12"


def rules(points=MONTHS, *, more="", gold=""):
    text = CAFE.replace(MONTHS, points).replace("multiplier = 1.5", f"multiplier = 1.5\n{gold}")
    return parse(f"{text}\n{more}")


def refusals(points=MONTHS, **parts):
    with pytest.raises(InvalidProgramme) as refused:
        rules(points, **parts)
    return refused.value.errors


def test_points_can_be_spent_at_once_unless_the_rules_let_them_wait():
    assert rules().usable_from(date(2026, 11, 22)) is None
    assert pending_sentences(rules(), language="vi") == []


def test_fourteen_pending_days_are_over_on_the_fifteenth():
    programme = rules(f"{MONTHS}\npending_days = 14")

    # The day of the purchase is the first, 6 December the fifteenth.
    assert programme.usable_from(date(2026, 11, 22)) == date(2026, 12, 6)
    assert pending_sentences(programme, language="vi") == [
        "Điểm của hoá đơn dùng được sau 14 ngày kể từ ngày mua."
    ]
    assert pending_sentences(programme, language="en") == [
        "Points of a purchase can be used from 14 days after it."
    ]


@pytest.mark.parametrize(
    ("points", "gold"),
    [
        ("expire_after_days = 14\npending_days = 14", ""),
        ("expire_after_months = 1\npending_days = 28", ""),
        ('expire_each_year_on = "31/12"\npending_days = 1', ""),
        ('expire_each_year_on = "31/12"\nlast_at_least_days = 14\npending_days = 14', ""),
        (f"{MONTHS}\npending_days = 14", "expire_after_days = 10"),
    ],
)
def test_points_may_not_end_before_they_can_be_spent(points, gold):
    errors = refusals(points, gold=gold)

    assert len(errors) == 1
    assert "points.pending_days: điểm có thể hết hạn sau" in errors[0]


@pytest.mark.parametrize(
    "points",
    [
        "pending_days = 365",
        "expire_after_days = 15\npending_days = 14",
        'expire_each_year_on = "31/12"\nlast_at_least_days = 15\npending_days = 14',
    ],
)
def test_points_that_outlast_their_waiting_are_fine(points):
    assert rules(points).pending_days in (14, 365)


def test_returns_follow_the_defaults_when_the_document_is_silent():
    assert rules().refunds == RefundPolicy(Clawback.NEGATIVE, -1_000_000, SpentPoints.PRO_RATA)


def test_returns_as_the_document_says():
    text = '[refunds]\nclawback = "negative"\nlowest = -500\nspent_points = "full_only"'

    assert rules(more=text).refunds == RefundPolicy(Clawback.NEGATIVE, -500, SpentPoints.FULL_ONLY)
    assert rules(more='[refunds]\nclawback = "clamp"').refunds == RefundPolicy(
        Clawback.CLAMP, 0, SpentPoints.PRO_RATA
    )


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ('clawback = "never"', "refunds.clawback: một trong: negative, clamp"),
        ("lowest = 1", "refunds.lowest: một số nguyên từ -1000000000 đến 0"),
        ("lowest = -1_000_000_001", "refunds.lowest: một số nguyên từ -1000000000 đến 0"),
        ('clawback = "clamp"\nlowest = -5', 'refunds.lowest: chỉ khi clawback = "negative"'),
        ('spent_points = "none"', "refunds.spent_points: một trong: pro_rata, full_only"),
        (
            "floor = -5",
            "refunds.floor: không có khoá này; được dùng: clawback, lowest, spent_points",
        ),
    ],
)
def test_a_mistake_in_returns_is_named(line, error):
    errors = refusals(more=f"[refunds]\n{line}")

    assert [text.partition(": ")[2] for text in errors] == [error]


def test_returns_in_sentences():
    assert refund_sentences(rules(), language="vi") == [
        "Trả hàng thì thu lại số điểm món đó đã cộng; phần đã tiêu sẽ trừ vào lần tích điểm sau.",
        "Điểm đã dùng để trả được hoàn lại theo phần hàng trả, giữ nguyên hạn cũ.",
    ]
    strict = rules(more='[refunds]\nclawback = "clamp"\nspent_points = "full_only"')
    assert refund_sentences(strict, language="en") == [
        "A return takes back the points it earned, as far as they are still there.",
        "Points you paid with come back, with their old last day, when all is returned.",
    ]
