"""The front page: a member's card, or the shop's invitation to a stranger."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from loyalty.dates import local_date
from loyalty.programme.versions import in_force
from loyalty.web.portal import rules
from loyalty.web.portal.choices import Choice, choices_of, nearest
from loyalty.web.portal.standing import MemberStanding, offers_of, standing_of
from loyalty.web.portal.statement import line_of, statement_of
from loyalty.web.shared.http import MemberRequest, ShopRequest
from loyalty.web.shared.members import member_of
from rewards.models import Reward
from rewards.offers import in_the_window
from rewards.stamp_cards import cards_of

NEWEST_ENTRIES = 3
NEAREST_REWARDS = 3


@require_safe
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    member = member_of(request)
    if member is None:
        return _welcome(cast(ShopRequest, request))
    asked = cast(MemberRequest, request)
    asked.member = member
    return _member_home(asked)


def _welcome(request: ShopRequest) -> HttpResponse:
    now = timezone.now()
    programme, today = in_force(now).programme, local_date(now, request.shop.zone)
    return render(
        request,
        "portal/welcome.html",
        {
            "sentence": rules.earning(request, programme),
            "expiry": rules.expiry(programme),
            "tiers": rules.tier_lines(programme),
            "rewards": in_the_window(on=today)[:NEAREST_REWARDS],
        },
    )


def _member_home(request: MemberRequest) -> HttpResponse:
    now = timezone.now()
    standing = standing_of(request, at=now)
    choices = choices_of(offers_of(request, standing, at=now), standing)
    entries = statement_of(request.member.pk)[:NEWEST_ENTRIES]
    return render(
        request,
        "portal/home.html",
        {
            "tab": "home",
            "standing": standing.points,
            "progress": standing.progress,
            "next_expiry": standing.next_expiry,
            "enough_for": _enough_for(standing, choices),
            "choices": nearest(choices, limit=NEAREST_REWARDS),
            "cards": cards_of(
                request.member.pk, cards=standing.programme.stamp_cards, on=standing.today
            ),
            "lines": [line_of(entry) for entry in entries],
            "sentence": rules.earning(request, standing.programme),
            "expiry": rules.expiry(standing.programme),
        },
    )


def _enough_for(standing: MemberStanding, choices: list[Choice]) -> Reward | None:
    """The dearest reward that the points ending soon pay by themselves."""
    if standing.next_expiry is None:
        return None
    ending = standing.next_expiry[1]
    within = [c.reward for c in choices if c.now and c.reward.cost_points <= ending]
    return max(within, key=lambda reward: reward.cost_points, default=None)
