from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from loyalty.dates import local_date
from loyalty.reports import cohorts, frequency, returning, revenue
from loyalty.reports.asking import one_moment
from loyalty.reports.names import group_name, tier_names
from loyalty.reports.tables import TABLES, Cell, csv_text
from loyalty.shop.models import User
from loyalty.web.owner.forms import RangeForm
from loyalty.web.owner.retention import retention_page, table_scope
from loyalty.web.shared.decorators import staff_required
from loyalty.web.shared.http import StaffRequest

BYTE_ORDER_MARK = "\N{BYTE ORDER MARK}"  # Spreadsheets read Vietnamese right only with it.


@require_safe
@never_cache
@staff_required(User.Role.OWNER)
def retention(request: StaffRequest) -> HttpResponse:
    """Whether customers come back, and which ones."""
    at = timezone.now()
    form = RangeForm(request.GET.dict(), today=local_date(at, request.shop.zone))
    question = form.question()
    with one_moment():
        page = retention_page(question, shop=request.shop, at=at)
    context = {
        "place": "retention",
        "form": form,
        "question": question,
        "page": page,
        "query": request.GET.urlencode(),
        "definitions": {
            "cohorts": cohorts.DEFINITION,
            "frequency": frequency.DEFINITION,
            "returning": returning.DEFINITION,
            "revenue": revenue.DEFINITION,
        },
    }
    status = 200 if form.is_valid() else 422
    return render(request, "owner/retention.html", context, status=status)


@require_safe
@never_cache
@staff_required(User.Role.OWNER)
def retention_table(request: StaffRequest, name: str) -> HttpResponse:
    """One table of that page for a spreadsheet."""
    if name not in TABLES:
        raise Http404
    at = timezone.now()
    today = local_date(at, request.shop.zone)
    question = RangeForm(request.GET.dict(), today=today).question()
    with one_moment():
        table = TABLES[name](table_scope(name, question, today=today))
        names = tier_names(at)
    rows = [[_named(cell, names) for cell in row] for row in table.rows]
    text = csv_text([str(column.label) for column in table.columns], rows)
    file_name = f"{name}-{question.period.first}-{question.period.last}.csv"
    return HttpResponse(
        BYTE_ORDER_MARK + text,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{file_name}"'},
    )


def _named(cell: Cell, tiers: dict[str, str]) -> Cell:
    if isinstance(cell, bool):
        return _("yes") if cell else _("no")
    return group_name(cell, tiers) if isinstance(cell, str) else cell
