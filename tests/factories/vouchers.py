"""Vouchers in customers' hands."""

from datetime import date, datetime
from itertools import count

from customers.models import Customer
from loyalty.shop.models import User
from rewards.models import Reward, SharedVoucher, Voucher
from tests.factories.clock import NOON
from tests.factories.rewards import RewardFactory
from tests.factories.shop import StaffFactory

_numbers = count(1)


def reward_of(kind: str = "discount_amount", **more: object) -> Reward:
    """20.000đ off, unless told otherwise."""
    worth = {"value_minor": 20_000} if kind == "discount_amount" else {}
    return RewardFactory(kind=kind, **(worth | more))


def voucher_of(
    customer: Customer,
    reward: Reward | None = None,
    *,
    issued_at: datetime = NOON,
    expires_on: date = date(2026, 12, 22),
    **more: object,
) -> Voucher:
    """One that can be used until shortly before Christmas."""
    number, reward = next(_numbers), reward or reward_of()
    return Voucher.objects.create(
        customer=customer,
        reward=reward,
        terms_id=reward.terms_id,
        code=f"QQ{number:06d}",
        token=f"{number:022d}",
        issued_at=issued_at,
        expires_on=expires_on,
        **more,
    )


def shared_voucher(
    code: str = "TET2027", reward: Reward | None = None, *, by: User | None = None, **more: object
) -> SharedVoucher:
    """One for everybody, once each, until shortly before Christmas."""
    reward = reward or reward_of()
    return SharedVoucher.objects.create(
        code=code,
        reward=reward,
        terms_id=reward.terms_id,
        created_at=NOON,
        created_by=by or StaffFactory(),
        **({"expires_on": date(2026, 12, 22)} | more),
    )
