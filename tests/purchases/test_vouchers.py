"""Vouchers of a sale: used in its transaction, by whom they are for, and once."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction

from loyalty.errors import Conflict, InvalidInput
from loyalty.ledger.models import Account
from loyalty.programme.tickets import TicketRefused
from loyalty.purchases.bill import Bill
from loyalty.purchases.models import PurchaseLine
from loyalty.purchases.proof import verify
from loyalty.purchases.recording import quote
from rewards.models import Voucher, VoucherUse
from rewards.vouchers import UnknownVoucher, VoucherRefused, use_voucher
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, customer_with_points
from tests.factories.programmes import line
from tests.factories.sales import sell, shop_that_says
from tests.factories.shop import BranchFactory, StaffFactory
from tests.factories.vouchers import reward_of, voucher_of
from tests.web.api.calling import every_row

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(db):
    shop_that_says("[pay]\nmoney_minor = 1_000\n")


@pytest.fixture
def thao():
    return customer_with_points(100)


def refused(customer, *codes, kind=VoucherRefused, total_minor=100_000, **more):
    """Which voucher was refused, and why; nothing was written."""
    before = every_row()
    with pytest.raises(kind) as error, transaction.atomic():
        sell(customer, total_minor=total_minor, vouchers=codes, **more)
    assert every_row() == before
    return error.value.field, str(error.value)


def test_it_takes_its_money_off_and_is_used(thao):
    voucher, branch = voucher_of(thao), BranchFactory()

    sale = sell(thao, total_minor=100_000, vouchers=(voucher.code,), branch=branch).purchase

    assert (sale.amount_minor, sale.discount_minor, sale.points) == (80_000, 20_000, 8)
    assert sale.discounts == [
        {
            "line": 0,
            "key": voucher.reward.key,
            "name": voucher.reward.name,
            "name_en": voucher.reward.name_en,
            "minor": 20_000,
            "voucher": 1,
        }
    ]
    voucher.refresh_from_db()
    assert (voucher.state, voucher.used_at, voucher.used_branch) == ("used", NOON, branch)
    use = VoucherUse.objects.get()
    assert (use.voucher, use.customer, use.reference, use.place) == (voucher, thao, "R-1", 1)
    assert (use.minor, use.number) == (20_000, 1)
    assert verify().problems == ()


def test_each_line_keeps_its_share_and_what_became_free(thao):
    free = voucher_of(thao, reward_of("free_item", scope={"categories": ["tra"]}))
    off = voucher_of(thao)
    lines = line(30_000, quantity="2", category="tra"), line(60_000)

    sale = sell(thao, *lines, vouchers=(free.token, off.code.lower())).purchase

    kept = PurchaseLine.objects.order_by("number")
    told = [(one.discount_minor, one.net_minor, one.free_units) for one in kept]
    assert told == [(36_667, 23_333, 1), (13_333, 46_667, 0)]
    assert (sale.discount_minor, sale.amount_minor) == (50_000, 70_000)
    assert [use.minor for use in VoucherUse.objects.order_by("place")] == [30_000, 20_000]
    assert verify().problems == ()


def test_points_pay_what_the_voucher_leaves(thao):
    voucher = voucher_of(thao)

    sale = sell(thao, total_minor=25_000, vouchers=(voucher.code,), spend_points=5).purchase

    assert (sale.amount_minor, sale.spent_minor, sale.points) == (5_000, 5_000, 0)


def test_the_same_sale_again_answers_the_same(thao):
    voucher = voucher_of(thao)
    first = sell(thao, total_minor=100_000, vouchers=(voucher.code,))
    before = every_row()

    again = sell(thao, total_minor=100_000, vouchers=(voucher.code,))

    assert (again.purchase, again.replayed, every_row()) == (first.purchase, True, before)
    with pytest.raises(Conflict):
        sell(thao, total_minor=100_000)
    with pytest.raises(Conflict):
        sell(thao, total_minor=100_000, vouchers=(voucher_of(thao).code,))


def test_a_used_voucher_names_its_place_and_writes_nothing(thao):
    good, used = voucher_of(thao), voucher_of(thao)
    sell(thao, total_minor=50_000, vouchers=(used.code,))

    field, text = refused(thao, good.code, used.code, reference="R-2")

    assert (field, text) == ("vouchers[1]", "Ưu đãi này đã được dùng lúc 22/11/2026 12:00.")
    good.refresh_from_db()
    assert good.state == Voucher.State.ISSUED


def test_one_that_was_handed_over_without_a_sale_is_used_too(thao):
    voucher, lan = voucher_of(thao), StaffFactory()
    use_voucher(voucher=voucher, reference="r", branch=None, at=NOON, by=lan)

    assert refused(thao, voucher.code)[0] == "vouchers[0]"
    assert not VoucherUse.objects.exists()


def test_a_personal_voucher_is_for_its_customer_alone(thao):
    mine, other = voucher_of(thao), CustomerFactory()

    for somebody in (other, None):
        field, text = refused(somebody, mine.code, kind=UnknownVoucher)
        assert (field, text) == ("vouchers[0]", "Khách không có ưu đãi này.")
    assert refused(other, "KHONGCO1", kind=UnknownVoucher)[0] == "vouchers[0]"


def test_the_day_of_the_sale_decides(thao):
    voucher = voucher_of(thao, usable_from=date(2026, 11, 24), expires_on=date(2026, 11, 25))
    at = {day: NOON + timedelta(days=day) for day in (-1, 0, 1, 3, 4)}

    assert refused(thao, voucher.code, at=at[-1])[1] == "Ưu đãi này được phát sau ngày đó."
    assert refused(thao, voucher.code, at=at[1])[1].endswith("dùng được từ ngày 24/11/2026.")
    assert refused(thao, voucher.code, at=at[4])[1] == "Ưu đãi này đã hết hạn ngày 25/11/2026."
    assert sell(thao, total_minor=50_000, vouchers=(voucher.code,), at=at[3])


def test_only_the_branches_of_its_reward_take_it(thao):
    here, there = BranchFactory(key="q1", name="Quận 1"), BranchFactory(key="q3")
    voucher = voucher_of(thao, reward_of(branches=["q1"]))

    for branch in (there, None):
        text = refused(thao, voucher.code, branch=branch)[1]
        assert text.endswith("chỉ dùng được tại: Quận 1.")
    assert sell(thao, total_minor=50_000, vouchers=(voucher.code,), branch=here)


def test_what_the_bill_cannot_have_is_refused_before_anything_is_written(thao):
    large = voucher_of(thao, reward_of(minimum_minor=200_000))
    tea = voucher_of(thao, reward_of(scope={"categories": ["tra"]}))

    assert refused(thao, large.code, kind=TicketRefused) == (
        "vouchers[0]",
        "Ưu đãi này dùng cho hoá đơn từ 200.000đ.",
    )
    assert refused(thao, tea.code, kind=TicketRefused)[0] == "vouchers[0]"
    assert Account.objects.get(customer=thao).balance == 100


def test_a_voucher_named_twice_is_one(thao):
    voucher = voucher_of(thao)

    assert refused(thao, voucher.code, voucher.token) == (
        "vouchers[1]",
        "Ưu đãi này được ghi hai lần.",
    )


@pytest.mark.parametrize(
    ("codes", "field"),
    [(("",), "vouchers[0]"), (("A\x00",), "vouchers[0]"), (("A",) * 21, "vouchers")],
)
def test_what_is_no_code_is_named(thao, codes, field):
    with pytest.raises(InvalidInput) as error:
        sell(thao, total_minor=50_000, vouchers=codes)
    assert error.value.field == field


def test_gifts_and_free_items_of_a_sum_alone_are_used_and_take_nothing(thao):
    item, gift = voucher_of(thao, reward_of("free_item")), voucher_of(thao, reward_of("gift"))

    sale = sell(thao, total_minor=50_000, vouchers=(item.code, gift.code)).purchase

    assert (sale.amount_minor, sale.discounts) == (50_000, [])
    assert [use.minor for use in VoucherUse.objects.all()] == [0, 0]
    assert not Voucher.objects.filter(state="issued").exists()
    assert verify().problems == ()


def test_a_quote_says_the_same_and_writes_nothing(thao):
    voucher = voucher_of(thao)
    bill = Bill(total_minor=100_000, vouchers=(voucher.code,))
    before = every_row()

    quoted = quote(customer=thao, branch=None, bill=bill, at=NOON)

    assert (quoted.effect.amount_minor, quoted.points) == (80_000, 8)
    assert every_row() == before
    assert sell(thao, total_minor=100_000, vouchers=(voucher.code,)).purchase.points == 8


def test_a_merged_customer_has_their_vouchers(thao):
    duplicate = CustomerFactory()
    voucher = voucher_of(thao)
    type(duplicate).objects.filter(pk=duplicate.pk).update(merged_into=thao)
    duplicate.refresh_from_db()

    assert sell(duplicate, total_minor=50_000, vouchers=(voucher.code,)).purchase.customer == thao


@pytest.mark.parametrize("many", [1, 3])
def test_as_many_queries_for_three_vouchers_as_for_one(thao, many, django_assert_num_queries):
    codes = tuple(voucher_of(thao).code for _number in range(many))

    with django_assert_num_queries(20):
        sell(thao, total_minor=100_000, vouchers=codes)


def test_the_database_keeps_uses_as_they_were(thao):
    sell(thao, total_minor=50_000, vouchers=(voucher_of(thao).code,))

    for forbidden in (
        lambda: VoucherUse.objects.update(minor=0),
        lambda: VoucherUse.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            forbidden()
