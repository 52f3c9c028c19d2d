from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from customers.backoffice import OfCustomerAdmin
from loyalty.shop.backoffice import GuardedAdmin, money_column
from rewards.models import Redemption, Reward, Voucher


@admin.register(Reward)
class RewardAdmin(GuardedAdmin):
    list_filter = ["is_active", "kind"]
    list_display_links = ["name"]

    def get_list_display(self, request: HttpRequest) -> Sequence[str | Callable[..., Any]]:
        worth = money_column("value_minor", _("worth"))
        return ["position", "name", "kind", "cost_points", worth, "stock", "is_active"]


@admin.register(Redemption)
class RedemptionAdmin(OfCustomerAdmin):
    list_display = ["customer", "reward", "cost_points", "redeemed_at"]
    list_select_related = ["customer", "reward"]
    fields = ["customer", "reward", "cost_points", "redeemed_at", "source", "reference", "entry"]


@admin.register(Voucher)
class VoucherAdmin(OfCustomerAdmin):
    # Neither the code nor the token: whoever reads them here could spend them.
    list_display = ["customer", "reward", "state", "issued_at", "expires_on", "used_at"]
    list_select_related = ["customer", "reward"]
    list_filter = ["state"]
    fields = [
        "customer",
        "reward",
        "state",
        "issued_at",
        "expires_on",
        "used_at",
        "used_branch",
        "used_by",
    ]
