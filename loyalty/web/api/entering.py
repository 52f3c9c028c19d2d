"""Who asks: a key in the header, with the scope of the route. No route is open without one."""

from datetime import datetime
from typing import Any, NoReturn

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer
from pydantic import BaseModel

from loyalty.integrations.keys import Holder, find_key
from loyalty.integrations.models import ApiKey
from loyalty.web.api.limits import check_rate
from loyalty.web.api.problems import Problem
from loyalty.web.api.reading import address_of
from loyalty.web.api.refusing import unauthenticated

Scope = ApiKey.Scope


class KeyRequest(HttpRequest):
    auth: Holder
    asked: Any  # The body, read.
    address: list[tuple[str, str]]  # What stands behind the ?.


class Key(HttpBearer):
    """Lets in keys that have the scope, with what `query` has in the address and nothing else."""

    def __init__(self, scope: ApiKey.Scope, query: type[BaseModel] | None = None) -> None:
        super().__init__()
        self.scope = scope
        self.query = frozenset(query.model_fields if query else ())

    def __call__(self, request: HttpRequest) -> Holder:
        """Who asks. Raises Problem for whom the route does not let in."""
        scheme, _space, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != self.openapi_scheme:
            raise unauthenticated()
        return self.authenticate(request, token)

    def authenticate(self, request: HttpRequest, token: str) -> Holder:
        key = self.find(request, token, at=timezone.now())
        if key is None:
            raise unauthenticated()
        check_rate(key)
        need(key, self.scope)
        unknown = next(
            (name for name, _value in address_of(request) if name not in self.query), None
        )
        if unknown is not None:
            raise Problem.of_field(unknown, "The address takes no such field.")
        _check_length(request)
        return key

    def find(self, request: HttpRequest, token: str, *, at: datetime) -> Holder | None:
        """Who holds the key of that token, if it may still be used."""
        return find_key(token, at=at)


def _check_length(request: HttpRequest) -> None:
    # In chunks: Django reads nothing of a body whose length it is not told, and would take it for none.
    if "HTTP_TRANSFER_ENCODING" in request.META:
        raise Problem("length-required")
    if int(request.META.get("CONTENT_LENGTH") or 0) > settings.API_LARGEST_BODY:
        raise Problem("too-large")


def nobody(request: HttpRequest) -> NoReturn:
    """What a route says that forgot to name its scope."""
    raise unauthenticated()


def need(key: Holder, scope: ApiKey.Scope) -> None:
    """Raise Problem unless the key has that scope."""
    if scope not in key.scopes:
        raise Problem("scope-missing", f"The scope `{scope}` is missing.", more={"scope": scope})
