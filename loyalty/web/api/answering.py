"""From a service's result to the bytes of an answer, once for every Idempotency-Key."""

import json
from collections.abc import Callable

from django.http import HttpResponse
from django.utils import timezone
from pydantic import BaseModel

from loyalty.integrations.answers import Reply, Request, once
from loyalty.web.api.entering import KeyRequest
from loyalty.web.api.problems import Problem
from loyalty.web.api.reading import check_reference

_HEADER = "Idempotency-Key"
_IN_META = "HTTP_IDEMPOTENCY_KEY"
# For the documentation of every POST.
TAKES_IDEMPOTENCY_KEY = {
    "parameters": [
        {
            "in": "header",
            "name": _HEADER,
            "required": False,
            "description": "New for each act, kept for its retries: they get the first answer.",
            "schema": {"type": "string", "pattern": r"^[A-Za-z0-9._:+/=-]{8,100}$"},
            "example": "8e03978e-40d5-43e8-bc93-6894a57f9324",
        }
    ]
}


def reply(document: BaseModel, *, status: int = 200, customer_id: int | None = None) -> Reply:
    """`customer_id` says whose personal data the document tells, if it does."""
    return Reply(status, document.model_dump_json(), customer_id)


def tell(said: Reply) -> HttpResponse:
    """The answer as it goes out."""
    headers = {"Cache-Control": "no-store"}
    if said.replayed:
        headers["Idempotency-Replayed"] = "true"
    return HttpResponse(
        said.body.encode(), content_type="application/json", status=said.status, headers=headers
    )


def answer(request: KeyRequest, route: str, act: Callable[[], Reply]) -> HttpResponse:
    """
    What `act` says; for a request whose Idempotency-Key was answered before, that answer. `act`
    does all it does in one transaction of its own, which the keeping of its answer joins.
    """
    named = named_by(request, route)
    return tell(act() if named is None else once(named, act, at=timezone.now()))


def named_by(request: KeyRequest, route: str) -> Request | None:
    """The request as its Idempotency-Key names it; None without one. Raises InvalidInput."""
    key = request.META.get(_IN_META)
    if key is None:
        return None
    body = json.dumps(getattr(request, "asked", None), sort_keys=True, default=str)
    asked = f"{request.path}\n{body}".encode("utf-8", "backslashreplace")
    return Request.of(source=request.auth.source, route=route, idempotency_key=key, asked=asked)


def reference_of(request: KeyRequest, given: str | None) -> str:
    """
    The program's own name for what it asks: in the body, or else its Idempotency-Key. Empty when
    it gave neither. Raises Problem.
    """
    named = given or request.META.get(_IN_META) or ""
    try:
        return check_reference(named)
    except ValueError as error:
        raise Problem.of_field("reference", str(error)) from error
