"""The code a member shows at the till."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from loyalty.web.portal.standing import standing_of
from loyalty.web.shared.http import MemberRequest
from loyalty.web.shared.members import member_required
from rewards.queries import open_vouchers


@require_safe
@member_required
def card(request: MemberRequest) -> HttpResponse:
    standing = standing_of(request, at=timezone.now())
    return render(
        request,
        "portal/card.html",
        {
            "tab": "card",
            "standing": standing.points,
            "progress": standing.progress,
            "vouchers": open_vouchers(request.member.pk, on=standing.today).count(),
        },
    )
