from django.urls import path

from loyalty.web.owner import views

app_name = "owner"

urlpatterns = [
    path("", views.retention, name="retention"),
    path("retention/<slug:name>.csv", views.retention_table, name="retention-table"),
]
