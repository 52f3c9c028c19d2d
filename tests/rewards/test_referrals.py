"""Codes, who may bring whom, what is held, and who decides."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from customers.services import AlreadyEnrolled, enrol_customer
from loyalty.errors import DomainError, InvalidInput
from loyalty.shop.models import User
from rewards.models import Referral, ReferralCode
from rewards.redemption import CODE_LETTERS
from rewards.referrals import ReferralRefused, code_of, decide, referrer_of
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.referrals import bring, shop_with_referrals
from tests.factories.shop import StaffFactory

pytestmark = pytest.mark.django_db
State = Referral.State


@pytest.fixture(autouse=True)
def shop(db):
    return shop_with_referrals()


def test_a_member_keeps_one_code_of_letters_nobody_mistakes():
    member = CustomerFactory()

    code = code_of(member)

    assert code_of(member) == code == ReferralCode.objects.get().code
    assert len(code) == 7
    assert set(code) <= set(CODE_LETTERS)
    assert not set("0O1IL2Z5S8BUV") & set(CODE_LETTERS)


def test_a_code_is_understood_as_people_type_it():
    member = CustomerFactory()
    code = code_of(member)

    assert referrer_of(f" {code[:3].lower()} {code[3:]}\x00") == member


@pytest.mark.parametrize("typed", ["", "0000000", "A" * 500])
def test_a_code_nobody_has_is_refused(typed):
    with pytest.raises(ReferralRefused, match="Không có thành viên nào") as refused:
        referrer_of(typed)

    assert refused.value.field == "referral_code"


def test_a_new_friend_is_brought_once_however_often_the_code_is_sent():
    referrer, friend = CustomerFactory(), CustomerFactory()

    first = bring(referrer=referrer, friend=friend)
    again = bring(referrer=referrer, friend=friend, at=NOON + timedelta(hours=1))

    assert again == first == Referral.objects.get()
    assert (first.state, first.referrer, first.friend) == (State.OPEN, referrer, friend)


def test_a_friend_has_one_member_who_brought_them():
    friend = bring().friend

    with pytest.raises(ReferralRefused, match="đã được thành viên khác giới thiệu"):
        bring(friend=friend)
    assert Referral.objects.count() == 1


def test_nobody_brings_themselves():
    member = CustomerFactory()

    with pytest.raises(ReferralRefused, match="mã của chính khách"):
        bring(referrer=member, friend=member)
    assert Referral.objects.count() == 0


@pytest.mark.parametrize("between", [0, 1, 3])
def test_nobody_brings_who_brought_them_through_however_many(between):
    first = member = CustomerFactory()
    for _friend in range(between + 1):
        member = bring(referrer=member, at=NOON - timedelta(days=2)).friend

    with pytest.raises(ReferralRefused, match="giới thiệu chính người"):
        bring(referrer=member, friend=first)
    assert Referral.objects.count() == between + 1


def test_one_phone_is_one_customer_so_nobody_brings_a_second_self_by_it():
    CustomerFactory(phone="+84912345678")

    with pytest.raises(AlreadyEnrolled):
        enrol_customer(phone="84 912.345.678", at=NOON, by=None)


def held_because(referral):
    return (referral.state, referral.reason)


def test_one_mailbox_in_two_spellings_is_held():
    referrer = CustomerFactory(email="thu.thao@gmail.com")

    referral = bring(referrer=referrer, friend=CustomerFactory(email="ThuThao+2@googlemail.com"))

    assert held_because(referral) == (State.HELD, "same_email")


def test_two_customers_without_an_address_do_not_share_one():
    assert bring().state == State.OPEN


@pytest.mark.parametrize(
    ("years", "state"),
    [
        ((1990, 1990), "held"),
        ((1990, None), "held"),
        ((None, None), "held"),
        ((1990, 1991), "open"),
    ],
)
def test_one_name_and_birthday_are_held(years, state):
    born = {"birth_day": 22, "birth_month": 11}
    referrer, friend = (
        CustomerFactory(name=name, birth_year=year, **born)
        for name, year in zip(("Nguyễn Thu Thảo", "nguyen thu  THAO"), years, strict=True)
    )

    assert bring(referrer=referrer, friend=friend).state == state


def test_a_namesake_with_another_birthday_is_not_held():
    referrer = CustomerFactory(name="Nguyễn Thu Thảo", birth_day=22, birth_month=11)
    friend = CustomerFactory(name="Nguyễn Thu Thảo", birth_day=22, birth_month=12)

    assert bring(referrer=referrer, friend=friend).state == State.OPEN


@pytest.mark.parametrize("side", ["referrer", "friend"])
def test_staff_who_bring_or_are_brought_are_held(side):
    StaffFactory(email="lan@quan.vn")

    referral = bring(**{side: CustomerFactory(email="Lan+the@quan.vn")})

    assert held_because(referral) == (State.HELD, "staff")


def test_the_sixth_friend_of_a_day_is_held_and_the_first_of_the_next_is_not():
    referrer = CustomerFactory()

    states = [bring(referrer=referrer).state for _friend in range(6)]
    # 23:59 and 00:00 in the shop.
    late = bring(referrer=referrer, at=NOON.replace(hour=16, minute=59))
    tomorrow = bring(referrer=referrer, at=NOON.replace(hour=17))

    assert states == ["open"] * 5 + ["held"]
    assert held_because(late) == (State.HELD, "many_a_day")
    assert tomorrow.state == State.OPEN


def held() -> Referral:
    return bring(
        referrer=CustomerFactory(email="thao@quan.vn"),
        friend=CustomerFactory(email="thao+1@quan.vn"),
        by=StaffFactory(),
    )


def word(referral, by, *, approve=True, reason="Hai chị em dùng chung hộp thư"):
    return decide(referral=referral, approve=approve, reason=reason, at=NOON, by=by)


def test_a_manager_lets_a_held_referral_go_on():
    manager = StaffFactory(role=User.Role.MANAGER)

    referral = word(held(), manager)

    assert (referral.state, referral.reason) == (State.OPEN, "")
    assert (referral.decided_by, referral.decided_at) == (manager, NOON)
    assert referral.decision == "Hai chị em dùng chung hộp thư"
    assert word(referral, manager) == referral
    with pytest.raises(DomainError, match="không chờ quyết định"):
        word(referral, manager, approve=False)


def test_a_manager_refuses_a_held_referral_for_good():
    manager = StaffFactory(role=User.Role.MANAGER)

    referral = word(held(), manager, approve=False)

    assert held_because(referral) == (State.REFUSED, "decided")
    assert word(referral, manager, approve=False) == referral
    with pytest.raises(DomainError, match="không chờ quyết định"):
        word(referral, manager)


def test_a_cashier_does_not_decide():
    referral = held()

    with pytest.raises(DomainError, match="Chỉ quản lý"):
        word(referral, StaffFactory())
    assert Referral.objects.get().state == State.HELD


def test_a_decision_needs_a_reason():
    referral = held()

    with pytest.raises(InvalidInput, match="Cần ghi lý do"):
        word(referral, StaffFactory(role=User.Role.OWNER), reason="  ")
    assert Referral.objects.get().state == State.HELD


@pytest.mark.parametrize(("role", "refused"), [("manager", True), ("owner", False)])
def test_a_manager_who_entered_the_code_does_not_decide_about_it(role, refused):
    person = StaffFactory(role=role, email="thao@quan.vn")
    referral = bring(referrer=CustomerFactory(email="thao@quan.vn"), by=person)
    assert held_because(referral) == (State.HELD, "staff")

    if refused:
        with pytest.raises(DomainError, match="Người nhập mã"):
            word(referral, person)
    else:
        assert word(referral, person).state == State.OPEN


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM rewards_referral",
        "TRUNCATE rewards_referral",
        "UPDATE rewards_referral SET referrer_id = friend_id, friend_id = referrer_id",
        "UPDATE rewards_referral SET state = 'taken_back', reason = 'returned'",
    ],
)
def test_the_database_keeps_who_brought_whom(statement):
    bring()

    with pytest.raises(Exception, match="referral"), transaction.atomic():
        connection.cursor().execute(statement)
    assert Referral.objects.get().state == State.OPEN


def test_the_database_refuses_a_second_referral_of_a_friend():
    referral = bring()

    with pytest.raises(IntegrityError), transaction.atomic():
        Referral.objects.create(
            friend=referral.friend,
            referrer=CustomerFactory(),
            referred_at=NOON,
            referred_on=NOON.date(),
        )
