from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from campaigns.gate import Rule
from campaigns.models import Campaign, Message
from customers.backoffice import OfCustomerAdmin
from loyalty.shop.backoffice import GuardedAdmin

OCCASIONS = {"birthday": _("Birthday wishes"), "sign-in": _("Sign-in code")}


@admin.register(Campaign)
class CampaignAdmin(GuardedAdmin):
    list_display = ["name", "kind", "channel", "is_active"]
    # One of each kind and channel; which ones there are is the product's matter.
    readonly_fields = ["kind", "channel"]


@admin.register(Message)
class MessageAdmin(OfCustomerAdmin):
    list_display = [
        *("customer", "shown_occasion", "channel", "state", "shown_detail"),
        *("send_after", "sent_at"),
    ]
    list_select_related = ["customer"]
    list_filter = ["state", "channel", "message_class"]
    fields = [
        "customer",
        "campaign",
        "message_class",
        "shown_occasion",
        "channel",
        "state",
        "shown_detail",
        "attempts",
        "send_after",
        "not_after",
        "sent_at",
    ]

    @admin.display(description=_("occasion"))
    def shown_occasion(self, message: Message) -> str:
        kind, _colon, which = message.occasion.partition(":")
        words = str(OCCASIONS.get(kind, kind))
        return f"{words} {which}" if kind == "birthday" else words

    @admin.display(description=_("detail"))
    def shown_detail(self, message: Message) -> str | None:
        return str(dict(Rule.choices).get(message.detail, message.detail)) or None
