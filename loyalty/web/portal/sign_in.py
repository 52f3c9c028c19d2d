"""Signing in: a phone or e-mail, the code sent there, and in."""

from dataclasses import asdict, dataclass
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.wakeup import wake_worker
from customers import signin
from loyalty.errors import DomainError
from loyalty.web.portal.forms import CodeForm, IdentifierForm
from loyalty.web.shared.members import end_session, member_of, start_session

COOKIE = "sign-in"
COOKIE_PATH = "/sign-in"
ATTEMPT_LIFE = timedelta(minutes=15)  # Longer than a code's, so that asking again is one tap.


@dataclass(frozen=True)
class Attempt:
    """What this browser is in the middle of; it carries it itself, signed."""

    challenge_id: int
    identifier: str  # As typed: shown back, and used to send another code.
    back: str  # Where to go when signed in.


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.method != "POST" and member_of(request) is not None:
        return redirect(_safe(request.GET.get("next", "")))
    form = IdentifierForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _send_code(request, form, back=_safe(request.POST.get("next", "")))
    return _identifier_page(request, form)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def code(request: HttpRequest) -> HttpResponse:
    attempt = _attempt_of(request)
    if attempt is None:
        return redirect("portal:sign-in")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _check_code(request, form, attempt)
    return _code_page(request, form, attempt)


@require_POST
@never_cache
def resend(request: HttpRequest) -> HttpResponse:
    attempt = _attempt_of(request)
    if attempt is None:
        return redirect("portal:sign-in")
    form = IdentifierForm({"identifier": attempt.identifier})
    return _send_code(request, form, back=attempt.back)


@require_POST
@never_cache
def sign_out(request: HttpRequest) -> HttpResponse:
    response = redirect("portal:home")
    end_session(request, response)
    return response


def _send_code(request: HttpRequest, form: IdentifierForm, *, back: str) -> HttpResponse:
    form.full_clean()
    identifier = form.cleaned_data["identifier"]
    now = timezone.now()
    try:
        challenge = signin.start_sign_in(identifier=identifier, at=now)
    except DomainError as error:
        form.add_error("identifier", str(error))
        return _identifier_page(request, form)
    # Known or not, the same steps and the same answer: who is a member is nobody's business.
    transaction.on_commit(wake_worker)
    response = redirect("portal:code")
    _remember(response, Attempt(challenge.pk, identifier, back))
    return response


def _check_code(request: HttpRequest, form: CodeForm, attempt: Attempt) -> HttpResponse:
    try:
        customer = signin.check_code(
            challenge_id=attempt.challenge_id,
            code=form.cleaned_data["code"],
            at=timezone.now(),
        )
    except DomainError as error:
        form.add_error("code", str(error))
        return _code_page(request, form, attempt)
    response = redirect(attempt.back)
    start_session(request, response, customer)
    response.delete_cookie(COOKIE, path=COOKIE_PATH, samesite="Lax")
    return response


def _identifier_page(request: HttpRequest, form: IdentifierForm) -> HttpResponse:
    back = _safe(request.POST.get("next", request.GET.get("next", "")))
    return render(
        request,
        "portal/sign_in.html",
        {"form": form, "back": back, "demo": settings.DEMO},
        status=422 if form.errors else 200,
    )


def _code_page(request: HttpRequest, form: CodeForm, attempt: Attempt) -> HttpResponse:
    return render(
        request,
        "portal/code.html",
        {
            "form": form,
            "attempt": attempt,
            "minutes": signin.CODE_LIFE.seconds // 60,
            "demo": settings.DEMO,
        },
        status=422 if form.errors else 200,
    )


def _remember(response: HttpResponse, attempt: Attempt) -> None:
    response.set_cookie(
        COOKIE,
        signing.dumps(asdict(attempt), salt=COOKIE),
        max_age=ATTEMPT_LIFE,
        path=COOKIE_PATH,
        secure=settings.SECURE_COOKIES,
        httponly=True,
        samesite="Lax",
    )


def _attempt_of(request: HttpRequest) -> Attempt | None:
    try:
        return Attempt(
            **signing.loads(request.COOKIES.get(COOKIE, ""), salt=COOKIE, max_age=ATTEMPT_LIFE)
        )
    except signing.BadSignature:
        return None


def _safe(back: str) -> str:
    """A path of this site to return to, else the start."""
    inside = back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return back if inside else "/"
