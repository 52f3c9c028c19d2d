"""The owner takes the shop's data out."""

from tempfile import TemporaryFile
from typing import Any

from django.http import FileResponse, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from loyalty.dates import local_date
from loyalty.reports.exports.exporting import as_csv, file_name, write_xlsx
from loyalty.reports.exports.sheets import SHEETS
from loyalty.reports.models import Export
from loyalty.shop.models import User
from loyalty.web.owner.forms import ExportForm
from loyalty.web.shared.decorators import posted_from, staff_required
from loyalty.web.shared.http import StaffRequest

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NEWEST = 10  # Exports that the page lists.


@require_safe
@never_cache
@staff_required(User.Role.OWNER)
def page(request: StaffRequest) -> HttpResponse:
    """What can be taken out, and who did lately."""
    return _page(request, ExportForm())


@never_cache
@staff_required(User.Role.OWNER)
@posted_from("owner:exports")
def take(request: StaffRequest) -> HttpResponseBase:
    """One sheet as a file, written while it is read."""
    form = ExportForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    at, (sheet, kind) = timezone.now(), form.wanted()
    told: dict[str, Any] = {"name": sheet, "span": form.span(), "at": at, "by": request.user}
    name = file_name(sheet, kind, local_date(at, request.shop.zone))
    if kind == Export.Format.XLSX:
        book = TemporaryFile()  # noqa: SIM115  # The response closes it.
        write_xlsx(book, **told)
        book.seek(0)
        return FileResponse(book, as_attachment=True, filename=name, content_type=EXCEL)
    return StreamingHttpResponse(
        as_csv(**told),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _page(request: StaffRequest, form: ExportForm, *, status: int = 200) -> HttpResponse:
    context = {
        "place": "exports",
        "form": form,
        "sheets": SHEETS.values(),
        "newest": [
            (export, SHEETS[export.name].label if export.name in SHEETS else _("Everything"))
            for export in Export.objects.select_related("exported_by")[:NEWEST]
        ],
    }
    return render(request, "owner/exports.html", context, status=status)
