"""The few addresses no door owns."""

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
)
from django.templatetags.static import static
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_safe

from loyalty.web.shared.decorators import without_shop
from loyalty.web.shared.languages import LANGUAGES, remember_language


@without_shop
@require_safe
def set_language(request: HttpRequest, language: str) -> HttpResponse:
    """Read in this language from now on, on the page one came from."""
    if language not in LANGUAGES:
        raise Http404
    back = request.GET.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = "/"
    response = HttpResponseRedirect(back)
    remember_language(response, language)
    return response


@without_shop
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """For browsers that ask here whatever the page says."""
    return HttpResponsePermanentRedirect(static("favicon.svg"))
