"""The catalogue, and spending points on it."""

import secrets

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from loyalty.errors import DomainError
from loyalty.web.portal.choices import choices_of
from loyalty.web.portal.standing import standing_of
from loyalty.web.shared.http import MemberRequest
from loyalty.web.shared.members import member_required
from rewards.models import Reward
from rewards.queries import offers_for
from rewards.redemption import redeem_reward

SOURCE = "portal"
LONGEST_REFERENCE = 64


@require_safe
@member_required
def catalogue(request: MemberRequest) -> HttpResponse:
    standing = standing_of(request, at=timezone.now())
    choices = choices_of(
        offers_for(standing.points.usable),
        usable=standing.points.usable,
        programme=standing.programme,
        tier=standing.progress.tier,
    )
    return render(
        request,
        "portal/rewards.html",
        {
            "tab": "rewards",
            "standing": standing.points,
            "next_expiry": standing.next_expiry,
            "now": [choice for choice in choices if choice.now],
            "nearly": [choice for choice in choices if choice.nearly],
            "later": [choice for choice in choices if choice.later],
            "gone": Reward.objects.filter(is_active=True, stock=0),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def redeem(request: MemberRequest, key: str) -> HttpResponse:
    reward = get_object_or_404(Reward, key=key, is_active=True)
    if request.method == "POST":
        return _redeem(request, reward)
    standing = standing_of(request, at=timezone.now())
    if standing.points.usable < reward.cost_points:
        return redirect("portal:rewards")
    return render(
        request,
        "portal/redeem.html",
        {
            "tab": "rewards",
            "reward": reward,
            "standing": standing.points,
            "cost": -reward.cost_points,
            "after": standing.points.usable - reward.cost_points,
            "last_day": reward.last_day(standing.today),
            # Made once a page, so that a double tap or a reload redeems once.
            "reference": secrets.token_urlsafe(16),
        },
    )


def _redeem(request: MemberRequest, reward: Reward) -> HttpResponse:
    reference = request.POST.get("reference", "")
    if not 0 < len(reference) <= LONGEST_REFERENCE or not reference.isprintable():
        return redirect("portal:redeem", key=reward.key)
    try:
        redemption = redeem_reward(
            customer=request.member,
            reward=reward,
            source=SOURCE,
            # Within the member's own names: another member's page can never answer this one.
            reference=f"{request.member.pk}:{reference}",
            at=timezone.now(),
            by=None,
        )
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("portal:rewards")
    return redirect("portal:voucher", voucher_id=redemption.voucher.pk)
