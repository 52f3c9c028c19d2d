"""Spending a customer's points on a reward, at their word."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from customers.models import Customer
from loyalty.dates import local_date
from loyalty.errors import DomainError
from loyalty.ledger.queries import points_of
from loyalty.tiers.queries import progress_of
from loyalty.web.counter.references import new_reference, reference_of, status_of
from loyalty.web.counter.till import SOURCE, TillRequest, at_the_till
from rewards.models import Reward
from rewards.offers import reason_of
from rewards.redemption import redeem_reward
from rewards.refusals import refusal_text


@require_http_methods(["GET", "HEAD", "POST"])
@at_the_till
def redeem(request: TillRequest, customer_id: int, key: str) -> HttpResponse:
    """Asks before points are spent; then the voucher, which may be used at once or kept."""
    customer = get_object_or_404(
        Customer.objects.select_related("merged_into"), pk=customer_id
    ).kept
    reward = get_object_or_404(Reward, key=key)
    if request.method != "POST":
        return _page(request, customer, reward)
    try:
        redemption = redeem_reward(
            customer=customer,
            reward=reward,
            source=SOURCE,
            reference=reference_of(request),
            at=timezone.now(),
            by=request.user,
            branch=request.branch,
        )
    except DomainError as error:
        return _page(request, customer, reward, error=str(error), status=status_of(error))
    messages.success(request, _("The points are spent and the voucher is ready."))
    return redirect("counter:voucher", voucher_id=redemption.voucher.pk)


def _refusal(request: TillRequest, customer: Customer, reward: Reward, *, at: datetime) -> str:
    """What besides points keeps the customer from it; empty: nothing."""
    zone = request.shop.zone
    tier_key = progress_of(customer.pk, at=at, zone=zone).tier.key
    branch_key = request.branch.key
    reason = reason_of(
        reward, customer.pk, at=at, zone=zone, tier_key=tier_key, branch_key=branch_key
    )
    return refusal_text(reason, reward, tier_key=tier_key, at=at) if reason else ""


def _page(
    request: TillRequest, customer: Customer, reward: Reward, *, error: str = "", status: int = 200
) -> HttpResponse:
    now = timezone.now()
    today = local_date(now, request.shop.zone)
    usable = points_of(customer.pk, on=today).usable
    return render(
        request,
        "counter/redeem.html",
        {
            "customer": customer,
            "reward": reward,
            "usable": usable,
            "cost": -reward.cost_points,
            "left": usable - reward.cost_points,
            "missing": max(0, reward.cost_points - usable),
            "refusal": _refusal(request, customer, reward, at=now),
            "first_day": reward.usable_from(today),
            "last_day": reward.last_day(today),
            "error": error,
            "reference": new_reference(),
        },
        status=status,
    )
