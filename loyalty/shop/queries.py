"""What the other floors ask about the shop."""

from datetime import date

from django.db.models import Q
from django.utils.translation import gettext as _

from loyalty.errors import DomainError
from loyalty.shop.models import LegalRule, Shop


class ShopMissing(DomainError):
    def __init__(self) -> None:
        super().__init__(_("The shop has not been set up yet: run `manage.py set_up_shop`."))


def get_shop() -> Shop:
    """The shop this install serves. One query. Raises ShopMissing before the first run."""
    shop = Shop.objects.first()
    if shop is None:
        raise ShopMissing
    return shop


def legal_value(key: str, *, on: date) -> str:
    """The value of a rule of law in force on that day. Raises LegalRule.DoesNotExist."""
    return (
        LegalRule.objects.filter(key=key, valid_from__lte=on)
        .filter(Q(valid_to__isnull=True) | Q(valid_to__gte=on))
        .latest("valid_from")
        .value
    )
