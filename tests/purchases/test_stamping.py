"""Stamps with every sale, a voucher for a full card, and both back with the goods."""

from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction

from loyalty.ledger.models import Entry
from loyalty.ledger.proof import verify
from loyalty.programme.basket import Line
from loyalty.programme.versions import in_force, publish
from loyalty.purchases.refunds import refund_purchase, void_purchase
from rewards.models import Reward, StampEntry, Voucher
from rewards.stamp_cards import cards_of
from rewards.vouchers import VoucherRefused, use_voucher
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.referrals import RULES, buy
from tests.factories.shop import StaffFactory, shop_with_programme
from tests.factories.stamps import CARD, card, coffees, drink, shop_with_cards
from tests.faults.together import together

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TODAY = NOON.date()


@pytest.fixture
def shop(db):
    return shop_with_cards()


def give_back(sale, *, lines=(), amount_minor=None, reference="return-1", at=NOON):
    refund_purchase(
        purchase=sale,
        source="counter",
        reference=reference,
        reason="",
        at=at,
        recorded_at=at,
        by=None,
        amount_minor=amount_minor,
        lines=tuple((number, Decimal(count)) for number, count in lines),
    )


def use(voucher):
    staff = StaffFactory()
    use_voucher(voucher=voucher, reference="use", branch=staff.branch, at=NOON, by=staff)


def vouchers(customer):
    return list(Voucher.objects.filter(customer=customer).order_by("pk"))


def states(customer):
    return [voucher.state for voucher in vouchers(customer)]


def test_each_sale_stamps_the_card_and_the_tenth_coffee_gives_one(shop):
    customer = CustomerFactory()
    drink(customer, 4)
    drink(customer, 5)
    assert vouchers(customer) == []

    drink(customer, 1)

    assert card(customer) == [
        ("earned", 4, 4),
        ("earned", 5, 9),
        ("earned", 1, 10),
        ("full", -10, 0),
    ]
    (voucher,) = vouchers(customer)
    assert (voucher.reward.key, voucher.state, voucher.redemption) == ("ca-phe-den", "issued", None)
    assert (voucher.issued_at, voucher.expires_on) == (NOON, date(2026, 12, 22))
    assert len(voucher.code) == 8
    # At no points: the ledger knows of the coffees only.
    assert set(Entry.objects.values_list("kind", flat=True)) == {"earn"}


def test_a_big_basket_fills_several_cards_and_begins_the_next(shop):
    customer = CustomerFactory()

    drink(customer, 23)

    assert card(customer) == [("earned", 23, 23), ("full", -10, 13), ("full", -10, 3)]
    assert states(customer) == ["issued", "issued"]


def test_a_sale_that_is_sent_again_stamps_once(shop):
    customer = CustomerFactory()
    for _time in range(2):
        drink(customer, 10, reference="r-1")

    assert card(customer) == [("earned", 10, 10), ("full", -10, 0)]
    assert len(vouchers(customer)) == 1


def test_other_goods_and_strangers_get_no_stamp(shop):
    customer = CustomerFactory()
    buy(customer)
    buy(None)

    assert StampEntry.objects.count() == 0


def test_a_programme_without_cards_stamps_nothing():
    shop_with_programme()
    drink(CustomerFactory(), 10)

    assert (StampEntry.objects.count(), Voucher.objects.count()) == (0, 0)


def test_the_reward_of_a_full_card_comes_whatever_the_shelf_says(shop):
    Reward.objects.update(stock=0, is_active=False)
    customer = CustomerFactory()

    drink(customer, 10)

    assert states(customer) == ["issued"]
    assert Reward.objects.get().stock == 0


def test_a_card_whose_reward_is_not_in_the_catalogue_stays_full_until_it_is(shop):
    Reward.objects.update(key="khac")
    customer = CustomerFactory()
    drink(customer, 12)
    assert (card(customer), vouchers(customer)) == ([("earned", 12, 12)], [])

    Reward.objects.update(key="ca-phe-den")
    drink(customer, 1)

    assert card(customer)[1:] == [("earned", 1, 13), ("full", -10, 3)]
    assert states(customer) == ["issued"]


# Coming back


