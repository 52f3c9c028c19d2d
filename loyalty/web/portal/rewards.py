"""The catalogue, and spending points on it."""

import secrets

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from loyalty.errors import DomainError
from loyalty.web.portal.choices import choices_of
from loyalty.web.portal.standing import offers_of, standing_of
from loyalty.web.shared.catalogue import branches_of, notes_of
from loyalty.web.shared.http import MemberRequest
from loyalty.web.shared.members import member_required
from rewards.models import Reward
from rewards.redemption import redeem_reward

SOURCE = "portal"
LONGEST_REFERENCE = 64


@require_safe
@member_required
def catalogue(request: MemberRequest) -> HttpResponse:
    now = timezone.now()
    standing = standing_of(request, at=now)
    choices = choices_of(offers_of(request, standing, at=now), standing)
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
            "shut": [choice for choice in choices if choice.shut and not choice.gone],
            "gone": [choice for choice in choices if choice.gone],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@member_required
def redeem(request: MemberRequest, key: str) -> HttpResponse:
    reward = get_object_or_404(Reward, key=key, is_active=True)
    if request.method == "POST":
        return _redeem(request, reward)
    now = timezone.now()
    standing = standing_of(request, at=now)
    offers = offers_of(request, standing, at=now)
    offer = next((one for one in offers if one.reward == reward), None)
    if offer is None or not offer.open or offer.missing_points:
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
            "notes": notes_of(reward, branches=branches_of([reward]), today=standing.today),
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
