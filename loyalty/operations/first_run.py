"""Setting a new shop up: its name and branches, its rules, its first owner, its campaigns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.numbers import UnknownCurrencyError, get_currency_name, validate_currency
from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.defaults import ensure_campaigns
from loyalty.errors import Conflict, InvalidInput
from loyalty.ledger.models import Entry
from loyalty.programme.models import ProgrammeVersion
from loyalty.programme.versions import publish
from loyalty.purchases.models import Purchase
from loyalty.shop.models import Branch, Shop, User


@dataclass(frozen=True)
class Plan:
    """What a shop shall be. What is left out stays as it is."""

    name: str
    currency: str
    time_zone: str
    branches: Mapping[str, str] = field(default_factory=dict)  # Names by key.
    programme: str = ""  # A document; only a shop without rules takes it.
    owner: str = ""  # A user name.
    owner_password: str = ""  # Needed when the owner is new.
    details: Mapping[str, str] = field(default_factory=dict)  # Address, hotline, brand.


@transaction.atomic
def set_up_shop(plan: Plan, *, at: datetime) -> Shop:
    """
    Make the shop what the plan says and return it. Safe to repeat: what is there stays, names
    change. Raises InvalidInput naming the field, and Conflict when the currency or the time
    zone would change under amounts and days already recorded; then nothing is written.
    """
    _check(plan)
    known = Shop.objects.select_for_update().first()
    if known is not None:
        _refuse_change_of_meaning(known, plan)
    columns = {"name": plan.name, "currency": plan.currency, "time_zone": plan.time_zone}
    shop, _is_new = Shop.objects.update_or_create(pk=1, defaults=columns | dict(plan.details))
    for key, name in plan.branches.items():
        Branch.objects.update_or_create(key=key, defaults={"name": name})
    if plan.programme and not ProgrammeVersion.objects.exists():
        publish(document=plan.programme, effective_from=at, at=at, by=None)
    if plan.owner and not User.objects.filter(username=plan.owner).exists():
        User.objects.create_user(
            username=plan.owner, password=plan.owner_password, role=User.Role.OWNER
        )
    ensure_campaigns()
    return shop


def _check(plan: Plan) -> None:
    if not plan.name.strip():
        raise InvalidInput("name", _("The shop needs a name."))
    try:
        validate_currency(plan.currency)
        get_currency_name(plan.currency, locale="en")
    except UnknownCurrencyError as error:
        raise InvalidInput("currency", _("No currency has this code (ISO 4217).")) from error
    try:
        ZoneInfo(plan.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InvalidInput("time_zone", _("No time zone has this name.")) from error
    is_new = plan.owner and not User.objects.filter(username=plan.owner).exists()
    if is_new and not plan.owner_password:
        raise InvalidInput("owner", _("A new owner needs a password."))


def _refuse_change_of_meaning(shop: Shop, plan: Plan) -> None:
    changes = (shop.currency, shop.time_zone) != (plan.currency, plan.time_zone)
    if changes and (Entry.objects.exists() or Purchase.objects.exists()):
        raise Conflict(
            _("Currency and time zone stay as they are once points or purchases are recorded.")
        )
