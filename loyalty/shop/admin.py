from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from loyalty.shop.backoffice import GuardedAdmin
from loyalty.shop.models import Branch, LegalRule, Shop, User
from loyalty.shop.staff_forms import NewPasswordForm, NewStaffForm, StaffForm

admin.site.unregister(Group)  # Roles say what people may do.
admin.site.index_title = _("Overview")


@admin.register(Shop)
class ShopAdmin(GuardedAdmin):
    list_display = ["name", "currency", "time_zone", "hotline"]
    fields = ["name", "brand", "address", "hotline", "currency", "time_zone"]
    # Set at the first run: every amount and every day on record depends on them.
    readonly_fields = ["currency", "time_zone"]


@admin.register(Branch)
class BranchAdmin(GuardedAdmin):
    list_display = ["name", "key", "address"]
    prepopulated_fields = {"key": ["name"]}

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: Branch | None = None
    ) -> dict[str, Any]:
        return {} if obj else self.prepopulated_fields


@admin.register(User)
class UserAdmin(DjangoUserAdmin, GuardedAdmin):  # type: ignore[type-arg]  # Not subscriptable.
    form = StaffForm
    add_form = NewStaffForm
    change_password_form = NewPasswordForm
    list_display = ["username", "first_name", "last_name", "role", "branch", "is_active"]
    list_select_related = ["branch"]
    list_filter = ["role", "branch", "is_active"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": ["last_name", "first_name", "email"]}),
        (_("Work"), {"fields": ["role", "branch", "is_active"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "password1", "password2"]}),
        (_("Work"), {"fields": ["role", "branch"]}),
    ]
    filter_horizontal = ()
    readonly_fields = ()

    def get_readonly_fields(
        self, request: HttpRequest, obj: User | None = None
    ) -> list[str] | tuple[str, ...]:
        # Nobody locks themselves out, so there is always one owner left.
        return ["role", "is_active"] if obj == request.user else []


@admin.register(LegalRule)
class LegalRuleAdmin(GuardedAdmin):
    list_display = ["shown_key", "value", "valid_from", "valid_to", "source"]
    words = {
        "advert_cap_24_hours": _("Most advertising messages in 24 hours"),
        "advert_hour_from": _("Advertising begins at this hour"),
        "advert_hour_to": _("Advertising ends at this hour"),
        "advert_label": _("What an advertising message begins with"),
    }

    @admin.display(description=_("rule of law"), ordering="key")
    def shown_key(self, rule: LegalRule) -> str:
        return str(self.words.get(rule.key, rule.key))
