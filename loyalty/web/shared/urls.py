from django.urls import path, re_path

from loyalty.web.shared import health, pictures, unsubscribe, views

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("language/<slug:language>", views.set_language, name="set-language"),
    path("u/<str:token>", unsubscribe.unsubscribe, name="unsubscribe"),
    re_path(r"^pictures/(?P<digest>[0-9a-f]{64})\.webp$", pictures.picture, name="picture"),
    path("favicon.ico", views.favicon, name="favicon"),
]
