"""Where staff without a branch of their own sell today."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from loyalty.shop.models import Branch
from loyalty.web.counter.till import BRANCH_KEY, branch_of
from loyalty.web.shared.decorators import staff_required
from loyalty.web.shared.http import StaffRequest


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@staff_required()
def choose_branch(request: StaffRequest) -> HttpResponse:
    if request.user.branch_id is not None:
        return redirect("counter:sale")
    if request.method != "POST":
        return _page(request)
    key = request.POST.get("branch", "")
    branch = Branch.objects.filter(key=key).first() if key.isprintable() else None
    if branch is None:
        return _page(request, error=_("Choose a branch."))
    request.session[BRANCH_KEY] = branch.pk
    return redirect(inside(request, request.POST.get("next", "")))


def inside(request: HttpRequest, back: str) -> str:
    """The path of this site to return to, else the till."""
    ours = back.startswith("/") and url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}
    )
    return back if ours else "counter:sale"


def _page(request: StaffRequest, *, error: str = "") -> HttpResponse:
    return render(
        request,
        "counter/branch.html",
        {
            "branches": Branch.objects.all(),
            "chosen": branch_of(request),
            "back": request.POST.get("next", request.GET.get("next", "")),
            "error": error,
        },
        status=422 if error else 200,
    )
