import json

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from customers.backoffice import OfCustomerAdmin
from loyalty.ledger.models import Account, Adjustment, Entry, Freeze
from loyalty.shop.backoffice import points_column


@admin.register(Account)
class AccountAdmin(OfCustomerAdmin):
    list_display = ["customer", points_column("balance", _("balance"))]
    list_select_related = ["customer"]
    fields = ["customer", "balance"]


@admin.register(Entry)
class EntryAdmin(OfCustomerAdmin):
    customer_path = "account"
    list_display = [
        *("shown_customer", "kind", points_column("points", _("points"))),
        *(points_column("balance_after", _("balance after")), "occurred_at", "reference"),
    ]
    list_select_related = ["account__customer"]
    list_filter = ["kind"]
    fields = [
        "shown_customer",
        "number",
        "kind",
        "points",
        "balance_after",
        "shown_explanation",
        "reason",
        "reverses",
        "source",
        "reference",
        "programme_version",
        "occurred_at",
        "recorded_at",
        "recorded_by",
        "approved_by",
    ]

    @admin.display(description=_("customer"))
    def shown_customer(self, entry: Entry) -> str:
        return str(entry.account.customer)

    @admin.display(description=_("explanation"))
    def shown_explanation(self, entry: Entry) -> str:
        return json.dumps(entry.explanation, ensure_ascii=False, indent=2)


@admin.register(Adjustment)
class AdjustmentAdmin(OfCustomerAdmin):
    customer_path = "account"
    list_display = [
        *("shown_customer", points_column("points", _("points"))),
        *("reason", "state", "requested_by", "decided_by"),
    ]
    list_select_related = ["account__customer", "requested_by", "decided_by"]
    list_filter = ["state"]
    fields = [
        "shown_customer",
        "points",
        "expires_on",
        "reason",
        "limit_points",
        "requested_at",
        "requested_by",
        "state",
        "decided_at",
        "decided_by",
        "entry",
    ]

    @admin.display(description=_("customer"))
    def shown_customer(self, adjustment: Adjustment) -> str:
        return str(adjustment.account.customer)


@admin.register(Freeze)
class FreezeAdmin(OfCustomerAdmin):
    customer_path = "account"
    list_display = ["shown_customer", "rule", "frozen_at", "lifted_at", "lifted_by"]
    list_select_related = ["account__customer", "lifted_by"]
    fields = [
        "shown_customer",
        "rule",
        "frozen_at",
        "lifted_at",
        "lifted_by",
        "lifted_reason",
    ]

    @admin.display(description=_("customer"))
    def shown_customer(self, freeze: Freeze) -> str:
        return str(freeze.account.customer)
