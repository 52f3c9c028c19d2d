"""The till's one page: who, how much, done."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from customers.models import Customer
from loyalty.errors import Conflict, DomainError
from loyalty.money import minor_digits
from loyalty.programme.versions import in_force
from loyalty.purchases.recording import Recorded, record_purchase
from loyalty.purchases.referring import takes_codes
from loyalty.web.counter.codes import code_named, refusal, takes_vouchers, who
from loyalty.web.counter.enrol_form import EnrolForm
from loyalty.web.counter.panel import panel_of
from loyalty.web.counter.preview import Typed, preview_of
from loyalty.web.counter.references import new_reference, reference_of, status_of
from loyalty.web.counter.till import SOURCE, TillRequest, at_the_till
from loyalty.web.shared.guessing import guarding


@dataclass(frozen=True)
class Till:
    """What stands on the till's page besides the customer's panel."""

    customer: Customer | None = None
    typed: str = ""  # In the find box.
    matches: tuple[Customer, ...] = ()
    more_matches: bool = False  # There are others than those in `matches`.
    find_error: str = ""
    enrol: EnrolForm | None = None
    bill: Typed = field(default_factory=Typed)
    reference: str = ""
    error: str = ""  # Why the sale was refused.

    @property
    def focus(self) -> str:
        """Where the cashier goes on typing."""
        if self.customer is not None or self.error:
            return "amount"
        if self.matches:
            return "matches"
        return "enrol" if self.enrol else "find"


@require_http_methods(["GET", "HEAD", "POST"])
@at_the_till
def sale(request: TillRequest) -> HttpResponse:
    if request.method == "POST":
        return _record(request)
    customer = customer_of(request.GET.get("customer", ""))
    chosen = request.GET.get("voucher", "")
    code = code_named(customer, chosen, at=timezone.now(), shop=request.shop) if chosen else ""
    enrol = EnrolForm() if "enrol" in request.GET else None
    return show_till(request, Till(customer=customer, enrol=enrol, bill=Typed(vouchers=code)))


@require_http_methods(["GET", "HEAD", "POST"])
@at_the_till
def preview(request: TillRequest) -> HttpResponse:
    """
    The dark panel alone, for the script that asks while the bill is typed: by POST, for a
    voucher's code has no place in an address.
    """
    sent = request.POST if request.method == "POST" else request.GET
    customer = customer_of(sent.get("customer", ""))
    typed = Typed.of(request.POST) if sent is request.POST else replace(Typed.of(sent), vouchers="")
    shown = preview_of(request, customer, typed, at=timezone.now())
    return render(request, "counter/earn.html", {"preview": shown})


def _record(request: TillRequest) -> HttpResponse:
    till = Till(
        customer=customer_of(request.POST.get("customer", "")),
        bill=Typed.of(request.POST),
    )
    try:
        recorded = _record_typed(request, till)
    except Conflict:
        known = _("This page has recorded a sale already. Press once more to record another one.")
        return show_till(request, replace(till, error=known), status=409)
    except DomainError as error:
        kept = request.POST.get("reference", "")
        why = refusal(error, till.bill.codes)
        refused = replace(till, error=why, reference=kept)
        return show_till(request, refused, status=status_of(error))
    if recorded.replayed:
        messages.info(request, _("This sale had been recorded; nothing was added twice."))
    return redirect("counter:done", purchase_id=recorded.purchase.pk)


def _record_typed(request: TillRequest, till: Till) -> Recorded:
    now = timezone.now()
    with guarding(request, who(request), till.bill.codes):
        return record_purchase(
            source=SOURCE,
            reference=reference_of(request),
            customer=till.customer,
            branch=request.branch,
            bill=till.bill.bill(request.shop.currency),
            at=now,
            recorded_at=now,
            by=request.user,
        )


def show_till(request: TillRequest, till: Till, *, status: int = 200) -> HttpResponse:
    """The page in the state of `till`, with a reference of its own unless one is kept."""
    now, shop = timezone.now(), request.shop
    panel = (
        panel_of(till.customer, at=now, shop=shop, branch=request.branch) if till.customer else None
    )
    shown = preview_of(request, till.customer, till.bill, at=now)
    has_vouchers = bool(till.bill.vouchers or (panel and panel.vouchers))
    return render(
        request,
        "counter/sale.html",
        {
            "till": till,
            "panel": panel,
            "takes_codes": till.enrol is not None and takes_codes(now),
            "preview": shown,
            "takes_points": till.customer is not None and _takes_points(now),
            "takes_vouchers": takes_vouchers(has_vouchers, at=now, shop=shop),
            "reference": till.reference or new_reference(),
            "currency_sign": "đ" if shop.currency == "VND" else shop.currency,
            "separator": _separator(shop.currency),
        },
        status=status,
    )


def customer_of(key: str) -> Customer | None:
    """The customer of that number, none for an empty key. Raises Http404 for any other."""
    if not key:
        return None
    found = (
        Customer.objects.select_related("activity", "merged_into__activity")
        .filter(pk=int(key))
        .first()
        if key.isascii() and key.isdigit() and len(key) < 19
        else None
    )
    if found is None:
        raise Http404
    return found.kept


def to_till_of(customer: Customer) -> HttpResponseRedirect:
    """To the till, with this customer chosen."""
    return redirect(f"{reverse('counter:sale')}?customer={customer.pk}")


def _takes_points(at: datetime) -> bool:
    """Whether points are money at the till."""
    pay = in_force(at).programme.pay
    return pay is not None and pay.enabled


def _separator(currency: str) -> str:
    """What stands between thousands while typing; none where the currency has decimals."""
    if minor_digits(currency):
        return ""
    return "." if get_language() == "vi" else ","
