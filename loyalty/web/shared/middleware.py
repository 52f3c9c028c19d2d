"""What every page needs before its view runs: the language, the shop, the right policy."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from loyalty.programme.versions import NoProgramme
from loyalty.shop.queries import ShopMissing, get_shop
from loyalty.web.shared import currency
from loyalty.web.shared.languages import language_of

GetResponse = Callable[[HttpRequest], HttpResponse]


class LanguageMiddleware:
    """
    The reader's own choice, else Vietnamese. The browser's Accept-Language is not asked:
    many phones in Vietnam are set to English by the factory, not by their owner.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = language_of(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        if response.headers.get("Cache-Control", "").startswith("public"):
            return response  # The same for every reader: a picture.
        patch_vary_headers(response, ("Cookie",))
        response.headers.setdefault("Content-Language", language)
        return response


class ShopMiddleware:
    """
    Puts the shop on the request and shows times and money as the shop does. One query, and
    none for views marked `without_shop` or addresses that lead nowhere.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()
            currency.deactivate()

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if getattr(view, "without_shop", False):
            return None
        try:
            shop = get_shop()
        except ShopMissing as missing:
            return _not_ready(request, missing)
        request.shop = shop  # type: ignore[attr-defined]  # Views see it through ShopRequest.
        timezone.activate(shop.zone)
        currency.activate(shop.currency)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return _not_ready(request, error) if isinstance(error, NoProgramme) else None


def _not_ready(request: HttpRequest, error: Exception) -> HttpResponse:
    return render(request, "shared/not_ready.html", {"reason": error}, status=503)


class AdminPolicyMiddleware:
    """The back office's own scripts need a looser content policy; no other page gets it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith("/admin/"):
            response._csp_replace = settings.ADMIN_CONTENT_SECURITY_POLICY  # type: ignore[attr-defined]
        return response
