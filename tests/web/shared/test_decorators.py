"""Who may see a page of the staff."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import RequestFactory

from loyalty.shop.models import User
from loyalty.web.shared.decorators import staff_required
from loyalty.web.shared.http import StaffRequest

Role = User.Role


def ask(user: User | AnonymousUser, *roles: str) -> HttpResponse:
    @staff_required(*roles)
    def page(request: StaffRequest) -> HttpResponse:
        return HttpResponse("in")

    request = RequestFactory().get("/counter/?a=1")
    request.user = user
    return page(request)


@pytest.mark.parametrize("role", Role)
def test_any_staff_when_no_role_is_named(role: str) -> None:
    assert ask(User(role=role)).content == b"in"


@pytest.mark.parametrize("role", Role)
def test_only_the_roles_that_are_named(role: str) -> None:
    if role == Role.CASHIER:
        with pytest.raises(PermissionDenied):
            ask(User(role=role), Role.MANAGER, Role.OWNER)
    else:
        assert ask(User(role=role), Role.MANAGER, Role.OWNER).content == b"in"


def test_a_stranger_signs_in_and_comes_back() -> None:
    response = ask(AnonymousUser(), Role.OWNER)

    assert (response.status_code, response["Location"]) == (
        302,
        "/counter/sign-in/?next=/counter/%3Fa%3D1",
    )
