"""Every address of the product: the four doors, side by side."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from loyalty.web.counter.sign_in import back_office_door

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include("loyalty.web.api.urls")),
    path("", include("loyalty.web.shared.urls")),
    path("", include("loyalty.web.portal.urls")),
    path("counter/", include("loyalty.web.counter.urls")),
    path("owner/", include("loyalty.web.owner.urls")),
    path("admin/login/", back_office_door),
    path("admin/", admin.site.urls),
]
