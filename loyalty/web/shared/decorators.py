"""Who may see a page, and what a page may go without."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import reverse

from loyalty.shop.models import User
from loyalty.web.shared.http import StaffRequest

P = ParamSpec("P")
R = TypeVar("R", bound=HttpRequest)
A = TypeVar("A", bound=HttpResponseBase)
AnyView = TypeVar("AnyView", bound=Callable[..., HttpResponse])
StaffView = Callable[Concatenate[StaffRequest, P], HttpResponseBase]
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def staff_required(*roles: str) -> Callable[[StaffView[P]], View[P]]:
    """
    Only signed-in staff with one of `roles`; any staff when none is named. A stranger is
    asked to sign in and comes back; staff of another role get 403.
    """

    def guard(view: StaffView[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not isinstance(request.user, User):
                return redirect_to_login(request.get_full_path())
            if roles and request.user.role not in roles:
                raise PermissionDenied
            return view(cast(StaffRequest, request), *args, **kwargs)

        return guarded

    return guard


def posted_from(
    page: str, *named: str
) -> Callable[[Callable[Concatenate[R, P], A]], Callable[Concatenate[R, P], A | HttpResponse]]:
    """
    Only what a form of that page posts; `named` are the arguments that its address shares. Whoever
    asks otherwise is sent there: an answer that says what is wrong may be loaded again, in another
    language for one. Stands below what says who may see the page.
    """

    def guard(
        view: Callable[Concatenate[R, P], A],
    ) -> Callable[Concatenate[R, P], A | HttpResponse]:
        @wraps(view)
        def guarded(request: R, /, *args: P.args, **kwargs: P.kwargs) -> A | HttpResponse:
            if request.method == "POST":
                return view(request, *args, **kwargs)
            if request.method not in ("GET", "HEAD"):
                return HttpResponseNotAllowed(["POST"])
            return redirect(reverse(page, kwargs={name: kwargs[name] for name in named}))

        return guarded

    return guard


def without_shop(view: AnyView) -> AnyView:
    """Marks a view that must answer even when the shop cannot be read."""
    view.without_shop = True  # type: ignore[attr-defined]
    return view
