"""What a voucher promised when it was issued holds, however its reward changes."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from loyalty.purchases.refunds import void_purchase
from rewards.catalogue.loading import load
from rewards.catalogue.writing import dump
from rewards.models import Promised, Reward, Terms, Voucher
from rewards.redemption import redeem_reward
from rewards.sharing import share
from rewards.vouchers import VoucherRefused, use_voucher
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, customer_with_points
from tests.factories.programmes import line
from tests.factories.rewards import RewardFactory
from tests.factories.sales import sell, shop_that_says
from tests.factories.shop import BranchFactory, StaffFactory, shop_with_programme
from tests.factories.stamps import drink, shop_with_cards
from tests.factories.vouchers import reward_of, shared_voucher, voucher_of

pytestmark = pytest.mark.django_db

BETTER = {
    "name": "Giảm 99.000đ",
    "name_en": "99,000đ off",
    "description": "Mới",
    "description_en": "New",
    "kind": "free_item",
    "value_minor": 99_000,
    "percent": 50,
    "most_minor": 30_000,
    "minimum_minor": 500_000,
    "scope": {"skus": ["KHAC"]},
    "branches": ["khac"],
}


def worth(promised: Promised) -> dict[str, object]:
    return {field.name: getattr(promised, field.name) for field in Promised._meta.get_fields()}


def redeemed(reward: Reward) -> Voucher:
    customer = customer_with_points(reward.cost_points)
    made = redeem_reward(
        customer=customer,
        reward=reward,
        source="counter",
        reference=f"of:{customer.pk}",
        at=NOON,
        by=None,
    )
    return made.voucher


@pytest.fixture
def thao(db):
    shop_that_says()
    return CustomerFactory()


def test_each_thing_promised_is_tried_below():
    assert BETTER.keys() == {field.name for field in Promised._meta.get_fields()}


@pytest.mark.parametrize("column", BETTER)
def test_a_reward_that_changes_leaves_what_its_vouchers_promise(column, db):
    shop_with_programme()
    percent = {"kind": "discount_percent", "percent": 10}
    reward = RewardFactory(**(percent if column in ("percent", "most_minor") else {}))
    first = redeemed(reward)
    before = worth(Terms.objects.get(pk=first.terms_id))

    Reward.objects.filter(pk=reward.pk).update(**{column: BETTER[column]})

    first = Voucher.objects.get(pk=first.pk)
    assert worth(first.terms) == before == worth(reward)
    second = redeemed(reward)
    assert worth(second.terms) == before | {column: BETTER[column]}
    assert {first.reward_id, second.reward_id} == {reward.pk}


def test_what_is_no_promise_keeps_the_terms(db):
    shop_with_programme()
    reward = RewardFactory(stock=3, most_total=5, redeemed_total=0)

    redeemed(reward)
    Reward.objects.update(cost_points=1, position=9, is_active=False, tiers=["vang"], icon="cup")

    reward.refresh_from_db()
    assert Terms.objects.get().pk == reward.terms_id


def test_loading_the_catalogue_changes_terms_only_where_they_differ(db):
    shop_with_programme()
    RewardFactory(scope={"skus": ["A"]}, kind="discount_amount", value_minor=5, position=7)
    document = dump()

    told = [load(document, at=NOON) for _time in range(2)]
    changed = load(document.replace("value_minor = 5", "value_minor = 6"), at=NOON)

    assert [(one.added, one.changed) for one in [*told, changed]] == [(0, 1), (0, 0), (0, 1)]
    assert list(Terms.objects.order_by("pk").values_list("value_minor", flat=True)) == [5, 6]


def test_a_page_that_was_open_meanwhile_cannot_bring_old_terms_back(db):
    reward = RewardFactory(name="Cũ")
    stale = Reward.objects.get()
    Reward.objects.update(name="Mới")

    stale.save(update_fields=["terms", "stock"])

    current = Reward.objects.select_related("terms").get()
    assert (current.name, current.terms.name) == ("Mới", "Mới")
    assert current.terms_id != reward.terms_id


def _put_on(voucher: Voucher, terms_id: int) -> None:
    Voucher.objects.filter(pk=voucher.pk).update(terms=terms_id)
    connection.check_constraints()


def test_terms_never_change_and_are_those_of_their_reward(thao):
    mine, other = voucher_of(thao), reward_of()

    with pytest.raises((IntegrityError, ProgrammingError)), transaction.atomic():
        Terms.objects.update(value_minor=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        _put_on(mine, other.terms_id)


def test_an_unused_reward_goes_with_its_terms_and_one_with_vouchers_stays(thao):
    kept, unused = voucher_of(thao).reward, reward_of()
    unused.name = "Khác"
    unused.save()

    unused.delete()
    with pytest.raises(IntegrityError):
        kept.delete()

    assert set(Terms.objects.values_list("reward_id", flat=True)) == {kept.pk}


def test_the_till_takes_off_what_was_promised(thao):
    voucher = voucher_of(thao)
    Reward.objects.update(**(BETTER | {"percent": None, "most_minor": None}))

    sale = sell(thao, line(60_000), vouchers=(voucher.code,)).purchase

    assert sale.discount_minor == 20_000
    (off,) = sale.discounts
    assert (off["name"], off["minor"]) == (voucher.terms.name, 20_000)


def test_a_voucher_stays_good_where_it_was_and_only_there(thao):
    branch, other = BranchFactory(key="ben-thanh"), BranchFactory(key="thu-duc")
    everywhere, here = voucher_of(thao), voucher_of(thao, reward_of(branches=["ben-thanh"]))
    Reward.objects.update(branches=["thu-duc"])
    cashier = StaffFactory()

    for number, voucher in enumerate((everywhere, here)):
        use_voucher(voucher=voucher, reference=str(number), branch=branch, at=NOON, by=cashier)
    late = voucher_of(thao, Reward.objects.get(pk=here.reward_id))
    with pytest.raises(VoucherRefused):
        use_voucher(voucher=late, reference="3", branch=branch, at=NOON, by=cashier)
    use_voucher(voucher=late, reference="4", branch=other, at=NOON, by=cashier)


def test_what_many_share_stays_worth_what_it_was(thao):
    reward = reward_of()
    shared = shared_voucher("CU2026", reward)
    Reward.objects.update(value_minor=5_000)
    newer = share(
        voucher=type(shared)(
            code="MOI2027",
            reward=Reward.objects.get(pk=reward.pk),
            expires_on=shared.expires_on,
        ),
        at=NOON,
        by=StaffFactory(),
    )

    off = [
        sell(thao, line(60_000), reference=one.code, vouchers=(one.code,)).purchase.discount_minor
        for one in (shared, newer)
    ]

    assert off == [20_000, 5_000]


def test_what_comes_back_is_what_was_used(thao):
    used = voucher_of(thao)
    sale = sell(thao, line(60_000), vouchers=(used.code,)).purchase
    Reward.objects.update(**(BETTER | {"percent": None, "most_minor": None}))

    void_purchase(
        purchase=sale, source="till", reference="v", reason="", at=NOON, recorded_at=NOON, by=None
    )

    back = Voucher.objects.get(replaces=used.use)
    assert (back.terms_id, back.reward_id) == (used.terms_id, used.reward_id)
    later = NOON + timedelta(days=1)
    again = sell(thao, line(60_000), reference="R-2", vouchers=(back.code,), at=later)
    assert again.purchase.discount_minor == 20_000


def test_a_full_stamp_card_gives_what_the_reward_is_by_then(db):
    shop_with_cards()
    thao = CustomerFactory()
    drink(thao, 10)
    Reward.objects.update(name="Bạc xỉu")

    drink(thao, 10)

    names = Voucher.objects.order_by("pk").values_list("terms__name", flat=True)
    assert list(names) == ["Cà phê đen", "Bạc xỉu"]


def test_a_coupon_keeps_its_worth_too(db):
    reward = reward_of(key="lan-sau")
    shop_that_says('[[coupons]]\nkey = "c"\nname = "C"\nreward = "lan-sau"\nvalid_days = 30\n')
    thao = CustomerFactory()
    sell(thao, line(50_000))
    coupon = Voucher.objects.get()
    Reward.objects.filter(pk=reward.pk).update(value_minor=1_000)

    sale = sell(thao, line(60_000), reference="R-2", vouchers=(coupon.code,)).purchase

    assert sale.discount_minor == 20_000
