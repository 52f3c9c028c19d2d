from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from customers.backoffice import OfCustomerAdmin
from loyalty.purchases.models import Purchase
from loyalty.shop.backoffice import money_column


@admin.register(Purchase)
class PurchaseAdmin(OfCustomerAdmin):
    list_select_related = ["customer", "branch"]
    list_filter = ["branch"]
    readonly_fields = ["amount"]

    def get_list_display(self, request: HttpRequest) -> Sequence[str | Callable[..., Any]]:
        amount = money_column("amount_minor", _("amount"))
        return ["reference", "customer", amount, "points", "branch", "occurred_at"]

    def get_fields(self, request: HttpRequest, obj: Purchase | None = None) -> list[Any]:
        return [
            "customer",
            "branch",
            "source",
            "reference",
            "amount",
            "points",
            "entry",
            "occurred_at",
            "occurred_on",
            "recorded_at",
            "recorded_by",
            "batch",
        ]

    @admin.display(description=_("amount"))
    def amount(self, purchase: Purchase) -> str:
        return money_column("amount_minor", _("amount"))(purchase)
