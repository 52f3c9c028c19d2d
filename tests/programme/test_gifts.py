"""Buy some, get some: of every set the cheapest units are free, and nothing is free twice."""

import time
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.programme.basket import Buyer
from loyalty.programme.benefit_sentences import discount_sentences
from loyalty.programme.cautions import cautions
from loyalty.programme.discounts import price
from loyalty.programme.document import InvalidProgramme
from loyalty.programme.scope import Scope
from loyalty.programme.taking import cheapest_free, gift_off
from tests.factories.programmes import NOON_THAT_DAY, basket, line, programme

NEW = Buyer("moi")
THREE = (
    '[[discounts]]\nkey = "3-1"\nname = "Mua 2 tặng 1"\nname_en = "Three for two"\n'
    'buy = 2\nget = 1\ncategories = ["tra"]\nto = 2026-12-24\n'
)
ALL_TEN = '[[discounts]]\nkey = "sale"\nname = "S"\npercent = 10\nstackable = true\n'


def tea(minor, **more):
    return line(minor, category="tra", **more)


def taken(rules, *lines):
    """What each line is reduced by, in đồng."""
    priced = price(rules, basket=basket(*lines), buyer=NEW)
    return [sum(one.minor for one in row) for row in priced.discounts]


def test_of_three_the_cheapest_is_free():
    assert taken(programme(THREE), tea(45_000), tea(30_000), tea(55_000)) == [0, 30_000, 0]


def test_units_of_one_line_count_one_by_one():
    assert taken(programme(THREE), tea(45_000, quantity="7")) == [90_000]
    assert taken(programme(THREE), tea(45_000, quantity="2")) == [0]


def test_every_set_gives_its_own_cheapest_the_dearest_set_first():
    lines = [tea(60_000, quantity="3"), tea(20_000, quantity="4")]

    assert taken(programme(THREE), *lines) == [60_000, 20_000]


def test_once_a_bill_only_the_first_set_counts():
    once = programme(THREE + "repeat = false\n")

    assert taken(once, tea(60_000, quantity="3"), tea(20_000, quantity="3")) == [60_000, 0]


def test_only_whole_units_of_the_goods_in_scope_count():
    tea_and_more = [tea(40_000, quantity="2.9"), line(10_000), tea(50_000, quantity="0.5")]

    assert taken(programme(THREE), *tea_and_more) == [0, 0, 0]
    assert taken(programme(THREE), *tea_and_more, tea(1_000)) == [0, 0, 0, 1_000]


def test_the_price_of_a_unit_is_what_is_paid_for_it_after_the_tills_discount():
    assert taken(programme(THREE), tea(50_000, quantity="3", discount_minor=30_000)) == [40_000]
    assert taken(programme(THREE), tea(100, quantity="3", discount_minor=200 - 1)) == [33]


def test_a_percentage_reduces_the_cheapest_instead():
    half = programme(THREE + "percent = 50\n")

    assert taken(half, tea(45_000), tea(30_000), tea(55_000)) == [0, 15_000, 0]


def test_the_cap_holds_for_the_whole_bill():
    capped = programme(THREE + "cap_minor = 50_000\n")

    assert taken(capped, tea(45_000, quantity="6")) == [50_000]


def test_a_free_unit_is_not_reduced_again():
    rules = programme(THREE + "stackable = true\n", ALL_TEN)

    assert taken(rules, tea(45_000), tea(30_000), tea(55_000)) == [4_500, 30_000, 5_500]
    assert taken(rules, tea(30_000, quantity="3")) == [30_000 + 6_000]


def test_nor_is_it_the_gift_of_another_set():
    twin = THREE.replace('"3-1"', '"them"') + "stackable = true\n"
    rules = programme(THREE + "stackable = true\n", twin)

    assert taken(rules, tea(30_000, quantity="3")) == [30_000]
    assert taken(rules, tea(30_000, quantity="5")) == [60_000]


def test_what_a_limit_cut_short_is_reduced_and_not_free():
    cut = gift_off([tea(30_000, quantity="3")], Scope(), buy=2, get=1, most_minor=10_000)

    assert (cut.shares, cut.free) == ((10_000,), (0,))


def test_the_cheapest_unit_that_is_not_free_yet():
    lines = [tea(30_000, quantity="2"), line(20_000), tea(30_000)]
    scope = Scope(categories=("tra",))

    first = cheapest_free(lines, scope)
    second = cheapest_free(first.off(lines), scope)
    rest = cheapest_free(second.off(first.off(lines)), scope)

    assert (first.shares, first.free) == ((30_000, 0, 0), (1, 0, 0))
    assert second.shares == (30_000, 0, 0)
    assert rest.shares == (0, 0, 30_000)
    nothing = cheapest_free(rest.off(second.off(first.off(lines))), scope)
    assert (nothing.shares, nothing.free) == ((0, 0, 0), (0, 0, 0))


