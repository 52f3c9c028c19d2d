from django.urls import path

from loyalty.web.api import describing
from loyalty.web.api.api import api

urlpatterns = [
    path("openapi.json", describing.openapi, name="api-openapi"),
    path("docs", describing.docs, name="api-docs"),
    path("", api.urls),
]
