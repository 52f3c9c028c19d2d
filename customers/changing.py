"""Correcting what is known of a customer."""

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from customers.identity import Birthday, name_columns, normalise_phone
from customers.models import Customer, MemberSession
from customers.queries import known_by
from customers.services import AlreadyEnrolled, clean_email
from loyalty.errors import InvalidInput
from loyalty.shop.models import User

_IDENTIFYING = ("phone", "email", "external_id")


@dataclass(frozen=True)
class Changes:
    """What to write; None leaves what is there."""

    name: str | None = None
    salutation: str | None = None
    phone: str | None = None  # In any Vietnamese form.
    email: str | None = None
    external_id: str | None = None
    language: str | None = None
    birthday: Birthday | None = None
    forget_birthday: bool = False

    def columns(self) -> dict[str, Any]:
        """The columns they come to. Raises InvalidInput naming the field."""
        columns: dict[str, Any] = {} if self.name is None else name_columns(self.name)
        if self.phone is not None:
            columns["phone"] = normalise_phone(self.phone) if self.phone else ""
        if self.email is not None:
            columns["email"] = clean_email(self.email)
        if self.external_id is not None:
            columns["external_id"] = self.external_id.strip()
        for name in ("salutation", "language"):
            if getattr(self, name) is not None:
                columns[name] = getattr(self, name)
        day = self.birthday
        if day is not None or self.forget_birthday:
            columns["birth_day"] = day and day.day
            columns["birth_month"] = day and day.month
            columns["birth_year"] = day and day.year
            columns["birth_lunar"] = bool(day and day.lunar)
        return columns


@transaction.atomic
def change_customer(*, customer: Customer, changes: Changes, by: User | None) -> Customer:
    """
    Write the changes and return the customer as they are now. Another phone or e-mail ends the
    sessions of the phones they were signed in on. Safe to retry.

    Raises InvalidInput naming the field, also where nothing would be left to know the customer
    by or where a row that was merged into theirs has it, and AlreadyEnrolled when a phone, e-mail or
    external id is another customer's; then nothing is written.
    """
    columns = changes.columns()
    current = Customer.objects.select_for_update(of=("self",), no_key=True).get(pk=customer.pk)
    after = {name: columns.get(name, getattr(current, name)) for name in _IDENTIFYING}
    if not any(after.values()):
        raise InvalidInput("phone", _("A phone number is needed."))
    _refuse_others(current, after)
    try:
        with transaction.atomic():
            Customer.objects.filter(pk=current.pk).update(**columns)
    except IntegrityError:  # Another till was faster.
        _refuse_others(current, after)
        raise
    if any(after[name] != getattr(current, name) for name in ("phone", "email")):
        MemberSession.objects.filter(customer=current).delete()
    return Customer.objects.select_related("joined_branch").get(pk=current.pk)


def _refuse_others(current: Customer, after: dict[str, str]) -> None:
    others = Customer.objects.exclude(pk=current.pk).select_related("merged_into")
    for name, value in after.items():
        if value and value != getattr(current, name):
            other = others.filter(known_by(name, value)).first()
            if other is not None and other.kept_id == current.pk:
                raise InvalidInput(name, _("It stays with the row that was merged into this one."))
            if other is not None:
                raise AlreadyEnrolled(other.kept)
