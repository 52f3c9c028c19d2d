from django.contrib import admin

from customers.backoffice import OfCustomerAdmin
from loyalty.care.models import Merge


@admin.register(Merge)
class MergeAdmin(OfCustomerAdmin):
    customer_path = "kept"
    list_display = ["kept", "duplicate", "reason", "merged_at", "merged_by", "undone_at"]
    list_select_related = ["kept", "duplicate", "merged_by"]
    fields = [
        *("kept", "duplicate", "reason", "merged_at", "merged_by"),
        *("undone_at", "undone_by", "undone_reason"),
    ]
