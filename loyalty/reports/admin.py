from django.contrib import admin

from loyalty.reports.models import Export
from loyalty.shop.backoffice import LongListAdmin


@admin.register(Export)
class ExportAdmin(LongListAdmin):
    list_display = ["name", "format", "since", "until", "exported_at", "exported_by"]
    list_select_related = ["exported_by"]
    list_filter = ["name"]
