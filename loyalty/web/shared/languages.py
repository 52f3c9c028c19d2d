"""Which language a browser reads in."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

LANGUAGE_COOKIE = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60  # Seconds.
LANGUAGES = ("vi", "en")


def language_of(request: HttpRequest) -> str:
    """The language this browser chose, else Vietnamese."""
    chosen = request.COOKIES.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else "vi"


def remember_language(response: HttpResponse, language: str) -> None:
    """Make this browser read in `language` from now on."""
    response.set_cookie(
        LANGUAGE_COOKIE,
        language,
        max_age=LANGUAGE_COOKIE_AGE,
        secure=settings.SECURE_COOKIES,
        httponly=True,
        samesite="Lax",
    )
