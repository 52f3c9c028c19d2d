from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from loyalty.programme.models import ProgrammeVersion
from loyalty.shop.backoffice import GuardedAdmin


@admin.register(ProgrammeVersion)
class ProgrammeVersionAdmin(GuardedAdmin):
    list_display = ["number", "effective_from", "created_at", "created_by"]
    list_select_related = ["created_by"]
    fields = ["number", "effective_from", "shown_document", "created_at", "created_by"]
    readonly_fields = ["shown_document"]

    @admin.display(description=_("document"))
    def shown_document(self, version: ProgrammeVersion) -> str:
        """Line by line, as its author wrote it."""
        return format_html('<pre class="copied">{}</pre>', version.document)
