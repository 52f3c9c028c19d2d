"""The short way for other programs: no session, no cookie, no form token, no page around it."""

from collections.abc import Callable
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils import translation

from loyalty.web.api.problems import Problem
from loyalty.web.api.refusing import problem_of

PLACE = "/api/"
PAGES = frozenset({"/api/v1/docs"})  # For people: they go the way of all pages.
_POLICY = "default-src 'none'; frame-ancestors 'none'"  # No answer is a page.

_places: dict[str, ResolverMatch] = {}  # Of addresses in which nothing is named, so there are few.


class ShortChain:
    """
    The first of MIDDLEWARE: answers requests to the API here, behind nothing but Django's security
    middleware. All that follows is for pages.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.short = SecurityMiddleware(_spoken)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PLACE) or request.path_info in PAGES:
            return self.get_response(request)
        response = cast(HttpResponse, self.short(request))
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["Content-Length"] = str(len(response.content))
        # Not in Django's log of refused requests: in an address stands a voucher's code, and what
        # goes wrong on our side is logged where it is read.
        response._has_been_logged = True  # type: ignore[attr-defined]
        return response


def _spoken(request: HttpRequest) -> HttpResponse:
    """The answer in the language asked for."""
    language = "en" if request.META.get("HTTP_ACCEPT_LANGUAGE", "").startswith("en") else "vi"
    with translation.override(language):
        response = _answer(request)
    response.headers["Content-Language"] = language
    return response


def _place_of(path: str) -> ResolverMatch:
    """What is at that address. Raises Resolver404."""
    known = _places.get(path)
    if known is None:
        known = resolve(path)
        if not known.kwargs:
            _places[path] = known
    return known


def _answer(request: HttpRequest) -> HttpResponse:
    try:
        match = _place_of(request.path_info)
    except Resolver404:
        match = None
    if match is None or "\x00" in request.path_info:  # No row has such a name.
        return Problem("not-found").response()
    request.resolver_match = match
    try:
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
    except Exception as error:
        return problem_of(error).response()
    if response.status_code == 405:
        allowed = Problem("method-not-allowed", headers={"Allow": response.headers["Allow"]})
        return allowed.response()
    return response
