"""What only the counter's pages say: `{% load counter %}`."""

from django import template
from django.conf import settings
from django.utils.translation import get_language

from customers.models import Customer
from loyalty.web.counter import names

register = template.Library()


@register.filter
def called(customer: Customer) -> str:
    """chị Thảo."""
    return names.called(customer, language=get_language() or "vi")


@register.simple_tag
def is_demo() -> bool:
    return bool(settings.DEMO)