def test_it_competes_with_a_percentage_by_what_it_takes_off():
    ten = ALL_TEN.replace("stackable = true\n", "")

    assert taken(programme(THREE, ten), tea(30_000, quantity="3")) == [30_000]
    assert taken(programme(THREE, ten), tea(30_000, quantity="2")) == [6_000]


LINES = st.lists(
    st.tuples(st.integers(0, 99_999), st.integers(1, 9), st.booleans()), min_size=1, max_size=6
)


def gifts_on_paper(rows, buy, get, most_sets):
    """Every unit written down on its own, dearest first; the last of each set is crossed out."""
    units = [price for price, count, is_tea in rows if is_tea for _one in range(count) if price]
    units.sort(reverse=True)
    sets = [units[place : place + buy + get] for place in range(0, len(units), buy + get)]
    full = [one for one in sets if len(one) == buy + get][:most_sets]
    return sum(sum(one[buy:]) for one in full)


@given(LINES, st.integers(1, 4), st.integers(1, 3), st.sampled_from([1, 2, None]))
def test_it_takes_off_what_one_would_cross_out_on_paper(rows, buy, get, most_sets):
    lines = [
        line(price, quantity=str(count), category="tra" if is_tea else "")
        for price, count, is_tea in rows
    ]

    off = gift_off(lines, Scope(categories=("tra",)), buy=buy, get=get, most_sets=most_sets)

    assert off.minor == gifts_on_paper(rows, buy, get, most_sets)
    left = off.off(lines)
    assert all(one.net_minor >= 0 for one in left)
    assert all(
        Fraction(one.net_minor) == one.unit_price_minor * (one.quantity - one.free_units)
        for one in left
    )


@given(LINES, LINES)
def test_no_way_of_parting_a_bill_brings_more(rows, more):
    def off(some):
        lines = [line(price, quantity=str(count)) for price, count, _tea in some]
        return gift_off(lines, Scope(), buy=2, get=1).minor

    assert off(rows + more) >= off(rows) + off(more)


def sentences(rules, language):
    return discount_sentences(
        rules, currency="VND", language=language, on=NOON_THAT_DAY.date(), branch_names={}
    )


def test_members_read_it_in_a_sentence():
    assert sentences(programme(THREE), "vi") == [
        "Mua 2 tặng 1: mua 2 tặng 1, tính cho 1 món rẻ nhất trong mỗi 3 món, cho tra,"
        " đến hết 24/12/2026."
    ]
    two = THREE.replace("get = 1", "get = 2\npercent = 50\nrepeat = false")
    assert sentences(programme(two), "en") == [
        "Three for two: buy 2, get 2 at 50% off, the 2 cheapest ones of every 4, once a bill,"
        " for tra, through 24 Dec 2026."
    ]
    assert sentences(programme(two), "vi") == [
        "Mua 2 tặng 1: mua 2, giảm 50% cho 2 món, tính cho 2 món rẻ nhất trong mỗi 4 món,"
        " mỗi hoá đơn một lần, cho tra, đến hết 24/12/2026."
    ]


def test_whoever_publishes_it_hears_what_it_costs():
    assert cautions(programme(THREE)) == ["Ưu đãi 3-1 giảm 33,3% dù hoá đơn lớn đến đâu."]
    assert cautions(programme(THREE + "cap_minor = 50_000\n")) == []


def test_a_long_bill_of_odd_weights_is_priced_in_no_time():
    bill = [
        tea(1_009 + number, quantity=Decimal(9_000_001 - 2 * number) / 1_000)
        for number in range(1_000)
    ]
    began = time.process_time()

    assert sum(row > 0 for row in taken(programme(THREE), *bill)) == 1_000
    assert time.process_time() - began < 5  # Shared out as fractions: a quarter of a minute.


@pytest.mark.parametrize(
    ("rules", "error"),
    [
        (THREE.replace("buy = 2\n", ""), "discounts[1].buy: một số nguyên từ 1 đến 100"),
        (THREE.replace("get = 1", "get = 0"), "discounts[1].get: một số nguyên từ 1 đến 100"),
        (ALL_TEN + "repeat = false\n", "discounts[1].repeat: chỉ dùng cùng buy và get"),
    ],
)
def test_a_mistake_is_named_by_its_key(rules, error):
    with pytest.raises(InvalidProgramme) as refused:
        programme(rules)

    assert len(refused.value.errors) == 1
    assert error in refused.value.errors[0]
