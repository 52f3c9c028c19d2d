"""What a basket would come to, before anybody pays. Writes nothing."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.utils import timezone
from ninja import Router
from pydantic import BaseModel, ConfigDict

from customers.models import Customer
from loyalty.dates import local_date
from loyalty.ledger.queries import points_of
from loyalty.programme.discounts import Discount
from loyalty.purchases.recording import Quote, quote
from loyalty.shop.models import Branch
from loyalty.shop.queries import get_shop
from loyalty.web.api.answering import reply, tell
from loyalty.web.api.bills import BillIn
from loyalty.web.api.entering import Key, KeyRequest, Scope, need
from loyalty.web.api.pointing import branch_named, calling, customer_named
from loyalty.web.api.purchases import DiscountOut, TierOfSale, in_order
from loyalty.web.api.shown_rewards import RewardOut, VoucherOut, shown_offer, shown_voucher
from loyalty.web.shared.guessing import guarding
from rewards.offers import offers_for
from rewards.queries import open_vouchers

router = Router(tags=["Sales"])


class QuoteIn(BillIn):
    """As a sale, without its reference."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"customer": "0912 345 678", "total_minor": 350_000}}
    )


class QuoteLineOut(BaseModel):
    number: int
    net_minor: int
    discount_minor: int
    discounts: list[DiscountOut]


class PayOut(BaseModel):
    """How many points could pay: `least`, and from there in whole `step`s up to `most`."""

    step: int
    least: int
    most: int
    most_minor: int


class QuoteOut(BaseModel):
    amount_minor: int
    discount_minor: int
    discounts: list[DiscountOut]
    free_shipping: bool
    lines: list[QuoteLineOut]
    points: int  # That it would earn.
    spend_minor: int  # What `spend_points` would pay.
    pay: PayOut
    tier: TierOfSale
    rewards: list[RewardOut]  # The customer's to have, with what is still missing.
    vouchers: list[VoucherOut]  # The customer's to use now.
    explanation: dict[str, Any]


@router.post("/quotes", auth=Key(Scope.EARN), response=QuoteOut, summary="Quote a basket")
def ask(request: KeyRequest, body: QuoteIn) -> HttpResponse:
    """The same sale a moment later comes to the same, unless a rule or the customer changed."""
    now = timezone.now()
    customer = customer_named(body.customer) if body.customer else None
    branch = branch_named(request.auth, body.branch)
    if body.vouchers:
        need(request.auth, Scope.REDEEM)
    named = calling(amount="total_minor", points="total_minor")
    with named, guarding(request, f"key:{request.auth.prefix}", body.vouchers):
        quoted = quote(customer=customer, branch=branch, bill=body.bill(), at=now)
    shop = get_shop()
    today = local_date(now, shop.zone)
    return tell(
        reply(
            _told(
                quoted,
                with_lines=bool(body.lines),
                rewards=_rewards(customer, branch, at=now, zone=shop.zone) if customer else [],
                vouchers=_vouchers(request, customer, today) if customer else [],
            )
        )
    )


def _rewards(
    customer: Customer, branch: Branch | None, *, at: datetime, zone: ZoneInfo
) -> list[RewardOut]:
    offers = offers_for(
        customer.pk,
        usable=points_of(customer.pk, on=local_date(at, zone)).usable,
        at=at,
        zone=zone,
        branch_key=branch.key if branch else None,
    )
    return [shown_offer(offer) for offer in offers if not offer.gone]


def _vouchers(request: KeyRequest, customer: Customer, today: date) -> list[VoucherOut]:
    """A code is as good as the reward: only a key that may use it reads it."""
    codes = Scope.REDEEM in request.auth.scopes
    found = [shown_voucher(voucher) for voucher in open_vouchers(customer.pk, on=today)]
    return found if codes else [one.model_copy(update={"code": None}) for one in found]


def _told(
    quoted: Quote, *, with_lines: bool, rewards: list[RewardOut], vouchers: list[VoucherOut]
) -> QuoteOut:
    effect, priced, offer = quoted.effect, quoted.effect.priced, quoted.offer
    lines = list(zip(priced.basket.lines, priced.discounts, strict=True))
    return QuoteOut(
        amount_minor=effect.amount_minor,
        discount_minor=priced.discount_minor,
        discounts=[] if with_lines else [_discount(one) for one in lines[0][1]],
        free_shipping=priced.free_shipping,
        lines=[
            QuoteLineOut(
                number=number,
                net_minor=line.net_minor,
                discount_minor=sum(one.minor for one in taken),
                discounts=[_discount(one) for one in taken],
            )
            for number, (line, taken) in enumerate(lines, 1)
            if with_lines
        ],
        points=quoted.points,
        spend_minor=effect.payment.worth_minor,
        pay=PayOut(
            step=offer.step, least=offer.least, most=offer.most, most_minor=offer.most_minor
        ),
        tier=TierOfSale(before=effect.tier_before, after=effect.tier_after),
        rewards=rewards,
        vouchers=vouchers,
        explanation=in_order(effect.earning.explanation),
    )


def _discount(one: Discount) -> DiscountOut:
    return DiscountOut(
        key=one.key, name=one.name, name_en=one.name_en, minor=one.minor, voucher=one.voucher
    )
