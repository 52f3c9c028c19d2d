"""[[stamp_cards]]: what they may say, how many stamps a bill gives, and the words for it."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from loyalty.programme.basket import Basket, Buyer, Line
from loyalty.programme.document import InvalidProgramme, parse
from loyalty.programme.promise_sentences import promise_sentences
from loyalty.programme.scope import Scope
from loyalty.programme.stamps import Per, stamps_of
from tests.factories.clock import SAIGON
from tests.factories.referrals import RULES
from tests.factories.stamps import CARD, coffees

AT = datetime(2026, 11, 22, 12, 0, tzinfo=SAIGON)
TEA = Line(40_000, category="Trà")


def cards(*more: str):
    return parse(RULES + CARD + "\n".join(more)).stamp_cards


def given(*lines, more=(), at=AT):
    found = stamps_of(cards(*more), basket=Basket(lines, at), buyer=Buyer("moi"))
    return [(one.card.key, one.stamps) for one in found]


def test_a_card_reads_as_written():
    (card,) = cards("valid_days = 180", 'per = "sale"', "most_per_sale = 3", "enabled = false")

    assert (card.key, card.name, card.label("en")) == ("ca-phe", "Thẻ cà phê", "Coffee card")
    assert (card.per, card.scope) == (Per.SALE, Scope(categories=("Cà phê",)))
    assert (card.needed, card.reward, card.valid_days) == (10, "ca-phe-den", 180)
    assert (card.most_per_sale, card.enabled) == (3, False)
    assert card.last_day(date(2026, 11, 22)) == date(2027, 5, 21)


def test_what_is_left_out_is_as_the_page_says():
    (card,) = cards()

    assert (card.per, card.valid_days, card.most_per_sale, card.enabled) == (
        Per.UNIT,
        None,
        100,
        True,
    )


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("needed = 10", "needed = 1", "dòng 20: stamp_cards[1].needed: một số nguyên từ 2 đến 100"),
        (
            "needed = 10",
            "needed = 10\nneed = 10",
            "dòng 21: stamp_cards[1].need: không có khoá này",
        ),
        ('reward = "ca-phe-den"', "", "dòng 15: stamp_cards[1].reward: cần"),
        ("needed = 10", 'needed = 10\nper = "day"', "dòng 21: stamp_cards[1].per: một trong: unit"),
        ("needed = 10", 'needed = 10\ntiers = ["x"]', "dòng 21: stamp_cards[1].tiers: không có"),
        ("needed = 10", "needed = 10\nvalid_days = 0", "dòng 21: stamp_cards[1].valid_days: một"),
    ],
)
def test_a_mistake_is_named_with_its_line(old, new, error):
    with pytest.raises(InvalidProgramme) as refused:
        parse(RULES + CARD.replace(old, new))

    assert refused.value.errors[0].startswith(error)


def test_two_cards_need_two_keys():
    with pytest.raises(
        InvalidProgramme, match=r"stamp_cards\[2\].key: một thẻ khác đã có khoá này"
    ):
        cards(CARD)


@pytest.mark.parametrize(
    ("lines", "stamps"),
    [
        ((coffees(3), TEA), 3),
        ((coffees(1), coffees(2)), 3),
        ((coffees("0.5"), coffees("1.5")), 2),
        ((coffees("1.9"),), 1),
        ((coffees(250),), 100),
    ],
)
def test_every_whole_unit_in_scope_is_a_stamp(lines, stamps):
    assert given(*lines) == [("ca-phe", stamps)]


@pytest.mark.parametrize("lines", [(TEA,), (coffees("0.5"),), (coffees(1, discount_minor=30_000),)])
def test_other_goods_parts_and_gifts_give_none(lines):
    assert given(*lines) == []


def test_a_bill_with_something_in_scope_is_one_stamp():
    assert given(coffees(3), TEA, more=('per = "sale"',)) == [("ca-phe", 1)]
    assert given(TEA, more=('per = "sale"',)) == []


def test_a_card_rests_when_it_is_off_or_its_day_has_not_come():
    assert given(coffees(1), more=("enabled = false",)) == []
    assert given(coffees(1), more=("from = 2026-11-23",)) == []
    assert given(coffees(1), more=('weekdays = ["sun"]',)) == [("ca-phe", 1)]


def test_what_is_left_of_goods_keeps_whole_units():
    (card,) = cards()

    assert card.stamps([(coffees(5), Fraction(7, 2)), (TEA, Fraction(9))]) == 3


def test_a_bill_known_by_its_sum_is_one_unit_of_anything():
    everything = replace(cards()[0], scope=Scope())
    basket = Basket.of_total(90_000, AT)

    assert stamps_of([everything], basket=basket, buyer=Buyer("moi"))[0].stamps == 1
    assert stamps_of(cards(), basket=basket, buyer=Buyer("moi")) == ()


def test_the_words_for_members():
    def said(language, *more):
        rules = parse(RULES + CARD + "\n".join(more))
        return promise_sentences(
            rules.stamp_cards,
            programme=rules,
            currency="VND",
            language=language,
            on=AT.date(),
            reward_names={"ca-phe-den": "Cà phê đen" if language == "vi" else "Black coffee"},
        )

    assert said("vi", "valid_days = 180", "min_order_minor = 50_000") == [
        "Thẻ cà phê: mỗi món một tem, cho Cà phê, hoá đơn từ 50.000đ; đủ 10 tem: Cà phê đen;"
        " thẻ có giá trị 180 ngày kể từ tem đầu tiên."
    ]
    assert said("en", 'per = "sale"') == [
        "Coffee card: each bill is a stamp, for Cà phê; 10 stamps: Black coffee."
    ]
    assert said("vi", "to = 2026-11-21") == said("vi", "enabled = false") == []


def test_quantities_are_exact():
    assert given(*[coffees("0.1")] * 10) == [("ca-phe", 1)]
    assert Decimal("0.1") * 10 == 1
