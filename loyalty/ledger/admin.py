import json

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from customers.backoffice import OfCustomerAdmin
from loyalty.ledger.models import Account, Entry


@admin.register(Account)
class AccountAdmin(OfCustomerAdmin):
    list_display = ["customer", "balance"]
    list_select_related = ["customer"]
    fields = ["customer", "balance"]


@admin.register(Entry)
class EntryAdmin(OfCustomerAdmin):
    customer_path = "account"
    list_display = ["shown_customer", "kind", "points", "balance_after", "occurred_at", "reference"]
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
    ]

    @admin.display(description=_("customer"))
    def shown_customer(self, entry: Entry) -> str:
        return str(entry.account.customer)

    @admin.display(description=_("explanation"))
    def shown_explanation(self, entry: Entry) -> str:
        return json.dumps(entry.explanation, ensure_ascii=False, indent=2)
