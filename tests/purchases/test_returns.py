"""What goods that come back are worth: in any pieces the same, at the end exactly what was paid."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.errors import DomainError, InvalidInput
from loyalty.programme.refunds import SpentPoints
from loyalty.purchases.returns import (
    Piece,
    Sold,
    all_left,
    by_amount,
    by_lines,
    return_of,
)
from tests.support.rounds import rounds

PRO_RATA, FULL_ONLY = SpentPoints.PRO_RATA, SpentPoints.FULL_ONLY


def sold_of(*pieces, **more):
    points = sum(piece.points for piece in pieces)
    return Sold(pieces, points, tier_points=points, **more)


def piece(number, net_minor, points=0, **more):
    return Piece(number, net_minor, points, **more)


def after(sold, made):
    """The sale as the rows say once that refund is kept."""
    backs = {back.number: back for back in made.backs}
    return replace(
        sold,
        pieces=tuple(
            replace(
                one,
                back_minor=one.back_minor + backs[one.number].amount_minor,
                back_quantity=one.back_quantity + backs[one.number].quantity,
            )
            if one.number in backs
            else one
            for one in sold.pieces
        ),
        returned_points=sold.returned_points + made.returned_points,
        in_points_minor=sold.in_points_minor + made.in_points_minor,
    )


@st.composite
def sales(draw):
    lines = [
        Piece(
            number,
            draw(st.integers(0, 200_000)),
            draw(st.integers(0, 30)),
            counts_for_tier=draw(st.booleans()),
            quantity=Decimal(draw(st.integers(1, 5_000))) / 1000,
        )
        for number in range(1, draw(st.integers(1, 5)) + 1)
    ]
    amount = sum(line.net_minor for line in lines)
    spent_minor = draw(st.integers(0, amount))
    spent = draw(st.integers(1, 500)) if spent_minor else 0
    points = sum(line.points for line in lines)
    tier_points = draw(st.sampled_from([points, points + 7]))
    return Sold(tuple(lines), points, tier_points, spent, spent_minor)


def some_of(draw, sold):
    """One refund of what is left: an amount, or some of some lines."""
    if draw(st.booleans()) and sold.left_minor:
        return by_amount(sold, draw(st.integers(1, sold.left_minor)))
    left = [one for one in sold.pieces if one.left_quantity]
    if not left:
        return ()
    chosen = draw(st.lists(st.sampled_from(left), unique=True, min_size=1))
    thousandths = [int(one.left_quantity * 1000) for one in chosen]
    return by_lines(
        sold,
        [
            (one.number, Decimal(draw(st.sampled_from([most, max(1, most // 2), 1]))) / 1000)
            for one, most in zip(chosen, thousandths, strict=True)
        ],
    )


@settings(max_examples=rounds(usual=200, soak=20_000))
@given(data=st.data())
def test_refunds_in_any_pieces_come_to_one_full_refund(data):
    sold = begun = data.draw(sales())
    policies = st.sampled_from(SpentPoints)
    one_policy = data.draw(st.booleans())
    policy = data.draw(policies)
    whole = return_of(begun, all_left(begun), policy=policy, cancels=True)
    pieces = []
    for _round in range(data.draw(st.integers(0, 6))):
        if sold.is_over:
            break
        policy = policy if one_policy else data.draw(policies)
        backs = some_of(data.draw, sold)
        pieces.append(return_of(sold, backs, policy=policy))
        sold = after(sold, pieces[-1])
    if not sold.is_over:
        pieces.append(return_of(sold, all_left(sold), policy=policy, cancels=True))

    def total(name):
        return sum(getattr(made, name) for made in pieces)

    for name in ("amount_minor", "money_minor", "in_points_minor", "returned_points"):
        assert total(name) == getattr(whole, name), name
    for name in ("points_due", "counted_minor", "tier_points"):
        assert total(name) == getattr(whole, name), name
    assert whole.amount_minor == begun.amount_minor
    assert whole.money_minor == begun.amount_minor - begun.spent_minor
    assert (whole.returned_points, whole.points_due) == (begun.spent_points, begun.points)
    for made in pieces:
        assert min(made.money_minor, made.in_points_minor, made.returned_points) >= 0
        assert min(made.points_due, made.counted_minor, made.tier_points) >= 0


@settings(max_examples=rounds(usual=100, soak=10_000))
@given(data=st.data())
def test_nothing_is_ever_given_back_beyond_what_came_back(data):
    sold = begun = data.draw(sales())
    for _round in range(6):
        if sold.is_over:
            break
        policy = data.draw(st.sampled_from(SpentPoints))
        sold = after(sold, return_of(sold, some_of(data.draw, sold), policy=policy))
        back_minor = begun.amount_minor - sold.left_minor
        money_minor = back_minor - sold.in_points_minor
        assert money_minor <= begun.amount_minor - begun.spent_minor
        assert sold.in_points_minor <= begun.spent_minor
        if begun.spent_minor:
            worth = Fraction(sold.returned_points * begun.spent_minor, begun.spent_points)
            assert money_minor + worth <= back_minor


def test_a_line_that_earned_nothing_takes_no_points_along():
    """odoo/odoo/pull/177312: a partial return without the reward's line took the wrong points."""
    sold = sold_of(piece(1, 100_000, 10), piece(2, 400_000, 0))

    gift = return_of(sold, by_lines(sold, [(2, Decimal(1))]), policy=PRO_RATA)
    bought = return_of(sold, by_lines(sold, [(1, Decimal(1))]), policy=PRO_RATA)

    assert (gift.amount_minor, gift.points_due) == (400_000, 0)
    assert (bought.amount_minor, bought.points_due) == (100_000, 10)


