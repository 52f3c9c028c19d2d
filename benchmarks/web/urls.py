"""The product's addresses, and a view that does nothing on the same short way as the API's."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from loyalty.urls import urlpatterns as product


def hello(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("Hello, world!", content_type="text/plain")


urlpatterns = [path("api/hello", hello), *product]
