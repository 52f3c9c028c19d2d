"""A voucher across the counter: what it is worth, and using it up."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from loyalty.dates import local_date
from loyalty.errors import DomainError
from loyalty.web.counter.references import new_reference, reference_of, status_of
from loyalty.web.counter.sale import to_till_of
from loyalty.web.counter.till import TillRequest, at_the_till
from loyalty.web.shared import display as shown
from rewards.models import Reward, Voucher
from rewards.vouchers import use_voucher


@require_http_methods(["GET", "HEAD", "POST"])
@at_the_till
def voucher(request: TillRequest, voucher_id: int) -> HttpResponse:
    """The voucher and one button; or since when, where and with whom it was used."""
    if request.method == "POST":
        return _use(request, _voucher(voucher_id))
    return _page(request, _voucher(voucher_id))


def _use(request: TillRequest, found: Voucher) -> HttpResponse:
    try:
        used = use_voucher(
            voucher=found,
            reference=reference_of(request),
            branch=request.branch,
            at=timezone.now(),
            by=request.user,
        )
    except DomainError as error:
        current = _voucher(found.pk)
        return _page(request, current, error=str(error), status=status_of(error))
    messages.success(request, _used_text(used))
    return to_till_of(found.customer)


def _used_text(used: Voucher) -> str:
    worth = {"code": shown.code(used.code), "reward": shown.named(used.terms)}
    if used.terms.kind == Reward.Kind.DISCOUNT_AMOUNT:
        worth["amount"] = shown.money(used.terms.value_minor)
        return _("Voucher %(code)s is used: take %(amount)s off the bill.") % worth
    return _("Voucher %(code)s is used: %(reward)s.") % worth


def _voucher(voucher_id: int) -> Voucher:
    related = ("customer", "terms", "used_branch", "used_by")
    return get_object_or_404(Voucher.objects.select_related(*related), pk=voucher_id)


def _page(
    request: TillRequest, found: Voucher, *, error: str = "", status: int = 200
) -> HttpResponse:
    today = local_date(timezone.now(), request.shop.zone)
    ended = found.state != Voucher.State.USED and found.expires_on < today
    return render(
        request,
        "counter/voucher.html",
        {
            "voucher": found,
            "is_used": found.state == Voucher.State.USED,
            "has_ended": ended,
            "days_left": (found.expires_on - today).days,
            "error": error,
            "reference": new_reference(),
        },
        status=status,
    )
