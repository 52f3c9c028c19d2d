"""Pictures of rewards, at addresses that say what is in them."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from loyalty.web.shared.decorators import without_shop
from rewards.models import Picture

A_YEAR = 365 * 24 * 60 * 60  # Seconds.


@require_safe
@without_shop
def picture(request: HttpRequest, digest: str) -> HttpResponse:
    """The picture. Under its address there is never another one, so nobody asks for it twice."""
    etag = f'"{digest}"'
    rows = Picture.objects.filter(pk=digest)
    if request.headers.get("If-None-Match") == etag and rows.exists():
        return _kept(HttpResponse(status=304), etag)
    found = rows.first()
    if found is None:
        raise Http404
    return _kept(HttpResponse(bytes(found.content), content_type="image/webp"), etag)


def _kept(response: HttpResponse, etag: str) -> HttpResponse:
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    response.headers["Content-Disposition"] = "inline"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