def test_goods_that_come_back_take_their_stamps_along(shop):
    customer = CustomerFactory()
    sale = drink(customer, 5)

    give_back(sale, lines=((1, 2),))

    assert card(customer) == [("earned", 5, 5), ("returned", -2, 3)]


@pytest.mark.parametrize(
    ("amounts", "after"),
    [
        ((29_999,), [4]),  # Of five coffees four whole ones are left.
        ((30_000,), [4]),
        ((30_001,), [3]),
        ((60_000, 60_000, 30_000), [3, 1, 0]),
        ((1, 1, 1), [4]),
    ],
)
def test_money_that_comes_back_takes_its_part_of_the_stamps(shop, amounts, after):
    customer = CustomerFactory()
    sale = drink(customer, 5)

    for number, amount_minor in enumerate(amounts):
        give_back(sale, amount_minor=amount_minor, reference=f"return-{number}")

    assert [row[2] for row in card(customer)[1:]] == after


def test_other_goods_of_the_bill_come_back_without_stamps(shop):
    customer = CustomerFactory()
    sale = drink(customer, coffees(3), Line(40_000, category="Trà"))

    give_back(sale, lines=((2, 1),))

    assert card(customer) == [("earned", 3, 3)]


def test_a_stamp_for_the_bill_stays_until_all_of_it_is_back():
    shop_with_cards('per = "sale"')
    customer = CustomerFactory()
    sale = drink(customer, 2)

    give_back(sale, lines=((1, 1),))
    assert card(customer) == [("earned", 1, 1)]
    give_back(sale, lines=((1, 1),), reference="return-2")
    assert card(customer) == [("earned", 1, 1), ("returned", -1, 0)]


def test_a_voucher_that_was_not_used_goes_back_with_the_goods(shop):
    customer = CustomerFactory()
    drink(customer, 8)
    sale = drink(customer, 3)

    give_back(sale, lines=((1, 1),))
    assert states(customer) == ["issued"]
    give_back(sale, lines=((1, 1),), reference="return-2")

    assert card(customer)[3:] == [
        ("returned", -1, 0),
        ("returned", -1, -1),
        ("reopened", 10, 9),
    ]
    assert states(customer) == ["cancelled"]
    with pytest.raises(VoucherRefused, match="tem đã được thu lại"):
        use(vouchers(customer)[0])


def test_a_voucher_that_was_used_is_made_up_for_by_the_next_stamps(shop):
    customer = CustomerFactory()
    sale = drink(customer, 10)
    use(vouchers(customer)[0])

    give_back(sale, lines=((1, 10),))
    drink(customer, 12)

    assert card(customer)[2:] == [("returned", -10, -10), ("earned", 12, 2)]
    assert states(customer) == ["used"]


def test_of_two_vouchers_the_one_that_was_not_used_goes_back(shop):
    customer = CustomerFactory()
    sale = drink(customer, 20)
    use(vouchers(customer)[1])

    give_back(sale, lines=((1, 15),))

    assert states(customer) == ["cancelled", "used"]
    assert card(customer)[3:] == [("returned", -15, -15), ("reopened", 10, -5)]


def test_a_void_takes_all_of_it(shop):
    customer = CustomerFactory()
    void_purchase(
        purchase=drink(customer, 23),
        source="counter",
        reference="void-1",
        reason="",
        at=NOON,
        recorded_at=NOON,
        by=None,
    )

    assert card(customer)[-1][2] == 0
    assert states(customer) == ["cancelled", "cancelled"]


def test_a_refund_that_is_sent_again_takes_once(shop):
    customer = CustomerFactory()
    sale = drink(customer, 5)
    for _time in range(2):
        give_back(sale, lines=((1, 1),))

    assert card(customer) == [("earned", 5, 5), ("returned", -1, 4)]


def test_the_rules_of_the_sale_say_what_comes_back(shop):
    customer = CustomerFactory()
    sale = drink(customer, 5, at=NOON - DAY)
    publish(document=RULES, effective_from=NOON, at=NOON, by=None)

    give_back(sale, lines=((1, 2),))

    assert card(customer) == [("earned", 5, 5), ("returned", -2, 3)]


# Lapsing


