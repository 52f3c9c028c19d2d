"""Which customer a row is about: by number, then phone, then e-mail. Pure but for `known`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Q
from django.db.models.functions import Lower

from customers.models import Customer
from loyalty.errors import InvalidInput
from loyalty.purchases.imports.layout import Field
from loyalty.purchases.imports.members.rows import MemberRow
from loyalty.sayings import said as _

_KEYS = (("external_id", Field.CUSTOMER), ("phone", Field.PHONE), ("email", Field.EMAIL))
Key = tuple[str, str]


@dataclass
class Person:
    """A customer of the shop, or one to be."""

    known: Customer | None
    values: dict[str, str]  # By name of field, as in `_KEYS`.
    rows: list[MemberRow] = field(default_factory=list)
    lacking: set[str] = field(default_factory=set)  # Keys that no row of theirs had before.

    def lacks(self, row: MemberRow) -> dict[str, str]:
        """What the row knows by which the customer is not known yet."""
        return {
            name: getattr(row, name)
            for name, _kind in _KEYS
            if getattr(row, name) and not self.values[name]
        }


class People:
    """The customers of a chunk of rows, found by any of their keys."""

    def __init__(self, known: Iterable[Customer]) -> None:
        self._found: dict[Key, Person] = {}
        kept: dict[int, Person] = {}
        for customer in known:
            values = {name: getattr(customer, name) for name, _kind in _KEYS}
            own = {name: getattr(customer.kept, name) for name, _kind in _KEYS}
            # Who was merged into another is that other one, by whichever key.
            person = kept.setdefault(customer.kept_id, Person(customer.kept, own))
            person.values = {name: own[name] or values[name] or person.values[name] for name in own}
            person.lacking = {name for name, value in person.values.items() if not value}
            self._keep(person, values)

    def of(self, row: MemberRow) -> Person:
        """
        Whom the row is about; a new person where nobody is known by it. Raises InvalidInput where
        its keys belong to different people.
        """
        met = [
            (name, kind, found)
            for name, kind in _KEYS
            if (found := self._found.get(_key(name, getattr(row, name)))) is not None
        ]
        person = met[0][2] if met else Person(None, dict.fromkeys(dict(_KEYS), ""))
        for _name, kind, found in met:
            if found is not person:
                raise InvalidInput(kind, _("belongs to another customer"))
        if met and _differ(person, row, met[0][0]):
            raise InvalidInput(met[0][1], _("belongs to another customer"))
        person.values |= person.lacks(row)
        person.rows.append(row)
        self._keep(person, person.values)
        return person

    def _keep(self, person: Person, values: Mapping[str, str]) -> None:
        for name, value in values.items():
            if value:
                self._found[_key(name, value)] = person


def _differ(person: Person, row: MemberRow, met_by: str) -> bool:
    """Whether a key that counts more than the one they were met by says it is somebody else."""
    names = [name for name, _kind in _KEYS]
    stronger = names[: names.index(met_by)]
    return any(
        getattr(row, name) and person.values[name] and getattr(row, name) != person.values[name]
        for name in stronger
    )


def _key(name: str, value: str) -> Key:
    return name, value.lower() if name == "email" else value


def known(rows: Sequence[MemberRow]) -> list[Customer]:
    """The customers that these rows may be about. One query."""
    said = {name: {getattr(row, name) for row in rows} - {""} for name, _kind in _KEYS}
    emails = {email.lower() for email in said["email"]}
    customers = Customer.objects.select_related("merged_into").annotate(mail=Lower("email"))
    return list(
        customers.filter(
            Q(external_id__in=said["external_id"]) | Q(phone__in=said["phone"]) | Q(mail__in=emails)
        ).order_by("pk")
    )
