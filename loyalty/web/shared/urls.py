from django.urls import path

from loyalty.web.shared import health, unsubscribe, views

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("language/<slug:language>", views.set_language, name="set-language"),
    path("u/<str:token>", unsubscribe.unsubscribe, name="unsubscribe"),
    path("favicon.ico", views.favicon, name="favicon"),
]
