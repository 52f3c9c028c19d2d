"""What the back office's overview has to say: `{% load backoffice %}`."""

from typing import Any

from django import template
from django.utils.translation import gettext as _

from loyalty.integrations.webhooks.endpoints import stopped
from loyalty.shop.access import may

register = template.Library()


@register.simple_tag(takes_context=True)
def stopped_webhooks(context: dict[str, Any]) -> list[str]:
    """A sentence for each webhook that was stopped, to those who can do something about it."""
    if not may(context["request"].user, "see", "integrations.endpoint"):
        return []
    text = _(
        "Nothing is sent to %(url)s any more. Look at it under Webhooks, and switch it on again."
    )
    return [text % {"url": endpoint.url} for endpoint in stopped()]
