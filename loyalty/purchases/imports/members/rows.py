"""From the text of a row to a customer, or to the field that is wrong and why. No database."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from customers.identity import Birthday, name_columns
from customers.services import clean_email
from loyalty.dates import local_date
from loyalty.errors import InvalidInput
from loyalty.ledger.models import MAX_POINTS
from loyalty.programme.document import Programme
from loyalty.purchases.imports.checking import LOOKALIKES
from loyalty.purchases.imports.layout import Field, Layout
from loyalty.purchases.imports.phones import phone_in_file
from loyalty.purchases.imports.reading import FileRow, Shape
from loyalty.purchases.imports.safe import unguarded
from loyalty.sayings import said as _
from loyalty.text import fold

NEVER = date.max  # Of points that do not expire.
LONGEST_LIFE = timedelta(days=366 * 50)  # Of points; beyond lie slips of the finger.
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}))?", re.ASCII)
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_LUNAR = re.compile(r"\s*\(?(âl|al|âm|âm lịch|am lich)\)?$", re.IGNORECASE)
_YES = {"1", "x", "v", "co", "yes", "y", "true", "dong y", "am", "am lich"}
_NO = {"", "0", "khong", "no", "n", "false", "tu choi", "duong", "duong lich"}
_NEVER = {"never", "khong", "khong het han", "vo han"}
_CONSENTS = (("email", Field.EMAIL_CONSENT), ("sms", Field.SMS_CONSENT))


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One row of a file of customers, understood."""

    line: int
    external_id: str = ""
    phone: str = ""  # E.164.
    email: str = ""
    name: str = ""
    birthday: Birthday | None = None
    joined_on: date | None = None
    branch_id: int | None = None
    consents: Mapping[str, bool] = field(default_factory=dict)  # By channel; what was said only.
    points: int = 0
    expires_on: date | None = None  # Of the points; None: the file does not say. NEVER: it does.
    tier_key: str = ""
    tier_through: date | None = None


