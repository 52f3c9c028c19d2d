from django.contrib import admin

from loyalty.programme.models import ProgrammeVersion
from loyalty.shop.backoffice import GuardedAdmin


@admin.register(ProgrammeVersion)
class ProgrammeVersionAdmin(GuardedAdmin):
    list_display = ["number", "effective_from", "created_at", "created_by"]
    list_select_related = ["created_by"]
    fields = ["number", "effective_from", "document", "created_at", "created_by"]
