"""The owner brings a file in: checked first, then brought in, taken back if it was a mistake."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice

from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.wakeup import wake_worker
from loyalty.errors import DomainError
from loyalty.purchases.imports import uploading
from loyalty.purchases.imports.leftout import unpacked
from loyalty.purchases.imports.stopped import stopped_elsewhere
from loyalty.purchases.imports.watching import Progress, progress_of
from loyalty.purchases.models import ColumnMap, ImportBatch, Upload
from loyalty.reports.exports.reading import Value
from loyalty.reports.exports.writing import csv_parts
from loyalty.reports.names import tier_names
from loyalty.sayings import say_again
from loyalty.shop.models import User
from loyalty.web.owner.forms import ReasonForm, UploadForm
from loyalty.web.owner.import_doubles import doubles_of
from loyalty.web.owner.import_words import field_label, figures_of, has_news, step_words
from loyalty.web.shared.decorators import posted_from, staff_required
from loyalty.web.shared.http import StaffRequest

NEWEST = 20
SHOWN = 50  # Rows left out.
ROWS_AT_ONCE = 500
WORK = "purchases.work_uploads"


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
    wake()
    return redirect("owner:import", upload.pk)


def _page(request: StaffRequest, form: UploadForm, *, status: int = 200) -> HttpResponse:
    uploads = Upload.objects.defer("content", "refused_rows").select_related("uploaded_by")
    newest = [(upload, _percent(upload)) for upload in uploads[:NEWEST]]
    context = {
        "place": "imports",
        "form": form,
        "newest": newest,
        "stopped": stopped_elsewhere(),
        "maps": ColumnMap.objects.all(),
    }
    return render(request, "owner/imports.html", context, status=status)


def _percent(upload: Upload) -> int | None:
    """How far the work on it has come, or had when it was stopped; None: nobody knows."""
    if upload.state == Upload.State.STOPPED and upload.counts.get("expected"):
        counts: dict[str, int] = upload.counts
        return min(100, 100 * counts["purchases_added"] // counts["expected"])
    progress = _progress(upload)
    return progress.percent if progress else None


def _progress(upload: Upload) -> Progress | None:
    is_worked_on = upload.state in Upload.WORK and upload.claimed_at
    return progress_of(upload.pk) if is_worked_on else None


@require_safe
@never_cache
@staff_required(User.Role.OWNER)
def one(request: StaffRequest, number: int) -> HttpResponse:
    """What was found in a file, how far the work is, and what can be done next."""
    if Upload.objects.filter(pk=number, state=Upload.State.ASKING).exists():
        return redirect("owner:import-columns", number)
    return _one(request, number)


@require_safe
@never_cache
@staff_required(User.Role.OWNER)
def refused(request: StaffRequest, number: int) -> HttpResponseBase:
    """All rows that were left out, as a file to correct them by."""
    upload = get_object_or_404(Upload.objects.only("refused_rows"), pk=number)
    headings = [_("Line"), _("Field"), _("Why")]
    return StreamingHttpResponse(
        csv_parts(headings, _rows(bytes(upload.refused_rows), get_language() or "vi")),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="left-out-{number}.csv"'},
    )


def _rows(packed: bytes, language: str) -> Iterator[list[Value]]:
    """Said while they are sent, when the language of the request is no longer the moment's."""
    rows = unpacked(packed)
    while True:
        with override(language):
            some: list[list[Value]] = [
                [row.line, str(field_label(row.field)), row.reason]
                for row in islice(rows, ROWS_AT_ONCE)
            ]
        if not some:
            return
        yield from some


@require_POST
@never_cache
@staff_required(User.Role.OWNER)
def adopt(request: StaffRequest, number: int) -> HttpResponse:
    """Let an import that was stopped on the command line be looked at here."""
    get_object_or_404(ImportBatch, pk=number)
    try:
        upload = uploading.adopt(batch_id=number, at=timezone.now(), by=request.user)
    except DomainError:
        return redirect("owner:imports")  # Somebody finished it or took it back meanwhile.
    return redirect("owner:import", upload.pk)


@never_cache
@staff_required(User.Role.OWNER)
@posted_from("owner:import", "number")
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
    wake()
    return redirect("owner:import", number)


def _step(act: str) -> Callable[..., Upload]:
    steps: dict[str, Callable[..., Upload]] = {
        "bring": uploading.bring,
        "drop": uploading.drop,
        "go-on": uploading.go_on,
        "undo": uploading.take_back,
    }
    if act not in steps:
        raise Http404
    return steps[act]


def wake() -> None:
    """Let a worker look for work as soon as what was asked is written."""
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
    upload = get_object_or_404(uploads.annotate(has_file=Q(content__isnull=False)), pk=number)
    progress = _progress(upload)
    names = tier_names(timezone.now())
    read, left_out = (upload.counts.get(name, 0) for name in ("rows_read", "rows_refused"))
    is_told = upload.state not in (Upload.State.DROPPED, Upload.State.REFUSED)
    tiers = {} if upload.state == Upload.State.STOPPED else upload.counts.get("tiers", {})
    first = islice(unpacked(bytes(upload.refused_rows)), SHOWN if is_told else 0)
    context = {
        "place": "imports",
        "upload": upload,
        "said": say_again(upload.said),
        "read_as": say_again(upload.read_as),
        "figures": figures_of(upload) if is_told else [],
        "brings_something": read > left_out,
        "has_news": has_news(upload),
        "seems_misread": left_out * 2 > read > 1,
        "goes_on": upload.state in Upload.WORK,
        "percent": _percent(upload),
        "step": step_words(upload, progress.step) if progress else "",
        "refused": [(row.line, field_label(row.field), row.reason) for row in first],
        "left_out": left_out,
        "shown": SHOWN,
        "tiers": [(names.get(key, key), count) for key, count in tiers.items()],
        "doubles": doubles_of(upload) if is_told else [],
        "form": form or ReasonForm(),
        "why": why,
    }
    return render(request, "owner/import.html", context, status=status)
