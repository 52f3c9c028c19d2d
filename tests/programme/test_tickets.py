"""What vouchers take off a bill: each what is left by its turn, and nothing below zero."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.programme.basket import Basket, Buyer
from loyalty.programme.discounts import price
from loyalty.programme.earning import earn
from loyalty.programme.paying import pay
from loyalty.programme.scope import Scope
from loyalty.programme.tickets import Kind, Ticket, TicketRefused
from tests.factories.programmes import NOON_THAT_DAY, basket, line, programme
from tests.properties.bills import half_up, parts

NEW = Buyer("moi")
TEN = '[[discounts]]\nkey = "sale"\nname = "S"\npercent = 10\n'
THREE = '[[discounts]]\nkey = "3-1"\nname = "3-1"\nbuy = 2\nget = 1\n'
TEA = Scope(categories=("tra",))
PLAIN = Ticket(0, "qua", "Quà", "Gift", Kind.AMOUNT, "VND", value_minor=20_000)
ITEM = replace(PLAIN, kind=Kind.FREE_ITEM, value_minor=0)


def percent(number, most_minor=0, **more):
    ticket = replace(PLAIN, kind=Kind.PERCENT, value_minor=0, percent=Fraction(number))
    return replace(ticket, most_minor=most_minor, **more)


def tea(minor, **more):
    return line(minor, category="tra", **more)


def priced(rules, bill, *tickets):
    placed = [replace(ticket, place=place) for place, ticket in enumerate(tickets)]
    return price(rules, basket=bill, buyer=NEW, tickets=placed)


def nets(rules, bill, *tickets):
    """What is left to pay for each line."""
    return [one.net_minor for one in priced(rules, bill, *tickets).basket.lines]


def of_total(minor):
    return Basket.of_total(minor, NOON_THAT_DAY)


def refusal(bill, *tickets, rules=None):
    with pytest.raises(TicketRefused) as refused:
        priced(rules or programme(), bill, *tickets)
    return refused.value.field, str(refused.value)


def test_an_amount_is_shared_out_to_the_last_dong():
    bill = basket(line(50_000), line(50_000), line(50_000))

    assert nets(programme(), bill, PLAIN) == [43_333, 43_333, 43_334]


def test_no_bill_falls_below_zero():
    assert nets(programme(), basket(line(15_000), line(3_000)), PLAIN) == [0, 0]
    assert nets(programme(), of_total(15_000), PLAIN) == [0]


def test_a_percentage_has_a_cap():
    assert nets(programme(), of_total(99_995), percent(10)) == [89_995]
    assert nets(programme(), of_total(500_000), percent(10, most_minor=30_000)) == [470_000]


def test_only_the_goods_it_is_for_are_reduced():
    bill = basket(tea(30_000), line(100_000))

    assert nets(programme(), bill, replace(PLAIN, scope=TEA)) == [10_000, 100_000]
    assert nets(programme(), bill, replace(PLAIN, scope=TEA, value_minor=50_000)) == [0, 100_000]
    assert nets(programme(), bill, percent(50, scope=TEA)) == [15_000, 100_000]


def test_the_programmes_discounts_come_first_then_each_voucher_in_its_turn():
    bill = of_total(100_000)

    assert nets(programme(TEN), bill, percent(50), PLAIN) == [25_000]
    assert nets(programme(TEN), bill, PLAIN, percent(50)) == [35_000]


def test_it_says_which_voucher_took_what_off_which_line():
    done = priced(programme(TEN), basket(line(50_000), line(50_000)), PLAIN, percent(50))

    rows = [[(one.key, one.voucher, one.minor) for one in row] for row in done.discounts]
    assert rows == [[("sale", 0, 5_000), ("qua", 1, 10_000), ("qua", 2, 17_500)]] * 2
    assert [done.voucher_minor(place) for place in (0, 1)] == [20_000, 35_000]
    assert done.discount_minor == 65_000


def test_the_cheapest_eligible_unit_is_free():
    bill = basket(tea(45_000), tea(39_000, quantity="2"), line(10_000))

    assert nets(programme(), bill, replace(ITEM, scope=TEA)) == [45_000, 39_000, 10_000]
    assert nets(programme(), bill, ITEM) == [45_000, 78_000, 0]


def test_a_free_unit_is_not_given_twice():
    bill = basket(tea(45_000), tea(39_000))
    one = replace(ITEM, scope=TEA)

    assert nets(programme(), bill, one, one) == [0, 0]
    field, text = refusal(bill, one, one, one)
    assert (field, text) == ("vouchers[2]", "Hoá đơn này không có gì để ưu đãi trừ vào.")


def test_a_unit_that_a_rule_gave_is_not_the_vouchers():
    bill = basket(tea(30_000, quantity="3"))
    done = priced(programme(THREE), bill, replace(ITEM, scope=TEA))

    assert [one.net_minor for one in done.basket.lines] == [30_000]
    assert done.basket.lines[0].free_units == 2


def test_a_free_unit_is_not_reduced_by_the_next_percentage():
    bill = basket(tea(30_000, quantity="3"))

    assert nets(programme(), bill, replace(ITEM, scope=TEA), percent(10)) == [54_000]


def test_of_a_sum_alone_goods_are_handed_over_beside_the_bill():
    gift = replace(ITEM, kind=Kind.GIFT)

    assert nets(programme(), of_total(50_000), ITEM, gift) == [50_000]
    assert nets(programme(), basket(line(50_000)), gift) == [50_000]


def test_goods_cannot_be_told_from_a_sum_alone():
    field, text = refusal(of_total(50_000), replace(PLAIN, scope=TEA))

    assert field == "vouchers[0]"
    assert text == "Ưu đãi này chỉ cho một số món; hoá đơn không ghi đã mua những gì."


def test_the_smallest_bill_is_the_one_before_the_programmes_discounts():
    from_hundred = replace(PLAIN, minimum_minor=100_000)

    assert nets(programme(TEN), of_total(100_000), from_hundred) == [70_000]
    assert refusal(of_total(99_999), PLAIN, from_hundred) == (
        "vouchers[1]",
        "Ưu đãi này dùng cho hoá đơn từ 100.000đ.",
    )


def test_nothing_is_lost_where_nothing_is_left():
    assert refusal(of_total(20_000), PLAIN, PLAIN)[0] == "vouchers[1]"
    assert refusal(basket(line(9_000)), replace(PLAIN, scope=TEA))[0] == "vouchers[0]"


def test_what_a_voucher_takes_off_earns_nothing_and_points_pay_the_rest():
    rules = programme("[pay]\nmoney_minor = 1_000\n")
    done = priced(rules, of_total(100_000), PLAIN)
    paid = pay(rules, points=30, basket=done.basket, buyer=NEW, balance=500)
    earning = earn(rules, basket=done.basket, buyer=NEW, paid_with_points_minor=paid.worth_minor)

    assert (done.basket.total_minor, paid.worth_minor, earning.points) == (80_000, 30_000, 5)


def test_a_free_unit_earns_nothing_for_being_a_unit():
    each = '[[earn]]\nname = "Món"\npoints = 2\nper = "unit"\n'
    rules = programme(earn=each)
    done = priced(rules, basket(tea(30_000, quantity="3")), ITEM)

    assert earn(rules, basket=done.basket, buyer=NEW).points == 4


ROWS = st.lists(
    st.tuples(st.integers(0, 99_999), st.integers(1, 4), st.booleans()), min_size=1, max_size=5
)
VOUCHERS = st.lists(
    st.tuples(
        st.sampled_from(["amount", "percent", "item"]),
        st.booleans(),
        st.integers(1, 100),
        st.integers(0, 60_000),
    ),
    max_size=4,
)


def on_paper(rows, vouchers):
    """What is left of each row; None where a voucher would be lost for nothing."""
    left = [price * count for price, count, _tea in rows]
    units = [count for _price, count, _tea in rows]
    for kind, for_tea, number, cap in vouchers:
        open_rows = [
            net if is_tea or not for_tea else 0
            for net, (_price, _count, is_tea) in zip(left, rows, strict=True)
        ]
        off = [0] * len(rows)
        if kind == "item":
            each = [
                (Fraction(net, count), place)
                for place, (net, count) in enumerate(zip(open_rows, units, strict=True))
                if net and count
            ]
            if each:
                price, place = min(each)
                off[place], units[place] = int(price), units[place] - 1
        else:
            whole = number * 1_000 if kind == "amount" else half_up(sum(open_rows), number)
            most = sum(open_rows) if kind == "amount" else cap or whole
            off = parts(min(whole, most), open_rows) if any(open_rows) else off
        if not any(off):
            return None
        left = [net - less for net, less in zip(left, off, strict=True)]
    return left


@given(ROWS, VOUCHERS)
def test_any_vouchers_on_any_bill_come_to_what_paper_says(rows, vouchers):
    tickets = []
    for kind, for_tea, number, cap in vouchers:
        made = {
            "amount": replace(PLAIN, value_minor=number * 1_000),
            "percent": percent(number, most_minor=cap),
            "item": ITEM,
        }[kind]
        tickets.append(replace(made, scope=TEA if for_tea else Scope()))
    bill = basket(
        *(
            line(price, quantity=str(count), category="tra" if is_tea else "")
            for price, count, is_tea in rows
        )
    )

    expected = on_paper(rows, vouchers)
    if expected is None:
        refusal(bill, *tickets)
        return
    done = priced(programme(), bill, *tickets)
    assert [one.net_minor for one in done.basket.lines] == expected
    assert done.discount_minor == bill.total_minor - sum(expected)
    assert all(0 <= one.free_units <= one.quantity for one in done.basket.lines)
    assert all(isinstance(one.quantity, Decimal) for one in done.basket.lines)
