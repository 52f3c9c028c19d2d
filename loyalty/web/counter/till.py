"""Who stands at the till and in which branch, for every page at the counter but the sign-in."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from urllib.parse import urlencode

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from loyalty.shop.models import Branch
from loyalty.web.shared.decorators import staff_required
from loyalty.web.shared.http import StaffRequest

SOURCE = "counter"  # Of every sale and redemption that is made here.
BRANCH_KEY = "branch"  # In the session of staff who have no branch of their own.
SECONDS_TO_RETRY = "2"

logger = logging.getLogger(__name__)


class TillRequest(StaffRequest):
    branch: Branch


P = ParamSpec("P")
TillView = Callable[Concatenate[TillRequest, P], HttpResponse]
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def at_the_till(view: TillView[P]) -> View[P]:
    """
    Only signed-in staff of any role, with `request.branch`; who has none chooses one first.
    The page is never stored: going back must not show an old sale as a new one. When the
    database made us wait too long, nothing was written and the page offers to try again.
    """

    @wraps(view)
    def guarded(request: StaffRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        branch = branch_of(request)
        if branch is None:
            back = urlencode({"next": request.get_full_path()})
            return redirect(f"{reverse('counter:branch')}?{back}")
        till = cast(TillRequest, request)
        till.branch = branch
        try:
            return view(till, *args, **kwargs)
        except OperationalError as error:
            logger.warning("A till waited too long: %s", type(error.__cause__).__name__)
            return _busy(till)

    return never_cache(staff_required()(guarded))


def branch_of(request: StaffRequest) -> Branch | None:
    """The staff member's own branch, else the one chosen in this session."""
    if request.user.branch_id is not None:
        return request.user.branch
    return Branch.objects.filter(pk=request.session.get(BRANCH_KEY, 0)).first()


def _busy(request: TillRequest) -> HttpResponse:
    """What was sent, ready to be sent again with the same reference: it counts once."""
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken"
        for value in values
    ]
    response = render(request, "counter/busy.html", {"fields": fields}, status=503)
    response["Retry-After"] = SECONDS_TO_RETRY
    return response
