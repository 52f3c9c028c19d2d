"""One code for many: so often, by whom and when the shop said, and never once more."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from loyalty.errors import InvalidInput
from loyalty.purchases.proof import verify
from loyalty.shop.models import User
from rewards.models import SharedVoucher, VoucherUse
from rewards.sharing import free_code
from rewards.vouchers import UnknownVoucher, VoucherRefused
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.sales import sell, shop_that_says
from tests.factories.shop import StaffFactory
from tests.factories.vouchers import reward_of, shared_voucher, voucher_of
from tests.web.api.calling import every_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def thao(db):
    shop_that_says()
    return CustomerFactory()


def use(customer, code="TET2027", reference="R-1", **more):
    return sell(customer, total_minor=100_000, vouchers=(code,), reference=reference, **more)


def refused(customer, kind=VoucherRefused, **more):
    before = every_row()
    with pytest.raises(kind) as error, transaction.atomic():
        use(customer, **({"reference": "refused"} | more))
    assert (error.value.field, every_row()) == ("vouchers[0]", before)
    return str(error.value)


def test_everybody_uses_it_once_by_its_word(thao):
    shared = shared_voucher()

    first = use(thao, "tet-2027").purchase
    second = use(CustomerFactory(), reference="R-2").purchase

    assert [one.amount_minor for one in (first, second)] == [80_000, 80_000]
    assert refused(thao) == "Khách này đã dùng ưu đãi này rồi."
    shared.refresh_from_db()
    assert (shared.uses, VoucherUse.objects.filter(shared=shared).count()) == (2, 2)
    assert verify().problems == ()


def test_in_all_so_often_and_no_more(thao):
    shared_voucher(most_uses=1)
    use(thao)

    assert refused(CustomerFactory()) == "Ưu đãi này đã hết lượt dùng."


def test_the_number_a_customer_may_use_it_is_the_shops_to_say(thao):
    shared_voucher(most_per_customer=2)
    for number in (1, 2):
        use(thao, reference=f"R-{number}")

    refused(thao)
    assert [one.number for one in VoucherUse.objects.order_by("pk")] == [1, 2]


def test_who_was_merged_into_a_customer_used_it_for_them(thao):
    shared_voucher()
    duplicate = CustomerFactory()
    use(duplicate)
    type(thao).objects.filter(pk=duplicate.pk).update(merged_into=thao)

    refused(thao)


def test_somebody_unknown_may_use_it_unless_it_is_for_members(thao):
    shared_voucher()
    shared_voucher("MEMBER", members_only=True)

    assert use(None).purchase.amount_minor == 80_000
    assert refused(None, code="MEMBER") == "Ưu đãi này chỉ dành cho khách thành viên."
    assert use(thao, "member", reference="R-2").purchase.amount_minor == 80_000


def test_it_has_its_days(thao):
    shared_voucher(starts_on=date(2026, 11, 24), expires_on=date(2026, 11, 25))
    day = timedelta(days=1)

    assert refused(thao, at=NOON + day).endswith("dùng được từ ngày 24/11/2026.")
    assert refused(thao, at=NOON + 4 * day) == "Ưu đãi này đã hết hạn ngày 25/11/2026."
    assert use(thao, at=NOON + 3 * day)


def test_one_that_is_switched_off_is_none(thao):
    shared_voucher(is_active=False)

    refused(thao, kind=UnknownVoucher)


def test_a_retry_counts_once(thao):
    shared = shared_voucher()
    assert use(thao).purchase == use(thao).purchase

    shared.refresh_from_db()
    assert shared.uses == 1


def test_it_goes_with_personal_ones_in_the_order_given(thao):
    shared_voucher(reward=reward_of("discount_percent", percent=50))
    codes = (voucher_of(thao).code, "TET2027")

    assert sell(thao, total_minor=100_000, vouchers=codes).purchase.amount_minor == 40_000


def test_the_database_counts_and_refuses_one_too_many(thao):
    shared = shared_voucher(most_uses=2)
    row = {"shared": shared, "source": "s", "place": 1, "minor": 0, "used_at": NOON}
    VoucherUse.objects.create(customer=thao, reference="1", **row)

    with pytest.raises(DatabaseError, match="so often as they may"), transaction.atomic():
        VoucherUse.objects.create(customer=thao, reference="2", **row)
    VoucherUse.objects.create(customer=None, reference="3", **row)
    with pytest.raises(DatabaseError, match="not_used_too_often"), transaction.atomic():
        VoucherUse.objects.create(customer=CustomerFactory(), reference="4", **row)
    with pytest.raises(DatabaseError, match="move only with its uses"), transaction.atomic():
        SharedVoucher.objects.update(uses=0)


def test_a_code_is_plain_and_free(thao):
    shared_voucher()

    assert free_code(" tet 2028-a") == "TET2028A"
    for typed in ("TET2027", "tet-2027", voucher_of(thao).code, "TÊT2027", "ABC", "A" * 21):
        with pytest.raises(InvalidInput) as error:
            free_code(typed)
        assert error.value.field == "code"


def test_without_a_word_nobody_guesses_it(thao):
    made = {free_code("") for _time in range(200)}

    assert len(made) == 200
    assert {len(code) for code in made} == {10}


@pytest.fixture
def manager(client, thao):
    client.cookies["language"] = "en"
    client.staff = StaffFactory(role=User.Role.MANAGER)
    client.force_login(client.staff)
    return client


ADD = "admin:rewards_sharedvoucher_add"


def test_a_manager_makes_one_in_the_back_office(manager):
    sent = {"code": "tet 2027", "reward": reward_of().pk, "expires_on": "2027-02-10"}
    sent |= {"most_uses": "300", "most_per_customer": "1", "is_active": "on"}

    answer = manager.post(reverse(ADD), sent)

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    shared = SharedVoucher.objects.get()
    assert (shared.code, shared.most_uses, shared.created_by) == ("TET2027", 300, manager.staff)


def test_a_taken_word_is_said_beside_it(manager):
    shared_voucher()
    sent = {"code": "TET2027", "reward": reward_of().pk, "expires_on": "2027-02-10"}

    answer = manager.post(reverse(ADD), sent)

    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["code"] == ["Another voucher has this code."]


def test_what_was_promised_stays_and_the_rest_can_be_changed(manager, thao):
    shared = shared_voucher()
    use(thao)
    sent = {"code": "OTHER", "reward": reward_of().pk, "expires_on": "2027-03-01"}

    address = reverse("admin:rewards_sharedvoucher_change", args=[shared.pk])
    assert manager.post(address, sent).status_code == 302

    before, reward = shared.code, shared.reward
    shared.refresh_from_db()
    assert (shared.code, shared.reward, shared.expires_on) == (before, reward, date(2027, 3, 1))
    assert (shared.is_active, shared.uses) == (False, 1)


def test_the_most_is_not_set_below_what_was_used(manager, thao):
    shared = shared_voucher(most_per_customer=None)
    use(thao)
    use(thao, reference="R-2")
    address = reverse("admin:rewards_sharedvoucher_change", args=[shared.pk])

    answer = manager.post(address, {"expires_on": "2027-03-01", "most_uses": "1"})

    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["most_uses"] == ["It was used 2 times already."]


@pytest.mark.parametrize("many", [1, 3])
def test_the_list_takes_as_many_queries_for_three_as_for_one(
    manager, many, django_assert_num_queries
):
    for number in range(many):
        shared_voucher(f"TET{number}")
    manager.get(reverse("admin:rewards_sharedvoucher_changelist"))

    with django_assert_num_queries(5):
        manager.get(reverse("admin:rewards_sharedvoucher_changelist"))
