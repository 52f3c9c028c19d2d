"""Points as money: how many a bill takes, what they are worth, and which rule says no."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.programme.basket import Buyer
from loyalty.programme.document import InvalidProgramme
from loyalty.programme.paying import Limit, Payment, PointsRefused, offer, pay
from tests.factories.programmes import basket, line, programme

NEW = Buyer("moi")
FIFTIES = "[pay]\nmoney_minor = 1_000\nstep = 50\nminimum = 100\n"
KEEPS = FIFTIES + "keep_at_least = 30\nmost_percent = 50\n"


def paying(rules, points, total_minor, balance=10_000):
    return pay(rules, points=points, basket=basket(line(total_minor)), buyer=NEW, balance=balance)


def offered(rules, total_minor, balance):
    return offer(rules, basket=basket(line(total_minor)), buyer=NEW, balance=balance)


def refused(*args, **more):
    with pytest.raises(PointsRefused) as error:
        paying(*args, **more)
    return error.value.limit, error.value.most


def test_points_are_worth_what_the_document_says():
    assert paying(programme(FIFTIES), 150, 1_000_000) == Payment(150, 150_000)
    assert paying(programme("[pay]\nmoney_minor = 1_000\npoints = 3\n"), 6, 9_000) == Payment(
        6, 2_000
    )


def test_no_points_always_fit():
    assert paying(programme(), 0, 0, balance=0) == Payment(0, 0)


def test_the_rule_that_refuses_is_named_with_the_most_that_fits():
    fifties, keeps = programme(FIFTIES), programme(KEEPS)

    assert refused(programme(), 1, 10_000) == (Limit.OFF, 0)
    assert refused(programme(FIFTIES + "enabled = false\n"), 100, 10**6) == (Limit.OFF, 0)
    assert refused(fifties, 50, 1_000_000) == (Limit.MINIMUM, 1_000)
    assert refused(fifties, 130, 1_000_000) == (Limit.STEP, 1_000)
    assert refused(fifties, 200, 1_000_000, balance=199) == (Limit.BALANCE, 150)
    assert refused(fifties, 200, 199_999) == (Limit.BILL, 150)
    assert refused(keeps, 200, 1_000_000, balance=229) == (Limit.KEEP, 150)
    assert refused(keeps, 200, 399_999) == (Limit.PERCENT, 150)
    assert refused(fifties, 100, 0) == (Limit.BILL, 0)
    assert refused(fifties, 100, 10**6, balance=-5) == (Limit.BALANCE, 0)


def test_the_refusal_says_what_can_be_done():
    with pytest.raises(PointsRefused, match=r"nhiều nhất 150 điểm\."):
        paying(programme(KEEPS), 200, 399_999)
    with pytest.raises(PointsRefused, match=r"dùng được nhiều nhất 1\.500 điểm\."):
        paying(programme(FIFTIES), 2_000, 1_500_000)


def test_a_negative_number_is_a_mistake_of_the_program():
    with pytest.raises(ValueError, match="-1"):
        paying(programme(FIFTIES), -1, 100_000)


def test_goods_that_may_not_be_paid_with_points_are_left_out():
    mark = '[[marks]]\nname = "Thẻ quà"\nlabels = ["the-qua"]\npay_with_points = false\n'
    rules = programme(FIFTIES, mark)
    gift, tea = line(500_000, labels="the-qua"), line(120_000)

    mixed = offer(rules, basket=basket(gift, tea), buyer=NEW, balance=999)
    only = offer(rules, basket=basket(gift), buyer=NEW, balance=999)

    assert (mixed.most, mixed.limit) == (100, Limit.BILL)
    assert (only.most, only.limit) == (0, Limit.GOODS)


def test_the_till_is_offered_the_least_half_and_the_most():
    found = offered(programme(FIFTIES), 1_000_000, 480)

    assert (found.step, found.least, found.most, found.most_minor) == (50, 100, 450, 450_000)
    assert [one.points for one in found.suggestions] == [100, 200, 450]
    assert found.limit is Limit.BALANCE


@pytest.mark.parametrize(
    ("total_minor", "balance", "most", "limit"),
    [
        (1_000_000, 1_000, 1_000, None),  # The whole bill.
        (1_000_000, 99, 0, Limit.MINIMUM),
        (1_000_000, 49, 0, Limit.BALANCE),
        (99_999, 1_000, 0, Limit.MINIMUM),
        (30_000, 1_000, 0, Limit.BILL),
        (0, 1_000, 0, Limit.BILL),
    ],
)
def test_what_is_offered_says_why_it_is_not_more(total_minor, balance, most, limit):
    found = offered(programme(FIFTIES), total_minor, balance)

    assert (found.most, found.limit) == (most, limit)


def test_where_points_are_no_money_nothing_is_offered():
    found = offered(programme(), 1_000_000, 1_000)

    assert (found.most, found.suggestions, found.limit) == (0, (), Limit.OFF)


@given(
    total=st.integers(0, 10**10),
    balance=st.integers(-1_000, 10**7),
    points=st.integers(1, 10**7),
    percent=st.integers(1, 100),
)
def test_exactly_what_is_offered_is_taken(total, balance, points, percent):
    rules = programme(FIFTIES + f"keep_at_least = 30\nmost_percent = {percent}\n")
    found = offered(rules, total, balance)

    fits = found.least <= points <= found.most and points % found.step == 0

    if fits:
        paid = paying(rules, points, total, balance)
        assert paid == Payment(points, points * 1_000)
        assert paid.worth_minor * 100 <= total * percent
        assert points <= balance - 30
    else:
        with pytest.raises(PointsRefused):
            paying(rules, points, total, balance)
    for one in found.suggestions:
        assert paying(rules, one.points, total, balance) == one


@pytest.mark.parametrize(
    ("section", "error"),
    [
        ("[pay]\n", "dòng 1: pay.money_minor: một số nguyên từ 1"),
        ("[pay]\nmoney_minor = 1\npoints = 3\nstep = 4\n", "dòng 4: pay.step: bội số của points"),
        (
            "[pay]\nmoney_minor = 1\nstep = 50\nminimum = 70\n",
            "dòng 4: pay.minimum: bội số của step",
        ),
        ("[pay]\nmoney_minor = 1\nmost_percent = 101\n", "dòng 3: pay.most_percent: một số trên 0"),
        ("[pay]\nmoney_minor = 1\nmost = 1\n", "dòng 3: pay.most: không có khoá này"),
    ],
)
def test_a_mistake_in_the_section_is_named(section, error):
    with pytest.raises(InvalidProgramme) as named:
        programme(section)

    assert named.value.errors[0].startswith(error)
