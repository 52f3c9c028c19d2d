from django.urls import path

from loyalty.web.shared import health, views

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("language/<slug:language>", views.set_language, name="set-language"),
    path("favicon.ico", views.favicon, name="favicon"),
]
