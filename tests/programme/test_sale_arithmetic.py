"""A whole sale in arithmetic: price it, pay a part with points, earn on what is left."""

from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from loyalty.programme.basket import Basket, Buyer, Line
from loyalty.programme.discounts import price
from loyalty.programme.earning import earn
from loyalty.programme.paying import offer
from tests.factories.clock import SAIGON
from tests.factories.programmes import EVERYDAY, ONE_TIER, SILVER, line, programme

WAYS = ("net", "gross"), ("with", "without"), ("with", "without"), ("with", "without")
RULES = (
    '[[discounts]]\nkey = "sale"\nname = "S"\npercent = 12.5\ncap_minor = 99_999\n'
    'not_labels = ["thẻ"]\n',
    '[[discounts]]\nkey = "tra"\nname = "T"\npercent = 33\nlabels = ["trà"]\nstackable = true\n',
    '[[marks]]\nname = "Thẻ"\nlabels = ["thẻ"]\nearns = false\npay_with_points = false\n',
    "[pay]\nmoney_minor = 70\nmost_percent = 80\n",
)
EARN = EVERYDAY + '[[earn]]\nname = "U"\npoints = 2\nper = "unit"\nlabels = ["trà"]\n'


def shop(discounts, tax, shipping, paid):
    basis = (
        f'[basis]\ndiscounts = "{discounts}"\ntax = "{tax}"\nshipping = "{shipping}"\n'
        f'paid_with_points = "{paid}"\n'
    )
    tiers = ONE_TIER + "multiplier = 1.3\n" + SILVER
    return programme(basis, *RULES, earn=EARN, tiers=tiers)


@st.composite
def lines(draw):
    bare = Line(draw(st.integers(0, 10**7)), Decimal(draw(st.integers(1, 9_999))).scaleb(-3))
    off = draw(st.integers(0, bare.full_minor))
    tax = draw(st.integers(0, (bare.full_minor - off) // 10))
    labels = draw(st.sampled_from(["", "trà", "thẻ", "trà thẻ"]))
    return Line(
        bare.unit_price_minor,
        bare.quantity,
        discount_minor=off,
        tax_minor=tax,
        labels=frozenset(labels.split()),
    )


@given(
    st.lists(lines(), min_size=1, max_size=6),
    st.tuples(*map(st.sampled_from, WAYS)),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.sampled_from(["moi", "bac"]),
)
def test_a_sale_adds_up_whatever_the_basis(bill, basis, shipping, balance, tier):
    rules, buyer = shop(*basis), Buyer(tier)
    at = datetime(2026, 11, 24, 12, tzinfo=SAIGON)

    priced = price(rules, basket=Basket(tuple(bill), at, shipping_minor=shipping), buyer=buyer)
    paid = offer(rules, basket=priced.basket, buyer=buyer, balance=balance).most_minor
    earning = earn(rules, basket=priced.basket, buyer=buyer, paid_with_points_minor=paid)

    for one in priced.basket.lines:
        assert 0 <= one.tax_minor <= one.net_minor <= one.full_minor
    assert paid <= sum(one.net_minor for one in priced.basket.lines if one.pay_with_points)
    assert sum(earning.line_points) == earning.points >= 0
    for one, points in zip(priced.basket.lines, earning.line_points, strict=True):
        assert one.earns or points == 0 or shipping
    whole = earning.explanation["amount_minor"]
    full = sum(one.full_minor for one in priced.basket.lines if one.earns)
    assert 0 <= whole <= full + shipping
    if basis == ("net", "with", "without", "with"):
        assert whole == sum(one.net_minor for one in priced.basket.lines if one.earns)


@given(
    st.sampled_from(["day", "week", "month", "year", "ever"]),
    st.sampled_from(["step", "end"]),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 10**6)), max_size=25),
)
def test_whatever_is_bought_when_a_cap_is_never_passed_in_its_period(per, stage, sales):
    rules = programme(
        f'[rounding]\nstage = "{stage}"\n', earn=EVERYDAY + f'cap_points = 30\ncap_per = "{per}"\n'
    )
    cap = rules.earn[0].cap
    given_on: Counter[date] = Counter()

    for after, amount in sorted(sales):
        on = date(2026, 1, 1) + timedelta(days=after)
        first = cap.first_day(on)
        before = sum(n for day, n in given_on.items() if first is None or first <= day <= on)
        at = datetime.combine(on, datetime.min.time(), tzinfo=SAIGON)
        earning = earn(
            rules,
            basket=Basket((line(amount),), at),
            buyer=Buyer("moi", given={"mua": before}),
        )
        given_on[on] += earning.given.get("mua", 0)
        assert earning.points <= 30 - before

    for on in given_on:
        first = cap.first_day(on)
        within = (n for day, n in given_on.items() if first is None or first <= day <= on)
        assert sum(within) <= 30
