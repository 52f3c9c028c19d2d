"""Customers: enrol, find, show, correct."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.utils import timezone
from ninja import Query, Router
from pydantic import BaseModel, ConfigDict, Field

from customers.changing import Changes, change_customer
from customers.identity import Birthday
from customers.models import Customer
from customers.queries import Profile, find_customers, profile_found, profile_of
from customers.services import enrol_customer
from loyalty.integrations.answers import Reply
from loyalty.integrations.ids import number_of, public_id
from loyalty.shop.models import User
from loyalty.transactions import whole
from loyalty.web.api.answering import TAKES_IDEMPOTENCY_KEY, answer, reply, tell
from loyalty.web.api.entering import Key, KeyRequest, Scope
from loyalty.web.api.pointing import branch_named, customer_at
from loyalty.web.api.problems import Problem
from loyalty.web.api.reading import Body, Digits, Text
from loyalty.web.api.scanning import ScanKey, scanned
from rewards.bonuses import greet
from rewards.bonuses import profile as complete_profile

router = Router(tags=["Customers"])

MOST_FOUND = 50
_EXAMPLE: dict[str, Any] = {
    "phone": "0912 345 678",
    "name": "Nguyễn Thu Thảo",
    "salutation": "chị",
    "birthday": {"day": 22, "month": 11},
    "branch": "ha-noi",
}

Name = Annotated[str, Text(200)]
Phone = Annotated[str, Text(40)]
Email = Annotated[str, Text(254)]
ExternalId = Annotated[str, Text(64)]
Salutation = Literal["anh", "chị", ""]
Language = Literal["vi", "en"]


class BirthdayIn(Body):
    day: int
    month: int
    year: int | None = None
    lunar: bool = False

    def read(self) -> Birthday:
        """Raises InvalidInput for a day that is in no calendar."""
        return Birthday(self.day, self.month, self.year, self.lunar)


class CustomerIn(Body):
    """Whoever is to be enrolled, known by a phone, an e-mail or an id in another system."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    phone: Phone = ""  # In any Vietnamese form.
    name: Name = ""
    salutation: Salutation = ""
    email: Email = ""
    birthday: BirthdayIn | None = None
    language: Language = "vi"
    external_id: ExternalId = ""
    branch: Annotated[str, Text(40, 1)] | None = None  # Where they join.


