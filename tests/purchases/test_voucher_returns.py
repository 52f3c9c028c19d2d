"""Goods that were bought with a voucher come back: what was paid, to the đồng, and the voucher."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.ledger.models import Account
from loyalty.programme.refunds import SpentPoints
from loyalty.purchases.models import PurchaseLine
from loyalty.purchases.previewing import refund_preview
from loyalty.purchases.proof import verify
from loyalty.purchases.refunds import void_purchase
from loyalty.purchases.returns import Piece, Sold, by_lines, return_of
from rewards.models import Voucher
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.programmes import line
from tests.factories.sales import give_back, sell, shop_that_says
from tests.factories.stamps import CARD
from tests.factories.vouchers import reward_of, shared_voucher, voucher_of
from tests.web.api.calling import every_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def thao(db):
    shop_that_says()
    return CustomerFactory()


def bought(customer, *vouchers, reference="R-1", at=NOON):
    lines = line(30_000, quantity="2", category="tra"), line(60_000)
    codes = tuple(voucher.code for voucher in vouchers)
    return sell(customer, *lines, reference=reference, vouchers=codes, at=at).purchase


def void(sale, at=NOON):
    return void_purchase(
        purchase=sale, source="till", reference="void", reason="", at=at, recorded_at=at, by=None
    )


def newest(customer):
    return Voucher.objects.filter(customer=customer, replaces__isnull=False).last()


def test_a_full_return_gives_a_new_voucher_with_the_old_days(thao):
    used = voucher_of(thao, usable_from=date(2026, 11, 20), expires_on=date(2026, 12, 1))
    sale = bought(thao, used)

    later = NOON + timedelta(days=3)
    give_back(sale, amount_minor=100_000, at=later)

    used.refresh_from_db()
    new = newest(thao)
    assert (used.state, new.state, new.replaces) == ("used", "issued", used.use)
    assert (new.reward, new.usable_from, new.expires_on) == (
        used.reward,
        date(2026, 11, 20),
        date(2026, 12, 1),
    )
    assert new.code != used.code
    assert bought(thao, new, reference="R-2", at=later).discount_minor == 20_000
    assert verify().problems == ()


def test_cancelling_a_sale_gives_it_back_too(thao):
    void(bought(thao, voucher_of(thao)))

    assert newest(thao).state == "issued"
    assert verify().problems == ()


def test_pieces_come_to_the_whole_and_only_the_last_brings_the_voucher(thao):
    free = voucher_of(thao, reward_of("free_item", scope={"categories": ["tra"]}))
    sale = bought(thao, free, voucher_of(thao))
    nets = [one.net_minor for one in PurchaseLine.objects.order_by("number")]
    assert (nets, sale.amount_minor) == ([23_333, 46_667], 70_000)

    first = give_back(sale, "b-1", lines=((1, Decimal(1)),))
    second = give_back(sale, "b-2", amount_minor=20_001)
    assert newest(thao) is None
    third = give_back(sale, "b-3", lines=((1, Decimal(1)), (2, Decimal(1))))

    assert [one.amount_minor for one in (first, second, third)] == [11_666, 20_001, 38_333]
    assert Voucher.objects.filter(replaces__isnull=False).count() == 2
    assert Account.objects.get(customer=thao).balance == 0
    assert verify().problems == ()


def test_a_part_brings_no_voucher_even_if_the_free_unit_is_in_it(thao):
    free = voucher_of(thao, reward_of("free_item", scope={"categories": ["banh"]}))
    lines = line(50_000), line(20_000, category="banh")
    sale = sell(thao, *lines, vouchers=(free.code,)).purchase

    refund = give_back(sale, lines=((2, Decimal(1)),))

    assert (refund.amount_minor, newest(thao)) == (0, None)
    give_back(sale, "back-2", amount_minor=50_000)
    assert newest(thao) is not None


def test_who_keeps_what_was_free_gets_no_voucher_for_it(thao):
    free = voucher_of(thao, reward_of("free_item", scope={"categories": ["banh"]}))
    lines = line(50_000), line(20_000, category="banh")
    sale = sell(thao, *lines, vouchers=(free.code,)).purchase

    give_back(sale, lines=((1, Decimal(1)),))
    assert newest(thao) is None
    give_back(sale, "back-2", lines=((2, Decimal(1)),))
    assert newest(thao).state == "issued"
    assert verify().problems == ()


def test_what_was_handed_over_beside_the_bill_comes_back_only_with_a_cancelled_sale(thao):
    for number in (1, 2):
        gift = voucher_of(thao, reward_of("gift"))
        sold = sell(thao, line(5_000), reference=f"R-{number}", vouchers=(gift.code,))
        if number == 1:
            give_back(sold.purchase, amount_minor=5_000)
            assert newest(thao) is None
        else:
            void(sold.purchase)
            assert newest(thao).replaces == gift.use


def test_cancelling_after_the_last_line_came_back_gives_nothing_more(thao):
    sale = sell(thao, line(5_000), vouchers=(voucher_of(thao).code,)).purchase
    give_back(sale, lines=((1, Decimal(1)),))

    void(sale)

    assert Voucher.objects.filter(replaces__isnull=False).count() == 1


def test_a_bill_that_a_voucher_paid_whole_gives_it_back_with_its_last_line(thao):
    sale = sell(thao, line(5_000, quantity="2"), vouchers=(voucher_of(thao).code,)).purchase
    assert sale.amount_minor == 0

    give_back(sale, lines=((1, Decimal(1)),))
    assert newest(thao) is None
    give_back(sale, "back-2", lines=((1, Decimal(1)),))

    assert newest(thao).state == "issued"


def test_what_cost_nothing_and_comes_back_last_brings_no_second_one(thao):
    sale = sell(thao, line(50_000), line(0), vouchers=(voucher_of(thao).code,)).purchase

    give_back(sale, lines=((1, Decimal(1)),))
    give_back(sale, "back-2", lines=((2, Decimal(1)),))

    assert Voucher.objects.filter(replaces__isnull=False).count() == 1


def test_one_that_has_ended_meanwhile_is_not_given_again(thao):
    sale = bought(thao, voucher_of(thao, expires_on=date(2026, 11, 24)))

    give_back(sale, amount_minor=100_000, at=NOON + timedelta(days=3))

    assert newest(thao) is None


def test_of_a_shared_one_a_member_gets_their_own(thao):
    shared = shared_voucher(most_uses=2)
    void(bought(thao, shared))

    new = newest(thao)
    shared.refresh_from_db()
    assert (new.customer, new.expires_on, shared.uses) == (thao, shared.expires_on, 1)
    assert (new.replaces.shared, new.replaces.voucher) == (shared, None)


def test_a_preview_gives_nothing(thao):
    sale = bought(thao, voucher_of(thao))
    before = every_row()

    assert refund_preview(purchase=sale, at=NOON).amount_minor == 100_000
    assert every_row() == before


def test_the_same_refund_again_gives_one_voucher(thao):
    sale = bought(thao, voucher_of(thao))
    for _time in range(2):
        give_back(sale, amount_minor=100_000)

    assert Voucher.objects.filter(replaces__isnull=False).count() == 1


@given(
    st.lists(st.tuples(st.integers(0, 99_999), st.integers(1, 5)), min_size=1, max_size=4),
    st.data(),
)
def test_any_lines_in_any_pieces_come_to_what_was_paid(rows, data):
    pieces = tuple(
        Piece(number, net, 0, quantity=Decimal(count))
        for number, (net, count) in enumerate(rows, 1)
    )
    sold, given_back = Sold(pieces, 0, 0), 0
    while not sold.is_empty:
        left = [piece for piece in sold.pieces if piece.left_quantity]
        piece = data.draw(st.sampled_from(left))
        quantity = Decimal(data.draw(st.integers(1, int(piece.left_quantity))))
        (back,) = by_lines(sold, [(piece.number, quantity)])
        made = return_of(sold, [back], policy=SpentPoints.PRO_RATA)
        after = tuple(
            Piece(
                one.number,
                one.net_minor,
                0,
                quantity=one.quantity,
                back_minor=one.back_minor + (back.amount_minor if one is piece else 0),
                back_quantity=one.back_quantity + (quantity if one is piece else 0),
            )
            for one in sold.pieces
        )
        sold, given_back = Sold(after, 0, 0), given_back + made.amount_minor
        assert made.ends_it is sold.is_empty

    assert given_back == sum(net for net, _count in rows)


def test_a_preview_names_the_vouchers_that_come_back_and_those_that_end(db):
    card = CARD.replace("needed = 10", "needed = 2").replace("Cà phê", "tra")
    coupon = '[[coupons]]\nkey = "c"\nname = "C"\nreward = "giam"\nvalid_days = 30\n'
    shop_that_says(card + coupon)
    thao, giam, coffee = CustomerFactory(), reward_of(key="giam"), reward_of(key="ca-phe-den")
    sale = bought(thao, voucher_of(thao, giam))
    before = every_row()

    told = refund_preview(purchase=sale, at=NOON)
    of_a_part = refund_preview(purchase=sale, at=NOON, lines=((1, Decimal(1)),))

    assert every_row() == before
    assert set(Voucher.objects.values_list("state", flat=True)) == {"used", "issued"}
    assert [(one.reward, one.expires_on) for one in told.vouchers] == [(giam, date(2026, 12, 22))]
    # The voucher of the full card, and the coupon.
    assert sorted(one.reward.key for one in told.ended) == ["ca-phe-den", "giam"]
    assert (of_a_part.vouchers, [one.reward for one in of_a_part.ended]) == ((), [coffee])
    void(sale)
    assert [one.reward for one in Voucher.objects.filter(replaces__isnull=False)] == [giam]
    ended = Voucher.objects.filter(state="cancelled").order_by("pk")
    assert list(ended) == list(told.ended)


@pytest.mark.parametrize("used", [1, 3])
def test_a_preview_reads_all_vouchers_at_once(thao, used, django_assert_num_queries):
    sale = bought(thao, *(voucher_of(thao, reward_of(value_minor=1_000)) for _n in range(used)))
    refund_preview(purchase=sale, at=NOON)

    looking_for_a_free_code_and_issuing = 2
    with django_assert_num_queries(37 + looking_for_a_free_code_and_issuing * used):
        assert len(refund_preview(purchase=sale, at=NOON).vouchers) == used