def test_a_card_counts_through_its_last_day():
    shop_with_cards("valid_days = 30")
    customer = CustomerFactory()
    drink(customer, 4)
    drink(customer, 1, at=NOON + 30 * DAY)  # 22 December, the last day.
    assert card(customer)[-1] == ("earned", 1, 5)

    drink(customer, 2, at=NOON + 31 * DAY)

    assert card(customer)[2:] == [("lapsed", -5, 0), ("earned", 2, 2)]
    assert StampEntry.objects.latest("pk").began_on == date(2026, 12, 23)


def test_goods_whose_stamps_have_lapsed_come_back_without_stamps():
    shop_with_cards("valid_days = 30")
    customer = CustomerFactory()
    sale = drink(customer, 4)
    drink(customer, 2, at=NOON + 31 * DAY)

    give_back(sale, lines=((1, 4),), at=NOON + 31 * DAY)

    assert card(customer)[-1] == ("earned", 2, 2)


def test_the_card_after_a_full_one_begins_with_the_sale_that_filled_it():
    shop_with_cards("valid_days = 30")
    customer = CustomerFactory()
    drink(customer, 9)

    drink(customer, 3, at=NOON + 20 * DAY)

    assert StampEntry.objects.latest("pk").began_on == date(2026, 12, 12)


def test_a_reopened_card_is_as_old_as_it_was():
    shop_with_cards("valid_days = 30")
    customer = CustomerFactory()
    drink(customer, 9)
    sale = drink(customer, 1, at=NOON + 20 * DAY)

    give_back(sale, lines=((1, 1),), at=NOON + 20 * DAY)

    assert card(customer)[-1] == ("reopened", 10, 9)
    assert StampEntry.objects.latest("pk").began_on == date(2026, 11, 22)


# What a member sees


def states_of(customer, on=TODAY):
    cards = in_force(NOON).programme.stamp_cards
    return [
        (one.stamps, one.owed, one.last_day) for one in cards_of(customer.pk, cards=cards, on=on)
    ]


def test_a_member_sees_every_card_with_its_last_day():
    shop_with_cards("valid_days = 30", CARD.replace("ca-phe", "tra").replace("Cà phê", "Trà"))
    customer = CustomerFactory()
    drink(customer, 4)

    assert states_of(customer) == [(4, 0, date(2026, 12, 22)), (0, 0, None)]
    assert states_of(customer, on=date(2026, 12, 23)) == [(0, 0, None), (0, 0, None)]


def test_owed_stamps_are_said_apart(shop):
    customer = CustomerFactory()
    sale = drink(customer, 10)
    use(vouchers(customer)[0])
    give_back(sale, lines=((1, 3),))

    assert states_of(customer) == [(0, 3, None)]
    (state,) = cards_of(customer.pk, cards=in_force(NOON).programme.stamp_cards, on=NOON.date())
    assert (state.missing, state.places) == (13, [False] * 10)


# The database


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM rewards_stampentry",
        "UPDATE rewards_stampentry SET stamps = 9",
        "TRUNCATE rewards_stampentry",
    ],
)
def test_stamps_are_never_changed(shop, statement):
    drink(CustomerFactory(), 4)

    with pytest.raises(Exception, match="rewards_stampentry"), transaction.atomic():
        connection.cursor().execute(statement)


@pytest.mark.parametrize(("number", "after"), [(1, 9), (3, 9), (2, 8)])
def test_an_entry_follows_on_the_one_before(shop, number, after):
    customer = CustomerFactory()
    drink(customer, 4)

    with pytest.raises(IntegrityError), transaction.atomic():
        StampEntry.objects.create(
            customer=customer,
            card="ca-phe",
            number=number,
            kind="earned",
            stamps=5,
            stamps_after=after,
            began_on=NOON.date(),
            source="counter",
            reference="by hand",
            occurred_at=NOON,
            recorded_at=NOON,
        )
    assert card(customer) == [("earned", 4, 4)]


@pytest.mark.django_db(transaction=True)
def test_many_tills_at_once_stamp_every_sale_once():
    shop_with_cards()
    customer = CustomerFactory()

    outcomes = together(*(partial(drink, customer, 5, reference=f"r-{n % 8}") for n in range(16)))

    assert [one for one in outcomes if isinstance(one, Exception)] == []
    assert sum(row[1] for row in card(customer) if row[0] == "earned") == 40
    assert len(vouchers(customer)) == 4
    assert card(customer)[-1][2] == 0
    assert verify().problems == ()
