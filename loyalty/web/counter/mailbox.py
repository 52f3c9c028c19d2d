"""The demo's mailbox: what a real shop would have sent, sign-in codes included."""

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from campaigns.mailbox import read_mailbox
from loyalty.web.counter.till import TillRequest, at_the_till

NEWEST = 30


@require_safe
@at_the_till
def mailbox(request: TillRequest) -> HttpResponse:
    """Only in the demo: a real shop must not read its customers' codes."""
    if not settings.DEMO:
        raise Http404
    return render(request, "counter/mailbox.html", {"letters": read_mailbox(NEWEST)})
