"""What points buy, bought at the till; the catalogue decides the cost."""

from functools import partial
from typing import Annotated
from uuid import uuid4

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import BaseModel, ConfigDict, Field

from loyalty.dates import local_date
from loyalty.integrations.answers import Reply
from loyalty.integrations.ids import number_of, public_id
from loyalty.ledger.queries import points_of
from loyalty.shop.queries import get_shop
from loyalty.transactions import whole
from loyalty.web.api.answering import TAKES_IDEMPOTENCY_KEY, answer, reference_of, reply, tell
from loyalty.web.api.entering import Key, KeyRequest, Scope, need
from loyalty.web.api.pointing import branch_named, customer_at, customer_named
from loyalty.web.api.problems import Problem
from loyalty.web.api.reading import Body, Text
from loyalty.web.api.shown_rewards import (
    RewardOut,
    VoucherOut,
    shown_offer,
    shown_reward,
    shown_voucher,
)
from loyalty.web.shared.guessing import guarding
from rewards.cancelling import cancel_redemption
from rewards.models import Redemption, Reward, Voucher
from rewards.offers import offered as on_offer
from rewards.offers import offers_for
from rewards.redemption import redeem_reward
from rewards.vouchers import UnknownVoucher, find_voucher, use_voucher

router = Router(tags=["Rewards"])

_REDEMPTIONS = Redemption.objects.select_related(
    "reward", "voucher__reward", "voucher__terms", "entry", "cancelling_entry"
)

Reference = Annotated[str, Text(100, 1)]


class RewardsOut(BaseModel):
    rewards: list[RewardOut]


class RedemptionIn(Body):
    model_config = ConfigDict(
        json_schema_extra={"example": {"customer": "0912 345 678", "reward": "tra-sen-vang"}}
    )

    customer: Annotated[str, Text(60, 1)]  # Id, phone, card token or card number.
    reward: Annotated[str, Text(40, 1)]  # Its key.
    branch: Annotated[str, Text(40, 1)] | None = None  # Where; else the API key's.
    reference: Reference | None = None  # Else the Idempotency-Key.


class RedemptionOut(BaseModel):
    id: str
    customer: str
    reward: str
    cost_points: int
    balance: int  # After it.
    cancelled: bool
    voucher: VoucherOut


class CancelIn(Body):
    model_config = ConfigDict(json_schema_extra={"example": {"reason": "Khách đổi ý"}})

    reason: Annotated[str, Text(200)] = ""


class UseIn(Body):
    model_config = ConfigDict(json_schema_extra={"example": {"branch": "ha-noi"}})

    branch: Annotated[str, Text(40, 1)] | None = None
    reference: Reference | None = None  # Else the Idempotency-Key.


class ForCustomer(BaseModel):
    customer: Annotated[str, Field(max_length=20)] | None = None  # Their id.


@router.get(
    "/rewards", auth=Key(Scope.READ, ForCustomer), response=RewardsOut, summary="List the rewards"
)
def offered(request: KeyRequest, asked: Query[ForCustomer]) -> HttpResponse:
    """All of the catalogue; for a customer, with what is missing or keeps them from it now."""
    now, shop = timezone.now(), get_shop()
    today = local_date(now, shop.zone)
    if asked.customer is None:
        return tell(reply(RewardsOut(rewards=[shown_reward(one) for one in on_offer(on=today)])))
    customer, branch = customer_at(asked.customer), request.auth.branch
    offers = offers_for(
        customer.pk,
        usable=points_of(customer.pk, on=today).usable,
        at=now,
        zone=shop.zone,
        branch_key=branch.key if branch else None,
    )
    return tell(reply(RewardsOut(rewards=[shown_offer(one) for one in offers])))


