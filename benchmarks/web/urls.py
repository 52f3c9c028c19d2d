"""
The product's addresses, and a view that does nothing: once on the short way of the API, once
behind all of the middleware, as a page.
"""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from loyalty.urls import urlpatterns as product
from loyalty.web.shared.decorators import without_shop


@without_shop
def hello(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("Hello, world!", content_type="text/plain")


urlpatterns = [path("api/hello", hello), path("hello", hello), *product]
