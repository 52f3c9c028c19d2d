"""The member's session: a cookie on their browser, apart from the staff's."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from customers import signin
from customers.models import Customer
from loyalty.web.shared.http import MemberRequest

P = ParamSpec("P")
MemberView = Callable[Concatenate[MemberRequest, P], HttpResponse]
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def member_of(request: HttpRequest) -> Customer | None:
    """The member signed in on this browser, or None. One query when there is a cookie."""
    token = request.COOKIES.get(settings.MEMBER_COOKIE_NAME, "")
    return signin.member_of_session(token, at=timezone.now()) if token else None


def member_required(view: MemberView[P]) -> View[P]:
    """
    Only signed-in members, on `request.member`. A stranger signs in first and comes back.
    The page is never cached: the next person on the same phone must not see it.
    """

    @wraps(view)
    @never_cache
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        member = member_of(request)
        if member is None:
            back = request.get_full_path() if request.method in ("GET", "HEAD") else "/"
            return redirect(f"{reverse('portal:sign-in')}?{urlencode({'next': back})}")
        asked = cast(MemberRequest, request)
        asked.member = member
        return view(asked, *args, **kwargs)

    return guarded


def start_session(request: HttpRequest, response: HttpResponse, customer: Customer) -> None:
    """
    Sign the customer in on this browser, with a new token; one already there ends.
    """
    end_session(request, response)
    response.set_cookie(
        settings.MEMBER_COOKIE_NAME,
        signin.open_session(customer=customer, at=timezone.now()),
        max_age=settings.MEMBER_SESSION_AGE,
        secure=settings.SECURE_COOKIES,
        httponly=True,
        samesite="Lax",
    )


def end_session(request: HttpRequest, response: HttpResponse) -> None:
    """Sign this browser out, here and in the database. Safe to repeat."""
    token = request.COOKIES.get(settings.MEMBER_COOKIE_NAME, "")
    if token:
        signin.end_session(token)
        response.delete_cookie(settings.MEMBER_COOKIE_NAME, samesite="Lax")
