"""Every point that came or went, and why."""

from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from loyalty.ledger.models import Entry
from loyalty.web.portal.standing import standing_of
from loyalty.web.portal.statement import line_of, statement_of
from loyalty.web.shared.http import MemberRequest
from loyalty.web.shared.members import member_required

PAGE = 20


@require_safe
@member_required
def history(request: MemberRequest) -> HttpResponse:
    kind = request.GET.get("kind", "")
    entries = _filtered(statement_of(request.member.pk), kind, request.GET.get("before", ""))
    # One more than shown tells whether there is another page, without counting them all.
    found = list(entries[: PAGE + 1])
    standing = standing_of(request, at=timezone.now())
    return render(
        request,
        "portal/history.html",
        {
            "tab": "me",
            "standing": standing.points,
            "next_expiry": standing.next_expiry,
            "lines": [line_of(entry) for entry in found[:PAGE]],
            "kinds": _kinds(kind),
            "older": _address(kind, before=found[PAGE - 1].number) if len(found) > PAGE else "",
        },
    )


def _filtered(entries: QuerySet[Entry], kind: str, before: str) -> QuerySet[Entry]:
    """Pages start below an entry's number, so a new entry never shifts what is being read."""
    if kind == "plus":
        entries = entries.filter(points__gt=0)
    elif kind == "minus":
        entries = entries.filter(points__lt=0)
    if before.isascii() and before.isdigit() and len(before) < 10:
        entries = entries.filter(number__lt=int(before))
    return entries


def _kinds(chosen: str) -> list[dict[str, object]]:
    words = {"": _("All"), "plus": _("Plus"), "minus": _("Minus")}
    return [
        {"label": label, "href": _address(kind), "on": kind == chosen}
        for kind, label in words.items()
    ]


def _address(kind: str, before: int | None = None) -> str:
    query = {"kind": kind} if kind else {}
    if before is not None:
        query["before"] = str(before)
    return f"{reverse('portal:history')}{'?' if query else ''}{urlencode(query)}"