class CustomerChanges(Body):
    """What is left out stays as it is; a birthday of null is forgotten."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Nguyễn Thu Thảo"}})

    phone: Phone | None = None
    name: Name | None = None
    salutation: Salutation | None = None
    email: Email | None = None
    birthday: BirthdayIn | None = None
    language: Language | None = None
    external_id: ExternalId | None = None


class BirthdayOut(BaseModel):
    day: int
    month: int
    year: int | None
    lunar: bool


class CustomerOut(BaseModel):
    id: str
    name: str
    salutation: str
    phone: str  # E.164; empty if none.
    email: str
    birthday: BirthdayOut | None
    language: str
    external_id: str
    card_number: str
    branch: str | None  # Where they joined.
    joined_at: datetime


class CustomersOut(BaseModel):
    customers: list[CustomerOut]


class CustomerSearch(BaseModel):
    """One of these."""

    phone: Annotated[str, Text(40)] | None = None  # In any Vietnamese form.
    card: Annotated[str, Text(40)] | None = None  # What is printed on it, or its QR code says.
    q: Annotated[str, Text(200)] | None = None  # As a cashier would type it: a name, digits, …
    limit: Annotated[Digits, Field(ge=1, le=MOST_FOUND)] = 8


@router.post(
    "/customers",
    auth=Key(Scope.CUSTOMERS),
    response={201: CustomerOut},
    summary="Enrol a customer",
    openapi_extra=TAKES_IDEMPOTENCY_KEY,
)
def enrol(request: KeyRequest, body: CustomerIn) -> HttpResponse:
    """
    A known phone, e-mail or external id answers 409 with the `customer` it belongs to. A new
    customer has the points for joining, if the rules give any, when this answers.
    """
    return answer(request, "enrol", partial(_enrol, request, body))


@whole  # Nobody is a member without the points for joining.
def _enrol(request: KeyRequest, body: CustomerIn) -> Reply:
    now = timezone.now()
    customer = enrol_customer(
        phone=body.phone,
        name=body.name,
        salutation=body.salutation,
        email=body.email,
        birthday=body.birthday.read() if body.birthday else None,
        language=body.language,
        external_id=body.external_id,
        branch=branch_named(request.auth, body.branch),
        at=now,
        by=request.auth.user,
    )
    greet(customer=customer, at=now, by=request.auth.user)
    return reply(shown(profile_of(customer)), status=201, customer_id=customer.pk)


@router.get(
    "/customers",
    auth=ScanKey(Scope.READ, CustomerSearch),
    response=CustomersOut,
    summary="Find customers by phone, card or words",
)
def find(request: KeyRequest, search: Query[CustomerSearch]) -> HttpResponse:
    """Exactly one of `phone`, `card` and `q`. A phone or a card finds one customer or none."""
    given = [name for name in ("phone", "card", "q") if getattr(search, name) is not None]
    if len(given) != 1:
        raise Problem.of_field(given[1] if given else "phone", "Give one of phone, card and q.")
    typed = str(getattr(search, given[0])).strip()
    if given[0] == "q":
        customers = find_customers(typed, limit=search.limit)
        prefetch_related_objects(customers, "joined_branch")
        found = [profile_of(customer) for customer in customers]
    else:
        scan = scanned(request, given[0], typed)
        found = [scan] if scan else []
    return tell(reply(CustomersOut(customers=[shown(profile) for profile in found])))


@router.get(
    "/customers/{customer_id}",
    auth=Key(Scope.READ),
    response=CustomerOut,
    summary="Show a customer",
)
def show(request: KeyRequest, customer_id: str) -> HttpResponse:
    """Who was merged into another answers as that one."""
    number = number_of("cus", customer_id)
    profile = profile_found("id", number) if number is not None else None
    if profile is None:
        raise Problem("not-found")
    return tell(reply(shown(profile)))


@router.patch(
    "/customers/{customer_id}",
    auth=Key(Scope.CUSTOMERS),
    response=CustomerOut,
    summary="Correct a customer",
)
def change(request: KeyRequest, customer_id: str, body: CustomerChanges) -> HttpResponse:
    """
    Another phone or e-mail signs the customer out everywhere. What completes the profile may bring
    points.
    """
    given = {name: getattr(body, name) for name in body.model_fields_set - {"birthday"}}
    empty = next((name for name, value in given.items() if value is None), None)
    if empty is not None:
        raise Problem.of_field(empty, "Leave it out, or give a text.")
    changes = Changes(
        **given,
        birthday=body.birthday.read() if body.birthday else None,
        forget_birthday="birthday" in body.model_fields_set and body.birthday is None,
    )
    return tell(reply(shown(_changed(customer_at(customer_id), changes, by=request.auth.user))))


@whole
def _changed(customer: Customer, changes: Changes, *, by: User) -> Profile:
    changed = change_customer(customer=customer, changes=changes, by=by)
    complete_profile(customer=changed, at=timezone.now(), by=by)
    return profile_of(changed)


def shown(profile: Profile) -> CustomerOut:
    """The customer as the API tells it."""
    birthday = None
    if profile.birth_day is not None and profile.birth_month is not None:
        birthday = BirthdayOut(
            day=profile.birth_day,
            month=profile.birth_month,
            year=profile.birth_year,
            lunar=profile.birth_lunar,
        )
    return CustomerOut(
        id=public_id("cus", profile.id),
        name=profile.name,
        salutation=profile.salutation,
        phone=profile.phone,
        email=profile.email,
        birthday=birthday,
        language=profile.language,
        external_id=profile.external_id,
        card_number=profile.card_number,
        branch=profile.branch_key,
        joined_at=profile.joined_at,
    )
