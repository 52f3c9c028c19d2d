"""Setting a new shop up: its name and branches, its rules, its first owner, its campaigns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.numbers import UnknownCurrencyError, get_currency_name, validate_currency
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from campaigns.defaults import ensure_campaigns
from loyalty.errors import Conflict, InvalidInput
from loyalty.ledger.models import Entry
from loyalty.programme.models import ProgrammeVersion
from loyalty.programme.versions import publish
from loyalty.purchases.models import Purchase
from loyalty.shop.models import Branch, Shop, User

# ISO 4217 codes that nobody pays with: metals, baskets of currencies, tests, nothing.
NO_MONEY = frozenset(
    ["XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"]
)


@dataclass(frozen=True)
class Plan:
    """What a shop shall be. What is left out stays as it is."""

    name: str
    currency: str = ""  # ISO 4217; a new shop's is VND unless it is named.
    time_zone: str = ""  # A new shop's is Asia/Ho_Chi_Minh.
    branches: Mapping[str, str] = field(default_factory=dict)  # Names by key.
    programme: str = ""  # A document; only a shop without rules takes it.
    owner: str = ""  # A user name.
    owner_password: str = ""  # Needed when the owner is new.
    details: Mapping[str, str] = field(default_factory=dict)  # Address, hotline, brand.


@dataclass
class SetUp:
    """What became of a plan. The lists name things in English, for the person who runs it."""

    shop: Shop
    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


@transaction.atomic
def set_up_shop(plan: Plan, *, at: datetime) -> SetUp:
    """
    Make the shop what the plan says and tell what that changed. Safe to repeat: what is there
    stays, names change. Raises InvalidInput naming the field, and Conflict when the currency or
    the time zone would change under amounts and days already recorded; then nothing is written.
    """
    _check(plan)
    done = _set_shop(plan)
    for key, name in plan.branches.items():
        _set_branch(key, name, done)
    _set_programme(plan, done, at=at)
    _set_owner(plan, done)
    added = ensure_campaigns()
    if added:
        done.created.append(f"birthday campaigns ({added})")
    return done


def _check(plan: Plan) -> None:
    if not plan.name.strip():
        raise InvalidInput("name", _("The shop needs a name."))
    if plan.currency:
        _check_currency(plan.currency)
    if plan.time_zone:
        try:
            ZoneInfo(plan.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise InvalidInput("time_zone", _("No time zone has this name.")) from error


def _check_currency(currency: str) -> None:
    try:
        validate_currency(currency)
        get_currency_name(currency, locale="en")
    except UnknownCurrencyError as error:
        raise InvalidInput("currency", _("No currency has this code (ISO 4217).")) from error
    if currency in NO_MONEY:
        raise InvalidInput("currency", _("Nobody pays with this currency."))


def _set_shop(plan: Plan) -> SetUp:
    shop = Shop.objects.select_for_update().first()
    is_new = shop is None
    shop = shop or Shop()
    asked = {"name": plan.name, "currency": plan.currency, "time_zone": plan.time_zone}
    wanted = {key: value for key, value in (asked | dict(plan.details)).items() if value}
    changes = [key for key, value in wanted.items() if getattr(shop, key) != value]
    if not is_new and {"currency", "time_zone"} & set(changes):
        _refuse_change_of_meaning()
    for key, value in wanted.items():
        setattr(shop, key, value)
    _clean(shop)
    shop.save()
    done = SetUp(shop)
    if is_new:
        done.created.append("shop")
    done.changed += [] if is_new else changes
    return done


def _refuse_change_of_meaning() -> None:
    if Entry.objects.exists() or Purchase.objects.exists():
        raise Conflict(
            _("Currency and time zone stay as they are once points or purchases are recorded.")
        )


def _set_branch(key: str, name: str, done: SetUp) -> None:
    branch = Branch.objects.filter(key=key).first()
    if branch is None:
        known, branch = done.created, Branch(key=key, name=name)
    else:
        known = done.kept if branch.name == name else done.changed
        branch.name = name
    _clean(branch)
    branch.save()
    known.append(f"branch {key}")


def _set_programme(plan: Plan, done: SetUp, *, at: datetime) -> None:
    if not plan.programme:
        return
    if ProgrammeVersion.objects.exists():
        done.kept.append("the rules; `manage.py load_programme FILE` publishes new ones")
        return
    publish(document=plan.programme, effective_from=at, at=at, by=None)
    done.created.append("rules, version 1")


def _set_owner(plan: Plan, done: SetUp) -> None:
    if not plan.owner:
        return
    known = User.objects.filter(username=plan.owner).first()
    if known is None:
        if not plan.owner_password:
            raise InvalidInput("owner", _("A new owner needs a password."))
        _clean(User(username=plan.owner, role=User.Role.OWNER), but=["password"])
        User.objects.create_user(
            username=plan.owner, password=plan.owner_password, role=User.Role.OWNER
        )
        done.created.append(f"owner {plan.owner}")
    elif known.role != User.Role.OWNER:
        raise InvalidInput("owner", _("This user name belongs to somebody who is no owner."))
    else:
        way = f"`manage.py changepassword {plan.owner}` changes it"
        done.kept.append(f"owner {plan.owner} and the password; {way}")


def _clean(row: models.Model, *, but: list[str] | None = None) -> None:
    """Raise InvalidInput for the first column whose value does not fit."""
    try:
        row.clean_fields(exclude=but)
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise InvalidInput(name, f"{name}: {messages[0]}") from error
