"""A purchase brings a voucher for the next one; what comes back takes it along."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from loyalty.programme.document import InvalidProgramme
from loyalty.programme.models import ProgrammeVersion
from loyalty.purchases.at_once import asks_for_the_tier_only
from loyalty.purchases.proof import verify
from rewards.models import Voucher
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.programmes import line, programme
from tests.factories.sales import give_back, sell, shop_that_says
from tests.factories.vouchers import reward_of

pytestmark = pytest.mark.django_db
INK = (
    '[[coupons]]\nkey = "muc-in"\nname = "Mực in"\nreward = "muc"\ncategories = ["may-in"]\n'
    "valid_days = 30\nmin_order_minor = 100_000\n"
)


def printer(minor=300_000, **more):
    return line(minor, category="may-in", **more)


def ink(minor=50_000):
    return line(minor, category="muc")


@pytest.fixture
def reward(db):
    return reward_of("discount_percent", key="muc", percent=20, scope={"categories": ["muc"]})


@pytest.fixture
def thao(reward):
    shop_that_says(INK)
    return CustomerFactory()


def held(customer):
    return list(Voucher.objects.filter(customer=customer).order_by("pk"))


def states(customer):
    return [voucher.state for voucher in held(customer)]


def test_goods_in_scope_bring_a_personal_voucher_linked_to_the_sale(thao, reward):
    sell(thao, printer())

    (voucher,) = held(thao)
    assert (voucher.reward, voucher.coupon, voucher.state) == (reward, "muc-in", "issued")
    assert (voucher.source, voucher.reference) == ("till", "R-1")
    assert (voucher.usable_from, voucher.expires_on) == (None, date(2026, 12, 22))
    assert (len(voucher.code), len(voucher.token)) == (8, 22)


@pytest.mark.parametrize("lines", [(ink(200_000),), (printer(99_999),), (printer(0), ink(200_000))])
def test_other_goods_small_bills_and_free_ones_bring_none(thao, lines):
    sell(thao, *lines)

    assert held(thao) == []


def test_an_anonymous_sale_brings_none(thao):
    sell(None, printer())

    assert not Voucher.objects.exists()


def test_once_a_customer(thao):
    sell(thao, printer())
    sell(thao, printer(), reference="R-2")
    sell(thao, printer(), reference="R-3", at=NOON + timedelta(days=60))

    assert len(held(thao)) == 1


def test_where_it_repeats_the_next_one_follows_on_each_that_was_used(reward):
    shop_that_says(INK + "repeat = true\n")
    customer = CustomerFactory()
    sell(customer, printer())
    sell(customer, printer(), reference="R-2")
    assert states(customer) == ["issued"]

    for number in (3, 4):
        open_one = held(customer)[-1]
        sell(customer, ink(200_000), reference=f"R-{number}", vouchers=(open_one.code,))

    assert states(customer) == ["used", "used", "issued"]
    assert [voucher.reference for voucher in held(customer)] == ["R-1", "R-3", "R-4"]
    assert verify().problems == ()


def test_one_that_was_not_used_has_no_next(reward):
    shop_that_says(INK + "repeat = true\n")
    customer = CustomerFactory()
    sell(customer, printer())

    sell(customer, printer(), reference="R-2", at=NOON + timedelta(days=60))

    assert len(held(customer)) == 1


def test_it_waits_as_long_as_the_document_says(reward):
    shop_that_says(INK + "usable_after_days = 7\n")
    customer = CustomerFactory()
    sell(customer, printer())

    (voucher,) = held(customer)
    assert (voucher.usable_from, voucher.expires_on) == (date(2026, 11, 29), date(2026, 12, 22))


def test_without_days_of_its_own_it_lives_as_its_reward_says(reward):
    shop_that_says(INK.replace("valid_days = 30\n", ""))
    reward.validity_days, reward.usable_after_days = 10, 2
    reward.save()
    customer = CustomerFactory()
    sell(customer, printer())

    (voucher,) = held(customer)
    assert (voucher.usable_from, voucher.expires_on) == (date(2026, 11, 24), date(2026, 12, 2))


def test_without_its_reward_in_the_catalogue_it_is_not_given(db):
    shop_that_says(INK)
    customer = CustomerFactory()

    assert sell(customer, printer()).purchase.points == 30
    assert held(customer) == []


def test_the_same_sale_again_brings_nothing_more(thao):
    sell(thao, printer())
    sell(thao, printer())

    assert len(held(thao)) == 1


def test_a_full_return_cancels_it_and_the_next_sale_brings_it_again(thao):
    sale = sell(thao, printer()).purchase
    give_back(sale, amount_minor=300_000)
    assert states(thao) == ["cancelled"]

    sell(thao, printer(), reference="R-2")
    assert states(thao) == ["cancelled", "issued"]


def test_what_is_left_decides_after_a_part_came_back(thao):
    sale = sell(thao, printer(), ink()).purchase

    give_back(sale, lines=((2, Decimal(1)),))
    assert states(thao) == ["issued"]
    give_back(sale, "back-2", amount_minor=250_000)
    assert states(thao) == ["cancelled"]


def test_one_that_was_used_stays_used(thao):
    sale = sell(thao, printer()).purchase
    sell(thao, ink(), reference="R-2", vouchers=(held(thao)[0].code,))

    give_back(sale, amount_minor=300_000)

    assert states(thao) == ["used"]
    assert verify().problems == ()


def test_a_sale_given_back_does_not_begin_a_second_chain(reward):
    shop_that_says(INK + "repeat = true\n")
    customer = CustomerFactory()
    sell(customer, printer())
    sales = [
        sell(
            customer,
            ink(200_000),
            reference=f"R-{number}",
            vouchers=(held(customer)[-1].code,),
        ).purchase
        for number in (2, 3)
    ]

    give_back(sales[0], amount_minor=sales[0].amount_minor)
    assert states(customer) == ["used", "used", "issued"]
    give_back(sales[1], "back-2", amount_minor=sales[1].amount_minor)

    assert states(customer) == ["used", "used", "cancelled", "issued"]


def test_such_rules_are_not_for_the_short_way(thao):
    assert not asks_for_the_tier_only(ProgrammeVersion.objects.get().pk)


@pytest.mark.parametrize(
    ("rules", "error"),
    [
        (INK + INK, "coupons[2].key: một phiếu lần sau khác đã có khoá này"),
        (INK + "usable_after_days = 31\n", "coupons[1].usable_after_days: "),
        (INK + 'tiers = ["vip"]\n', "coupons[1].tiers: không có hạng nào mang khoá vip"),
        (INK.replace('reward = "muc"\n', ""), "coupons[1].reward: "),
        (INK + "days = 3\n", "coupons[1].days: không có khoá này"),
    ],
)
def test_a_mistake_is_named_by_its_key(rules, error):
    with pytest.raises(InvalidProgramme) as refused:
        programme(rules)

    assert len(refused.value.errors) == 1
    assert error in refused.value.errors[0]
