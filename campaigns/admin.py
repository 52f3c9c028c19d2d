from django.contrib import admin

from campaigns.models import Campaign, Message
from customers.backoffice import OfCustomerAdmin
from loyalty.shop.backoffice import GuardedAdmin


@admin.register(Campaign)
class CampaignAdmin(GuardedAdmin):
    list_display = ["name", "kind", "channel", "is_active"]
    # One of each kind and channel; which ones there are is the product's matter.
    readonly_fields = ["kind", "channel"]


@admin.register(Message)
class MessageAdmin(OfCustomerAdmin):
    list_display = ["customer", "occasion", "channel", "state", "detail", "send_after", "sent_at"]
    list_select_related = ["customer"]
    list_filter = ["state", "channel", "message_class"]
    fields = [
        "customer",
        "campaign",
        "message_class",
        "occasion",
        "channel",
        "state",
        "detail",
        "attempts",
        "send_after",
        "not_after",
        "sent_at",
    ]