def test_some_of_a_line_brings_its_part_and_the_last_the_rest():
    sold = sold_of(piece(1, 100, 10, quantity=Decimal(3)))

    amounts = []
    for _one in range(3):
        made = return_of(sold, by_lines(sold, [(1, Decimal(1))]), policy=PRO_RATA)
        sold = after(sold, made)
        amounts.append((made.amount_minor, made.points_due))

    assert amounts == [(33, 4), (33, 3), (34, 3)]  # 6.7 and 3.4 points are left: rounded down.


def test_an_amount_is_a_part_of_every_line():
    sold = sold_of(piece(1, 60_000, 6), piece(2, 40_000, 4, counts_for_tier=False))

    made = return_of(sold, by_amount(sold, 50_000), policy=PRO_RATA)

    assert [(back.number, back.amount_minor) for back in made.backs] == [(1, 30_000), (2, 20_000)]
    assert (made.points_due, made.counted_minor) == (5, 30_000)


def test_the_points_that_paid_come_back_by_their_part_of_the_bill():
    sold = sold_of(piece(0, 100_000), spent_points=50, spent_minor=50_000)

    made = return_of(sold, by_amount(sold, 33_333), policy=PRO_RATA)

    assert (made.money_minor, made.in_points_minor, made.returned_points) == (16_667, 16_666, 16)


def test_where_they_come_back_on_a_full_return_only_money_comes_first():
    sold = sold_of(piece(0, 100_000), spent_points=50, spent_minor=50_000)

    first = return_of(sold, by_amount(sold, 60_000), policy=FULL_ONLY)
    rest = after(sold, first)
    last = return_of(rest, by_amount(rest, 40_000), policy=FULL_ONLY)

    assert (first.money_minor, first.in_points_minor, first.returned_points) == (50_000, 10_000, 0)
    assert (last.money_minor, last.in_points_minor, last.returned_points) == (0, 40_000, 50)


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ([(3, Decimal(1))], "lines[0].line"),
        ([(1, Decimal(1)), (1, Decimal(1))], "lines[1].line"),
        ([(0, Decimal(1))], "lines[0].line"),
        ([(1, Decimal("2.001"))], "lines[0].quantity"),
        ([(2, Decimal(1)), (1, Decimal(0))], "lines[1].quantity"),
    ],
)
def test_what_is_not_on_the_bill_cannot_come_back(lines, field):
    sold = sold_of(piece(1, 100, quantity=Decimal(2)), piece(2, 100))

    with pytest.raises(InvalidInput) as refused:
        by_lines(sold, lines)

    assert refused.value.field == field


def test_no_more_comes_back_than_is_left():
    sold = sold_of(piece(1, 60, back_minor=20), piece(2, 40))

    with pytest.raises(DomainError):
        by_amount(sold, 81)
    assert sum(back.amount_minor for back in by_amount(sold, 80)) == 80
