from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from loyalty.integrations.keys import revoke_key
from loyalty.integrations.models import ApiKey
from loyalty.shop.backoffice import GuardedAdmin
from loyalty.shop.models import User


@admin.register(ApiKey)
class ApiKeyAdmin(GuardedAdmin):
    """To look, and to end a key. New ones come from `manage.py create_api_key`."""

    actions = ["revoke"]
    list_select_related = ["branch"]
    list_display = ["name", "prefix", "shown_scopes", "branch", "last_used_at", "revoked_at"]
    fields = [
        "name",
        "prefix",
        "source",
        "shown_scopes",
        "branch",
        "adjust_limit",
        "created_at",
        "expires_at",
        "last_used_at",
        "revoked_at",
        "revoked_by",
    ]

    @admin.display(description=_("may"))
    def shown_scopes(self, key: ApiKey) -> str:
        return ", ".join(str(ApiKey.Scope(scope).label) for scope in key.scopes)

    @admin.action(description=_("Revoke: these keys open nothing from now on"), permissions=["see"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        by = request.user if isinstance(request.user, User) else None
        for key in queryset:
            revoke_key(key_id=key.pk, at=timezone.now(), by=by)

    def has_see_permission(self, request: HttpRequest) -> bool:
        """Whoever may see keys may end them: a lost key cannot wait for another person."""
        return self._may(request, "see")
