from django.urls import path

from loyalty.web.owner import exports, import_columns, imports, views

app_name = "owner"

urlpatterns = [
    path("", views.retention, name="retention"),
    path("retention/<slug:name>.csv", views.retention_table, name="retention-table"),
    path("exports", exports.page, name="exports"),
    path("exports/file", exports.take, name="export"),
    path("imports", imports.page, name="imports"),
    path("imports/<int:number>", imports.one, name="import"),
    path("imports/<int:number>/left-out.csv", imports.refused, name="import-refused"),
    path("imports/<int:number>/columns", import_columns.page, name="import-columns"),
    path("imports/<int:number>/split", import_columns.split, name="import-split"),
    path("imports/maps/<int:number>/forget", import_columns.forget, name="import-forget"),
    path("imports/stopped/<int:number>", imports.adopt, name="import-adopt"),
    path("imports/<int:number>/<slug:act>", imports.act, name="import-act"),
]
