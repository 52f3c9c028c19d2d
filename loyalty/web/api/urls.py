from django.urls import include, path
from ninja.utils import replace_path_param_notation

from loyalty.web.api import describing
from loyalty.web.api.api import api
from loyalty.web.api.serving import Route

_routes = [
    path(replace_path_param_notation(address).lstrip("/"), Route(view))
    for address, view in api.views()
]
urlpatterns = [
    path("openapi.json", describing.openapi, name="api-openapi"),
    path("docs", describing.docs, name="api-docs"),
    path("", include(_routes)),
]