@router.post(
    "/redemptions",
    auth=Key(Scope.REDEEM),
    response={201: RedemptionOut},
    summary="Redeem a reward",
    openapi_extra=TAKES_IDEMPOTENCY_KEY,
)
def redeem(request: KeyRequest, body: RedemptionIn) -> HttpResponse:
    """Takes the points and issues the voucher, or neither."""
    return answer(request, "redemptions", partial(_redeem, request, body))


@whole  # So that a refusal leaves nothing, not even the account it looked at.
def _redeem(request: KeyRequest, body: RedemptionIn) -> Reply:
    reference = reference_of(request, body.reference)
    if not reference:
        raise Problem.of_field("reference", _("A reference or an Idempotency-Key is needed."))
    reward = Reward.objects.filter(key=body.reward).first()
    if reward is None:
        raise Problem.of_field("reward", _("There is no such reward."))
    made = redeem_reward(
        customer=customer_named(body.customer),
        reward=reward,
        source=request.auth.source,
        reference=reference,
        at=timezone.now(),
        by=request.auth.user,
        branch=branch_named(request.auth, body.branch),
    )
    return reply(_told(made), status=201)


@router.post(
    "/redemptions/{redemption_id}/cancel",
    auth=Key(Scope.REDEEM),
    response=RedemptionOut,
    summary="Cancel a redemption",
    openapi_extra=TAKES_IDEMPOTENCY_KEY,
)
def cancel(request: KeyRequest, redemption_id: str, body: CancelIn | None = None) -> HttpResponse:
    """
    Gives the points back with their last days, unless the voucher was used or has ended. A key may
    cancel what was redeemed with it; what others redeemed only with the scope `adjust`.
    """
    return answer(request, "cancel", partial(_cancel, request, redemption_id, body or CancelIn()))


def _cancel(request: KeyRequest, redemption_id: str, body: CancelIn) -> Reply:
    number = number_of("red", redemption_id)
    redemption = Redemption.objects.filter(pk=number).first() if number is not None else None
    if redemption is None:
        raise Problem("not-found")
    # Giving points back at another's word is changing them by hand: ids are no secret.
    if redemption.source != request.auth.source:
        need(request.auth, Scope.ADJUST)
    cancel_redemption(
        redemption=redemption,
        source=request.auth.source,
        reason=body.reason,
        at=timezone.now(),
        by=request.auth.user,
    )
    # As it is now: the service worked on rows of its own.
    return reply(_told(_REDEMPTIONS.get(pk=redemption.pk)))


@router.post(
    "/vouchers/{code}/use",
    auth=Key(Scope.REDEEM),
    response=VoucherOut,
    summary="Use a voucher",
    openapi_extra=TAKES_IDEMPOTENCY_KEY,
)
def use(request: KeyRequest, code: str, body: UseIn | None = None) -> HttpResponse:
    """Once. With an Idempotency-Key or a `reference` a retry hears the same; without, 409."""
    return answer(request, "use", partial(_use, request, code, body or UseIn()))


def _use(request: KeyRequest, code: str, body: UseIn) -> Reply:
    voucher = _voucher(request, code)
    used = use_voucher(
        voucher=voucher,
        reference=reference_of(request, body.reference) or str(uuid4()),
        branch=branch_named(request.auth, body.branch),
        at=timezone.now(),
        by=request.auth.user,
    )
    return reply(shown_voucher(used))


def _voucher(request: KeyRequest, code: str) -> Voucher:
    with guarding(request, f"key:{request.auth.prefix}", [code]):
        voucher = find_voucher(code)
        if voucher is None:
            raise UnknownVoucher
    return voucher


def _told(made: Redemption) -> RedemptionOut:
    last = made.cancelling_entry or made.entry
    return RedemptionOut(
        id=public_id("red", made.pk),
        customer=public_id("cus", made.customer_id),
        reward=made.reward.key,
        cost_points=made.cost_points,
        balance=last.balance_after,
        cancelled=made.cancelling_entry_id is not None,
        voucher=shown_voucher(made.voucher),
    )
