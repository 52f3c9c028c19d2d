"""The only writers of customers and consents."""

import secrets
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from customers.identity import Birthday, name_columns, normalise_phone
from customers.models import Consent, Customer
from customers.queries import known_by
from loyalty.errors import DomainError, InvalidInput
from loyalty.sayings import said as _
from loyalty.shop.models import Branch, User


class AlreadyEnrolled(DomainError):
    """The phone or e-mail belongs to a customer already; `customer` is that one."""

    def __init__(self, customer: Customer) -> None:
        super().__init__(_("This customer is already a member."))
        self.customer = customer


def new_token() -> str:
    """128 random bits in 22 letters that are safe in an address."""
    return secrets.token_urlsafe(16)


@transaction.atomic
def enrol_customer(
    *,
    phone: str,
    at: datetime,
    by: User | None,
    branch: Branch | None = None,
    name: str = "",
    salutation: str = "",
    email: str = "",
    birthday: Birthday | None = None,
    language: str = "vi",
    external_id: str = "",
) -> Customer:
    """
    Enrol a customer and return them. `phone` may be in any Vietnamese form; it may be empty
    only when an `external_id` or e-mail says who this is.

    Safe to retry: a second call raises AlreadyEnrolled, which carries the customer. Raises
    InvalidInput naming the field that cannot be understood; then nothing is written.
    """
    number = normalise_phone(phone) if phone else ""
    address, external_id = clean_email(email), external_id.strip()
    if not (number or address or external_id):
        raise InvalidInput("phone", _("A phone number is needed."))
    values = {
        **name_columns(name),
        "phone": number,
        "email": address,
        "external_id": external_id,
        "salutation": salutation,
        "language": language,
        "birth_day": birthday and birthday.day,
        "birth_month": birthday and birthday.month,
        "birth_year": birthday and birthday.year,
        "birth_lunar": bool(birthday and birthday.lunar),
        "joined_at": at,
        "joined_branch": branch,
        "card_token": new_token(),
    }
    known = _known(phone=number, email=address, external_id=external_id)
    if known is not None:
        raise AlreadyEnrolled(known.kept)
    Customer.objects.bulk_create([Customer(**values)], ignore_conflicts=True)
    # Another till may have been faster: a new statement sees whom it enrolled.
    enrolled = _known(phone=number, email=address, external_id=external_id)
    if enrolled is not None and enrolled.card_token != values["card_token"]:
        raise AlreadyEnrolled(enrolled.kept)
    return Customer.objects.get(card_token=values["card_token"])


def _known(**columns: str) -> Customer | None:
    customers = Customer.objects.select_related("merged_into")
    for name, value in columns.items():
        found = customers.filter(known_by(name, value)).first() if value else None
        if found is not None:
            return found
    return None


def clean_email(email: str) -> str:
    """The address, checked; empty stays empty. Raises InvalidInput."""
    address = email.strip()
    if address:
        try:
            # Few mail servers take other letters; and those like ı and ſ, whose capitals are I
            # and S, would make one address to the database and two to what counts sign-ins.
            validate_email(address if address.isascii() else "")
        except ValidationError as error:
            raise InvalidInput("email", _("This is not an e-mail address.")) from error
    return address


@transaction.atomic
def record_consent(
    *,
    customer: Customer,
    channel: str,
    granted: bool,
    wording: str,
    means: str,
    at: datetime,
    by: User | None,
    evidence: str = "",
) -> Consent:
    """
    Keep that the customer agreed to, or refused, adverts by `channel`. `wording` names the
    text that was shown. Safe to retry: saying the same again adds nothing and returns the
    row that stands (Law 91/2025 art. 9: consent must be verifiable, refusing as easy).
    """
    customer_id = _lock(customer.kept_id)
    newest = (
        Consent.objects.filter(
            customer_id=customer_id, channel=channel, purpose=Consent.Purpose.ADS
        )
        .order_by("-id")
        .first()
    )
    if newest is not None and newest.granted == granted:
        return newest
    return Consent.objects.create(
        customer_id=customer_id,
        channel=channel,
        granted=granted,
        wording=wording,
        means=means,
        evidence=evidence,
        recorded_at=at,
        recorded_by=by,
    )


def _lock(customer_id: int) -> int:
    """
    Let one writer at a time at this customer, or two acts could land in the wrong order; return
    their number, which is another one when they were merged meanwhile.
    """
    customers = Customer.objects.select_for_update(of=("self",), no_key=True)
    locked = customers.get(pk=customer_id)
    return _lock(locked.kept_id) if locked.merged_into_id else customer_id


@transaction.atomic
def rename_customer(*, customer: Customer, name: str, salutation: str, by: User | None) -> None:
    """Change how the shop calls the customer. Raises InvalidInput for an impossible name."""
    columns = name_columns(name) | {"salutation": salutation}
    Customer.objects.filter(pk=customer.kept_id).update(**columns)


@transaction.atomic
def complete_profile(*, customer: Customer, name: str, birthday: Birthday | None) -> Customer:
    """
    Keep the name and the birthday where there is none yet, and return the customer. What stands
    already is not changed: a birthday that could be moved would be a gift a day. Safe to retry.
    Raises InvalidInput for an impossible name.
    """
    known = Customer.objects.get(pk=_lock(customer.kept_id))
    columns: dict[str, object] = {}
    if not known.name:
        columns |= name_columns(name)
    if known.birthday is None and birthday is not None:
        columns |= {
            "birth_day": birthday.day,
            "birth_month": birthday.month,
            "birth_year": birthday.year,
            "birth_lunar": birthday.lunar,
        }
    for column, value in columns.items():
        setattr(known, column, value)
    known.save(update_fields=list(columns))
    return known
