"""The member's vouchers."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from loyalty.dates import local_date
from loyalty.web.shared.catalogue import branches_of
from loyalty.web.shared.http import MemberRequest
from loyalty.web.shared.members import member_required
from rewards.models import Voucher
from rewards.queries import closed_vouchers, open_vouchers

PAST_SHOWN = 20


@require_safe
@member_required
def vouchers(request: MemberRequest) -> HttpResponse:
    today = local_date(timezone.now(), request.shop.zone)
    can_use = list(open_vouchers(request.member.pk, on=today))
    past = closed_vouchers(request.member.pk, on=today)[:PAST_SHOWN]
    return render(
        request,
        "portal/vouchers.html",
        {"tab": "vouchers", "open": can_use, "past": past, "today": today},
    )


@require_safe
@member_required
def voucher(request: MemberRequest, voucher_id: int) -> HttpResponse:
    """One's own voucher; anybody else's does not exist."""
    shown = get_object_or_404(
        Voucher.objects.select_related("reward", "terms"), pk=voucher_id, customer=request.member
    )
    today = local_date(timezone.now(), request.shop.zone)
    can_use = list(open_vouchers(request.member.pk, on=today))
    return render(
        request,
        "portal/voucher.html",
        {
            "tab": "vouchers",
            "voucher": shown,
            "is_open": any(other.pk == shown.pk for other in can_use),
            "days_left": (shown.expires_on - today).days,
            "others": [other for other in can_use if other.pk != shown.pk],
            "today": today,
            "branches": ", ".join(branches_of([shown.terms]).values()),
        },
    )