@dataclass(frozen=True)
class MemberChecker:
    """Reads rows of one file of customers, as of one moment."""

    layout: Layout
    shape: Shape
    programme: Programme
    zone: ZoneInfo
    branches: Mapping[str, int]  # Ids by key and by name, in lower case.
    at: datetime

    @property
    def today(self) -> date:
        return local_date(self.at, self.zone)

    def read(self, row: FileRow) -> MemberRow:
        """The customer of the row. Raises InvalidInput naming the field; it quotes no value."""
        if len(row.fields) != self.shape.width:
            why = _("%(found)d columns instead of %(expected)d")
            raise InvalidInput(
                "row", why % {"found": len(row.fields), "expected": self.shape.width}
            )
        said = {kind: row.fields[place].strip() for kind, place in self.shape.places.items()}
        typed = {kind for kind, place in self.shape.places.items() if place in row.typed}
        value = {kind: said.get(kind, "") for kind in Field}
        read = MemberRow(
            line=row.line,
            external_id=self._external_id(value[Field.CUSTOMER]),
            phone=phone_in_file(value[Field.PHONE]) if value[Field.PHONE] else "",
            email=clean_email(value[Field.EMAIL]),
            name=str(name_columns(unguarded(value[Field.NAME]).translate(LOOKALIKES))["name"]),
            birthday=_birthday(value[Field.BIRTHDAY], lunar=_yes(Field.LUNAR, value[Field.LUNAR])),
            joined_on=self._joined(value[Field.JOINED], typed),
            branch_id=self._branch(value[Field.BRANCH]),
            consents=self._consents(value),
            points=_points(value[Field.POINTS], self.layout.thousands),
            expires_on=self._expires(value, typed),
            tier_key=self._tier(value[Field.TIER]),
            tier_through=self._through(value, typed),
        )
        if not (read.external_id or read.phone or read.email):
            raise InvalidInput(Field.PHONE, _("no phone, e-mail or number of the customer"))
        return read

    def _external_id(self, text: str) -> str:
        if text and self.layout.customer_is_integer:
            if not re.fullmatch(r"\d{1,18}", text, flags=re.ASCII):
                raise InvalidInput(Field.CUSTOMER, _("not a whole number"))
            return str(int(text))
        if len(text) > 64:
            raise InvalidInput(Field.CUSTOMER, _("longer than %(count)d letters") % {"count": 64})
        return text

    def _day(self, kind: Field, text: str, typed: set[Field]) -> date | None:
        """A day as the map says it is written; else 2026-11-22 or 22/11/2026."""
        if not text:
            return None
        form = self.layout.day_formats.get(kind, "")
        with suppress(ValueError):
            if form and kind not in typed:
                return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
            if found := _ISO.match(text):
                return date(*map(int, found.groups()))
            if (found := _DAY.fullmatch(text)) and found[3]:
                return date(int(found[3]), int(found[2]), int(found[1]))
        raise InvalidInput(kind, _("not a day such as 22/11/2026"))

    def _joined(self, text: str, typed: set[Field]) -> date | None:
        day = self._day(Field.JOINED, text, typed)
        if day and not date(1970, 1, 1) <= day <= self.today:
            raise InvalidInput(Field.JOINED, _("in the future, or before 1970"))
        return day

    def _to_come(self, kind: Field, value: Mapping[Field, str], typed: set[Field]) -> date | None:
        day = self._day(kind, value[kind], typed)
        if day and not self.today <= day <= self.today + LONGEST_LIFE:
            raise InvalidInput(kind, _("this day is over, or too far away"))
        return day

    def _expires(self, value: Mapping[Field, str], typed: set[Field]) -> date | None:
        if fold(value[Field.EXPIRES]) in _NEVER:
            return NEVER
        return self._to_come(Field.EXPIRES, value, typed)

    def _branch(self, text: str) -> int | None:
        branch = self.branches.get(text.lower()) if text else None
        if text and branch is None:
            raise InvalidInput(Field.BRANCH, _("no branch has this key or name"))
        return branch

    def _consents(self, value: Mapping[Field, str]) -> dict[str, bool]:
        return {
            channel: _yes(kind, value[kind])
            for channel, kind in _CONSENTS
            if channel in self.layout.consents and value[kind]
        }

    def _tier(self, text: str) -> str:
        """The key of the tier that has this key or name."""
        if not text:
            return ""
        for tier in self.programme.tiers:
            if fold(text) in (fold(tier.key), fold(tier.name), fold(tier.name_en)):
                return tier.key
        names = ", ".join(tier.name for tier in self.programme.tiers)
        raise InvalidInput(Field.TIER, _("no such tier; there are: %(names)s") % {"names": names})

    def _through(self, value: Mapping[Field, str], typed: set[Field]) -> date | None:
        if not value[Field.TIER]:
            return None
        day = self._to_come(Field.TIER_THROUGH, value, typed) or self.layout.tier_through
        if day is None or day < self.today:
            raise InvalidInput(Field.TIER_THROUGH, _("this day is over, or too far away"))
        return day


def _birthday(text: str, *, lunar: bool) -> Birthday | None:
    """05/09/1990, 5/9, 1990-09-05; behind it (ÂL) for the lunar calendar."""
    plain = _LUNAR.sub("", text)
    if not plain:
        return None
    lunar = lunar or plain != text
    if found := _ISO.match(plain):
        year, month, day = map(int, found.groups())
        return Birthday(day, month, year, lunar)
    if found := _DAY.fullmatch(plain):
        return Birthday(int(found[1]), int(found[2]), int(found[3]) if found[3] else None, lunar)
    raise InvalidInput(Field.BIRTHDAY, _("not a day such as 22/11/2026"))


def _yes(kind: Field, text: str) -> bool:
    word = fold(text)
    if word not in _YES | _NO:
        raise InvalidInput(kind, _("neither yes nor no"))
    return word in _YES


def _points(text: str, thousands: str) -> int:
    plain = re.sub(r"[.,]0+$", "", text) if not thousands else text.replace(thousands, "")
    if not plain:
        return 0
    if not re.fullmatch(r"\d{1,10}", plain, flags=re.ASCII) or int(plain) > MAX_POINTS:
        raise InvalidInput(Field.POINTS, _("not a whole number of points, from zero up"))
    return int(plain)
