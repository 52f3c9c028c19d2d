"""Staff sign in with a name and a password, and out."""

from typing import Any

from django import forms
from django.contrib.auth import login, logout
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from loyalty.shop.models import User
from loyalty.web.counter.branches import inside
from loyalty.web.counter.throttle import Attempt


class StaffForm(AuthenticationForm):
    error_messages = {
        "invalid_login": gettext_lazy("The name or the password is wrong."),
        "inactive": gettext_lazy("The name or the password is wrong."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in (("username", _("User name")), ("password", _("Password"))):
            field: forms.Field = self.fields[name]
            field.label = label
            field.widget.attrs["class"] = "input"
            field.error_messages["required"] = _("Type your user name and password.")


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    """The form; a right password leads on to where one was going. 429 after too many wrong ones."""
    if request.method != "POST":
        if request.user.is_authenticated:
            return redirect("counter:sale")
        return _page(request, StaffForm(request))
    typed = _without_nulls(request)
    attempt = Attempt.of(request, typed["username"])
    if not attempt.may_go_on():
        return _page(request, StaffForm(request), too_many=True)
    form = StaffForm(request, data=typed)
    if not form.is_valid():
        return _page(request, form)
    attempt.succeeded()
    login(request, form.get_user())
    return redirect(inside(request, request.POST.get("next", "")))


@require_safe
def back_office_door(request: HttpRequest) -> HttpResponse:
    """The back office has no sign-in of its own: one door for all staff, with one brake."""
    if not isinstance(request.user, User):
        return redirect_to_login(request.GET.get("next", reverse("admin:index")))
    if not request.user.is_staff:
        raise PermissionDenied
    return redirect("admin:index")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("counter:sign-in")


def _without_nulls(request: HttpRequest) -> dict[str, str]:
    """The two fields as PostgreSQL can compare them."""
    return {
        name: request.POST.get(name, "").replace("\x00", "") for name in ("username", "password")
    }


def _page(request: HttpRequest, form: StaffForm, *, too_many: bool = False) -> HttpResponse:
    status = 429 if too_many else 422 if form.errors else 200
    return render(
        request,
        "counter/sign_in.html",
        {
            "form": form,
            "too_many": too_many,
            "username": request.POST.get("username", ""),
            "back": request.POST.get("next", request.GET.get("next", "")),
        },
        status=status,
    )
