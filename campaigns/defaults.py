"""The campaigns a new shop begins with, in both languages; the shop may change every word."""

from django.db import transaction

from campaigns.models import Campaign, Channel

BIRTHDAY_EMAIL = {
    "name": "Mừng sinh nhật (thư)",
    "subject_vi": "Chúc mừng sinh nhật {khach}",
    "body_vi": (
        "Thêm một tuổi, thêm nhiều ngày thong thả {danh_xung} nhé.\n\n"
        "{quan} chúc {danh_xung} một sinh nhật thật vui, và mong sớm gặp lại {danh_xung}."
    ),
    "subject_en": "Happy birthday to {khach}",
    "body_en": (
        "One more year, and many slow mornings to go with it.\n\n"
        "{quan} wishes you a lovely day, and hopes to see you again soon."
    ),
}
BIRTHDAY_SMS = {
    "name": "Mừng sinh nhật (SMS)",
    "body_vi": "{quan} chúc mừng sinh nhật {khach}. Mong sớm gặp lại {danh_xung}.",
    "body_en": "{quan} wishes {khach} a happy birthday. See you again soon.",
}


@transaction.atomic
def ensure_campaigns() -> int:
    """Create the birthday campaigns that are missing; returns how many. Changes none that exist."""
    created = 0
    for channel, texts in ((Channel.EMAIL, BIRTHDAY_EMAIL), (Channel.SMS, BIRTHDAY_SMS)):
        _campaign, is_new = Campaign.objects.get_or_create(
            kind=Campaign.Kind.BIRTHDAY, channel=channel, defaults=texts
        )
        created += is_new
    return created
