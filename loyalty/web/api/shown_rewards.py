"""Rewards and vouchers as the API tells of them."""

from datetime import UTC, date, datetime

from django.urls import reverse
from pydantic import BaseModel

from rewards.models import Reward, Voucher
from rewards.offers import Offer


class RewardOut(BaseModel):
    key: str
    name: str
    name_en: str
    kind: str  # free_item, gift, discount_amount, discount_percent.
    cost_points: int
    value_minor: int
    percent: int | None  # Off, with discount_percent;
    most_minor: int | None  # and at most so much money.
    minimum_minor: int  # The smallest bill it goes with.
    goods: dict[str, list[str]]  # It is for: skus, categories, labels, not_skus, … Empty: all.
    stock: int | None  # Null: not counted.
    most_per_customer: int | None
    most_per: str  # day, week, month, year, ever; empty without most_per_customer.
    starts_on: date | None
    ends_on: date | None
    tiers: list[str]  # Keys, as `branches`; empty: all.
    branches: list[str]
    usable_after_days: int
    valid_until: date | None  # The last day of its vouchers; null: validity_days after they began.
    validity_days: int | None
    picture: str | None  # Where it is to be had below the product's address, for ever the same.
    missing_points: int | None  # 0: the customer has enough. Null: nobody was named.
    # What keeps the customer from it besides points: sold_out, all_redeemed, other_tier, not_yet,
    # other_branch, too_often. Null: nothing, or nobody was named.
    unavailable: str | None
    opens_on: date | None  # From when the customer may have it, where that is to come.


class VoucherOut(BaseModel):
    code: str | None  # Null: the key may not use vouchers.
    reward: str  # The reward's key. What follows is as it was when the voucher was issued.
    name: str
    name_en: str
    kind: str
    value_minor: int
    percent: int | None
    most_minor: int | None
    minimum_minor: int
    goods: dict[str, list[str]]  # As a reward's.
    branches: list[str]  # Where it can be used; empty: everywhere.
    state: str  # issued, used, expired, cancelled.
    usable_from: date | None  # Null: at once.
    expires_on: date  # The last day.
    used_at: datetime | None


def shown_reward(reward: Reward) -> RewardOut:
    """As nobody's in particular."""
    return RewardOut(
        key=reward.key,
        name=reward.name,
        name_en=reward.name_en,
        kind=reward.kind,
        cost_points=reward.cost_points,
        value_minor=reward.value_minor,
        percent=reward.percent,
        most_minor=reward.most_minor,
        minimum_minor=reward.minimum_minor,
        goods=reward.scope,
        stock=reward.stock,
        most_per_customer=reward.most_per_customer,
        most_per=reward.most_per,
        starts_on=reward.starts_on,
        ends_on=reward.ends_on,
        tiers=reward.tiers,
        branches=reward.branches,
        usable_after_days=reward.usable_after_days,
        valid_until=reward.valid_until,
        validity_days=reward.validity_days,
        picture=reverse("picture", args=[reward.picture_id]) if reward.picture_id else None,
        missing_points=None,
        unavailable=None,
        opens_on=None,
    )


def shown_offer(offer: Offer) -> RewardOut:
    """As one customer's."""
    found = {
        "missing_points": offer.missing_points,
        "unavailable": offer.reason.code if offer.reason else None,
        "opens_on": offer.opens_on,
    }
    return shown_reward(offer.reward).model_copy(update=found)


def shown_voucher(voucher: Voucher) -> VoucherOut:
    """Two queries unless its reward and its terms came along."""
    terms = voucher.terms
    return VoucherOut(
        code=voucher.code,
        reward=voucher.reward.key,
        name=terms.name,
        name_en=terms.name_en,
        kind=terms.kind,
        value_minor=terms.value_minor,
        percent=terms.percent,
        most_minor=terms.most_minor,
        minimum_minor=terms.minimum_minor,
        goods=terms.scope,
        branches=terms.branches,
        state=voucher.state,
        usable_from=voucher.usable_from,
        expires_on=voucher.expires_on,
        used_at=voucher.used_at.astimezone(UTC) if voucher.used_at else None,
    )
