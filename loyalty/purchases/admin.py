from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from customers.backoffice import OfCustomerAdmin
from loyalty.purchases.models import Purchase
from loyalty.shop.backoffice import EMPTY, money_column, points_column


@admin.register(Purchase)
class PurchaseAdmin(OfCustomerAdmin):
    list_select_related = ["customer", "branch"]
    list_filter = ["branch"]
    readonly_fields = ["amount", "discount", "paid_with_points", "goods"]

    def get_list_display(self, request: HttpRequest) -> Sequence[str | Callable[..., Any]]:
        amount = money_column("amount_minor", _("amount"))
        points = points_column("points", _("points"))
        return ["reference", "customer", amount, points, "branch", "occurred_at"]

    def get_fields(self, request: HttpRequest, obj: Purchase | None = None) -> list[Any]:
        return [
            "customer",
            "branch",
            "source",
            "reference",
            "amount",
            "discount",
            "paid_with_points",
            "goods",
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

    @admin.display(description=_("discount"))
    def discount(self, purchase: Purchase) -> str:
        return money_column("discount_minor", _("discount"))(purchase)

    @admin.display(description=_("paid with points"))
    def paid_with_points(self, purchase: Purchase) -> str:
        return money_column("spent_minor", _("paid with points"))(purchase)

    @admin.display(description=_("lines"))
    def goods(self, purchase: Purchase) -> str:
        """One row a line; none for a sale that was told by its sum alone."""
        shown = money_column("net_minor", _("amount"))
        rows = [
            (f"{line.quantity.normalize():f}", str(line), shown(line))
            for line in purchase.lines.all()
        ]
        return format_html_join("", "<div>{} × {}: {}</div>", rows) or EMPTY
