"""The owner brings a file in: checked first, then brought in, taken back if it was a mistake."""

from collections.abc import Callable
from functools import partial

from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.wakeup import wake_worker
from loyalty.errors import DomainError
from loyalty.purchases.imports import uploading
from loyalty.purchases.imports.watching import progress_of
from loyalty.purchases.models import Upload
from loyalty.reports.names import tier_names
from loyalty.reports.tables import Text
from loyalty.shop.models import User
from loyalty.web.owner.forms import ReasonForm, UploadForm
from loyalty.web.shared.decorators import staff_required
from loyalty.web.shared.http import StaffRequest

NEWEST = 20
SHOWN = 50  # Rows left out.
WORK = "purchases.work_uploads"
STEPS = {
    "reading": _("Reading"),
    "recording": _("Recording"),
    "undoing": _("Taking back"),
}
FIELDS = {
    "row": _("Row"),
    "customer": _("Customer no."),
    "phone": _("Phone"),
    "name": _("Name"),
    "email": _("E-mail"),
    "date": _("Date"),
    "amount": _("Amount"),
    "reference": _("Receipt"),
    "branch": _("Branch"),
    "birthday": _("Birthday"),
    "joined": _("Member since"),
    "points": _("Points"),
    "expires": _("Last day"),
    "tier": _("Tier"),
    "quantity": _("Quantity"),
    "price": _("Unit price"),
    "total": _("Total"),
}


# What is worth a line, and is always shown.
FIGURES = {
    Upload.About.SALES: (
        ("rows_read", _("Rows read")),
        ("purchases_added", _("New sales")),
        ("purchases_known", _("Sales that are here already")),
        ("refunds_added", _("Returns")),
        ("rows_cancelled", _("Cancelled sales, left out")),
        ("customers_added", _("New customers")),
        ("points_added", _("Points given")),
        ("rows_refused", _("Rows left out")),
    ),
    Upload.About.CUSTOMERS: (
        ("rows_read", _("Rows read")),
        ("new", _("New customers")),
        ("completed", _("Customers whose card is completed")),
        ("points_added", _("Points given")),
        ("tier", _("Tiers given")),
        ("consent", _("Answers about adverts")),
        ("double", _("Perhaps the same person twice")),
        ("rows_refused", _("Rows left out")),
    ),
}
ALWAYS = frozenset({"rows_read", "rows_refused"})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@staff_required(User.Role.OWNER)
def page(request: StaffRequest) -> HttpResponse:
    """A file to be handed in, and those of before."""
    if request.method != "POST":
        return _page(request, UploadForm())
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, status=422)
    about, map_name = form.wanted()
    file = form.cleaned_data["file"]
    upload = uploading.receive(
        about=about,
        map_name=map_name,
        file_name=file.name,
        content=file.read(),
        language=get_language() or "vi",
        at=timezone.now(),
        by=request.user,
    )
    _wake()
    return redirect("owner:import", upload.pk)


def _page(request: StaffRequest, form: UploadForm, *, status: int = 200) -> HttpResponse:
    newest = Upload.objects.defer("content").select_related("uploaded_by")[:NEWEST]
    context = {"place": "imports", "form": form, "newest": newest}
    return render(request, "owner/imports.html", context, status=status)


@require_safe
@never_cache
@staff_required(User.Role.OWNER)
def one(request: StaffRequest, number: int) -> HttpResponse:
    """What was found in a file, how far the work is, and what can be done next."""
    return _one(request, number)


@require_POST
@never_cache
@staff_required(User.Role.OWNER)
def act(request: StaffRequest, number: int, act: str) -> HttpResponse:
    """The next step, as a button names it."""
    get_object_or_404(Upload.objects.only("pk"), pk=number)
    told = {"upload_id": number, "at": timezone.now(), "by": request.user}
    form = ReasonForm(request.POST) if act == "undo" else None
    if form is not None:
        if not form.is_valid():
            return _one(request, number, form=form, status=422)
        told["reason"] = form.cleaned_data["reason"]
    try:
        _step(act)(**told)
    except DomainError as error:
        return _one(request, number, why=str(error), status=409)
    _wake()
    return redirect("owner:import", number)


def _step(act: str) -> Callable[..., Upload]:
    steps: dict[str, Callable[..., Upload]] = {
        "bring": uploading.bring,
        "drop": uploading.drop,
        "undo": uploading.take_back,
    }
    if act not in steps:
        raise Http404
    return steps[act]


def _wake() -> None:
    transaction.on_commit(partial(wake_worker, WORK))


def _one(
    request: StaffRequest,
    number: int,
    *,
    form: ReasonForm | None = None,
    why: str = "",
    status: int = 200,
) -> HttpResponse:
    uploads = Upload.objects.defer("content").select_related("uploaded_by", "changed_by")
    upload = get_object_or_404(uploads, pk=number)
    goes_on = upload.state in Upload.WORK
    progress = progress_of(number) if goes_on and upload.claimed_at else None
    names = tier_names(timezone.now())
    context = {
        "place": "imports",
        "upload": upload,
        "figures": _figures(upload),
        "goes_on": goes_on,
        "percent": progress.percent if progress else None,
        "step": STEPS.get(progress.step, "") if progress else "",
        "refused": [
            (line, FIELDS.get(field, field), reason)
            for line, field, reason in upload.refused[:SHOWN]
        ],
        "more": max(upload.counts.get("rows_refused", 0) - SHOWN, 0),
        "tiers": [
            (names.get(key, key), count) for key, count in upload.counts.get("tiers", {}).items()
        ],
        "form": form or ReasonForm(),
        "why": why,
    }
    return render(request, "owner/import.html", context, status=status)


def _figures(upload: Upload) -> list[tuple[Text, int]]:
    if not upload.counts:
        return []
    known = [
        (name, label, int(upload.counts.get(name, 0)))
        for name, label in FIGURES[Upload.About(upload.about)]
    ]
    return [(label, count) for name, label, count in known if count or name in ALWAYS]
