"""
Goods that were cheaper together come back: who breaks a set pays for what is kept as if it had been
bought so, and at the end exactly what was paid has been given back.
"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.ledger.models import Account
from loyalty.programme.basket import Buyer
from loyalty.programme.discounts import price
from loyalty.programme.refunds import SpentPoints
from loyalty.programme.sets import sets_of
from loyalty.programme.versions import publish
from loyalty.purchases.models import PurchaseLine
from loyalty.purchases.previewing import refund_preview
from loyalty.purchases.proof import verify
from loyalty.purchases.refunds import void_purchase
from loyalty.purchases.returns import Piece, Sold, after_return, by_amount, by_lines, return_of
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.programmes import EVERYDAY, ONE_TIER, basket, line, programme
from tests.factories.sales import give_back, sell, shop_that_says
from tests.factories.vouchers import voucher_of
from tests.support.rounds import rounds


def of_sets(buy, get, more=""):
    return (
        f'[[discounts]]\nkey = "bo"\nname = "Bộ"\nbuy = {buy}\nget = {get}\n'
        f'categories = ["tra"]\n{more}'
    )


THREE_FOR_TWO = of_sets(2, 1)
TEN_PERCENT = '[[discounts]]\nkey = "sale"\nname = "S"\npercent = 10\nstackable = true\n'


def tea(minor, quantity="1", **more):
    return line(minor, quantity=quantity, category="tra", **more)


def sold_of(document, *lines):
    """The sale as it would be kept, nothing of it come back."""
    rules = programme(document)
    priced = price(rules, basket=basket(*lines), buyer=Buyer("moi"))
    keys = {off.key for row in priced.discounts for off in row}
    pieces = tuple(
        Piece(number, one.net_minor, 0, quantity=one.quantity)
        for number, one in enumerate(priced.basket.lines, 1)
    )
    return Sold(pieces, 0, 0, sets=sets_of(rules, tier_key="moi", keys=keys, lines=lines))


def given_for(sold, *refunds):
    """What each of these refunds gives back, in turn; each so many of a line, by its number."""
    amounts = []
    for asked in refunds:
        backs = by_lines(sold, [(number, Decimal(count)) for number, count in asked.items()])
        amounts.append(sum(back.amount_minor for back in backs))
        sold = after_return(sold, backs)
    return amounts


SEPARATE = (THREE_FOR_TWO, tea(30_000), tea(20_000), tea(10_000))


@pytest.mark.parametrize(
    ("refunds", "amounts"),
    [
        ([{1: 1, 2: 1}, {3: 1}], [40_000, 10_000]),  # Kept for what it costs by itself.
        ([{3: 1}, {1: 1}, {2: 1}], [0, 30_000, 20_000]),  # The free one was free.
        ([{1: 1}, {2: 1}, {3: 1}], [20_000, 20_000, 10_000]),
        ([{2: 1}, {1: 1}, {3: 1}], [10_000, 30_000, 10_000]),
        ([{1: 1, 2: 1, 3: 1}], [50_000]),
    ],
)
def test_a_set_on_three_lines(refunds, amounts):
    assert given_for(sold_of(*SEPARATE), *refunds) == amounts


@pytest.mark.parametrize(
    ("counts", "amounts"),
    [
        ([1, 1, 1], [0, 30_000, 30_000]),
        ([2, 1], [30_000, 30_000]),
        ([3], [60_000]),
    ],
)
def test_a_set_on_one_line_is_the_same(counts, amounts):
    sold = sold_of(THREE_FOR_TWO, tea(30_000, "3"))

    assert given_for(sold, *({1: count} for count in counts)) == amounts
    alike = sold_of(THREE_FOR_TWO, *[tea(30_000)] * 3)
    units = iter([1, 2, 3])
    asked = [{next(units): 1 for _unit in range(count)} for count in counts]
    assert given_for(alike, *asked) == amounts


def test_of_two_sets_one_goes_back_for_its_price():
    sold = sold_of(THREE_FOR_TWO, tea(30_000, "6"))

    assert given_for(sold, {1: 1}, {1: 2}, {1: 1}, {1: 2}) == [0, 60_000, 0, 60_000]


def test_what_only_sets_reduce_is_reduced_in_part():
    half = of_sets(1, 1, "percent = 50\n")

    assert given_for(sold_of(half, tea(40_000), tea(20_000)), {1: 1}, {2: 1}) == [30_000, 20_000]
    capped = of_sets(1, 1, "cap_minor = 5_000\n")
    assert given_for(sold_of(capped, tea(40_000), tea(20_000)), {1: 1}, {2: 1}) == [35_000, 20_000]


def test_once_a_bill_is_once_a_bill():
    once = of_sets(2, 1, "repeat = false\n")

    assert given_for(sold_of(once, tea(30_000, "6")), {1: 3}, {1: 1}, {1: 2}) == [
        90_000,
        0,
        60_000,
    ]


def test_other_goods_and_other_discounts_are_given_back_as_ever():
    sold = sold_of(THREE_FOR_TWO + TEN_PERCENT, tea(30_000, "3"), line(50_000))

    assert [piece.net_minor for piece in sold.pieces] == [54_000, 45_000]
    assert given_for(sold, {2: 1}, {1: 3}) == [45_000, 54_000]
    assert sold_of(TEN_PERCENT, tea(30_000, "3")).sets is None
    assert sold_of(THREE_FOR_TWO, tea(30_000, "2")).sets is None


def test_nobody_pays_for_giving_a_gift_back():
    """Of a set with two gifts one comes back: the other stays a gift, as it would in the set."""
    sold = sold_of(of_sets(1, 2), *[tea(10_000)] * 3)

    assert given_for(sold, {3: 1}, {2: 1}, {1: 1}) == [0, 0, 10_000]


def test_what_was_given_back_by_amount_lowers_what_is_kept():
    sold = sold_of(THREE_FOR_TWO, tea(30_000, "3"))
    sold = after_return(sold, by_amount(sold, 30_000))

    assert given_for(sold, {1: 1}, {1: 1}, {1: 1}) == [0, 15_000, 15_000]


def test_sets_that_a_voucher_paid_for_break_for_nothing():
    teas = of_sets(2, 1, "stackable = true\n")
    two = teas + teas.replace('"bo"', '"hai"').replace('"tra"', '"banh"')
    goods = [tea(30_000, "3"), line(20_000, quantity="3", category="banh"), line(10_000)]
    sold = sold_of(two, *goods)
    paid = tuple(replace(piece, net_minor=0) for piece in sold.pieces[:2])

    sold = replace(sold, pieces=(*paid, sold.pieces[2]))

    assert given_for(sold, {3: 1}, {1: 1, 2: 1}, {1: 2}, {2: 2}) == [10_000, 0, 0, 0]


@st.composite
def bills(draw):
    buy, get = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    more = draw(st.sampled_from(["", "percent = 50\n", "cap_minor = 7_000\n", "repeat = false\n"]))
    others = draw(st.sampled_from(["", TEN_PERCENT]))
    lines = draw(
        st.lists(
            st.builds(
                line,
                st.integers(0, 50_000),
                quantity=st.sampled_from(["1", "2", "3", "5", "1.5"]),
                category=st.sampled_from(["tra", "tra", "banh"]),
            ),
            min_size=1,
            max_size=4,
        )
    )
    return sold_of(of_sets(buy, get, more) + others, *lines)


@settings(max_examples=rounds(usual=150, soak=15_000))
@given(sold=bills(), data=st.data())
def test_in_any_pieces_no_more_than_was_paid_and_at_the_end_all_of_it(sold, data):
    paid, back, left = sold.amount_minor, 0, [sold.left_minor]
    while any(piece.left_quantity for piece in sold.pieces):
        open_ones = [piece for piece in sold.pieces if piece.left_quantity]
        some = data.draw(st.lists(st.sampled_from(open_ones), unique=True, min_size=1))
        asked = [
            (
                one.number,
                data.draw(st.sampled_from([one.left_quantity, min(one.left_quantity, Decimal(1))])),
            )
            for one in some
        ]
        backs = by_lines(sold, asked)
        made = return_of(sold, backs, policy=SpentPoints.PRO_RATA)
        assert all(back.amount_minor >= 0 for back in backs)
        sold = after_return(sold, backs)
        assert all(piece.left_minor >= 0 for piece in sold.pieces)
        assert made.ends_it is sold.is_empty
        back += made.amount_minor
        left.append(sold.left_minor)

    assert back == paid
    assert all(after <= before for before, after in pairwise(left))


@settings(max_examples=rounds(usual=100, soak=10_000))
@given(
    counts=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    minor=st.integers(1, 1_000).map(lambda n: n * 100),
)
def test_of_equal_goods_what_is_kept_is_paid_as_if_it_had_been_bought_so(counts, minor):
    """A cashier's sum: the price of the units that stay, and of a broken set never more than whole."""
    total = sum(counts) + 2
    sold = sold_of(THREE_FOR_TWO, tea(minor, str(total)))
    for count in counts:
        sold = after_return(sold, by_lines(sold, [(1, Decimal(count))]))
        kept = int(sold.pieces[0].left_quantity)
        assert sold.left_minor == (kept - kept // 3) * minor


@pytest.fixture
def thao(db):
    shop_that_says(THREE_FOR_TWO)
    return CustomerFactory()


@pytest.mark.django_db
def test_the_till_gives_back_what_is_not_kept(thao):
    sale = sell(thao, tea(300_000), tea(200_000), tea(100_000)).purchase
    asked = ((1, Decimal(1)), (2, Decimal(1)))

    told = refund_preview(purchase=sale, at=NOON, lines=asked)
    first = give_back(sale, lines=asked)

    assert (told.amount_minor, first.amount_minor) == (400_000, 400_000)
    assert Account.objects.get(customer=thao).balance == 10
    assert verify().problems == ()
    second = give_back(sale, "back-2", lines=((3, Decimal(1)),))
    assert second.amount_minor == 100_000
    assert Account.objects.get(customer=thao).balance == 0
    left = PurchaseLine.objects.order_by("number").values_list("net_minor", "refunded_minor")
    assert list(left) == [(300_000, 300_000), (200_000, 200_000), (0, 0)]
    assert verify().problems == ()


@pytest.mark.django_db
def test_cancelling_the_rest_of_a_broken_set_gives_the_rest(thao):
    sale = sell(thao, tea(30_000), tea(20_000), tea(10_000)).purchase
    give_back(sale, lines=((1, Decimal(1)), (2, Decimal(1))))

    void = void_purchase(
        purchase=sale, source="till", reference="v", reason="", at=NOON, recorded_at=NOON, by=None
    )

    assert void.amount_minor == 10_000
    assert verify().problems == ()


@pytest.mark.django_db
def test_rules_that_came_later_change_nothing_and_vouchers_stay_off(thao):
    codes = (voucher_of(thao).code,)
    sale = sell(thao, tea(60_000, "3"), vouchers=codes).purchase
    publish(
        document="\n".join([of_sets(1, 1), EVERYDAY, ONE_TIER]),
        effective_from=NOON + timedelta(minutes=1),
        at=NOON,
        by=None,
    )

    later = NOON + timedelta(days=1)
    refunds = [
        give_back(sale, f"back-{n}", lines=((1, Decimal(1)),), at=later).amount_minor
        for n in range(3)
    ]

    # Of 180.000đ the voucher took 20.000đ: a unit by itself cost 53.333đ, and two no more than three.
    assert (sale.amount_minor, refunds) == (100_000, [0, 46_666, 53_334])
    assert verify().problems == ()
