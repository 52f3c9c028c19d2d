"""From the text of a row to a sale, or to the field that is wrong and why. No database."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from loyalty.dates import local_date, start_of_day
from loyalty.errors import InvalidInput
from loyalty.money import MAX_MINOR, minor_digits, minor_from_decimal
from loyalty.purchases.imports.layout import Field, Layout
from loyalty.purchases.imports.phones import phone_in_file
from loyalty.purchases.imports.reading import FileRow, Shape

FIRST_YEAR = 1970
ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
ISO_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
# How people write thousands, and a price: 45.000, 1,350,000, 45000đ.
GROUPED = re.compile(r"\d{1,3}([.,])\d{3}(\1\d{3})*\s*[đĐ₫]?", re.ASCII)
# The Icelandic letters, which many a Vietnamese list has instead of its own.
LOOKALIKES = str.maketrans("Ðð", "Đđ")
GLUED = re.compile(r"%\w%\w")  # Two parts of a date with nothing between them.


@dataclass(frozen=True, slots=True)
class SaleRow:
    """One sale of a file, understood. Without external id and phone it is anonymous."""

    line: int
    occurred_at: datetime
    occurred_on: date  # The same moment's day in the shop.
    amount_minor: int
    external_id: str = ""
    phone: str = ""  # E.164.
    name: str = ""
    reference: str = ""
    branch_id: int | None = None


class Checker:
    """Reads rows of one file, for one shop, as of one moment."""

    def __init__(
        self,
        layout: Layout,
        shape: Shape,
        *,
        currency: str,
        zone: ZoneInfo,
        branches: dict[str, int],
        at: datetime,
    ) -> None:
        self.layout, self.shape = layout, shape
        self.currency, self.zone, self.at = currency, zone, at
        self.branches = branches  # Ids by key and by name, in lower case.
        self.moment_of = lru_cache(maxsize=4096)(self._moment_of)

    def read(self, row: FileRow) -> SaleRow:
        """The sale of the row. Raises InvalidInput naming the field; it quotes no value."""
        if len(row.fields) != self.shape.width:
            why = _("%(found)d columns instead of %(expected)d")
            raise InvalidInput(
                "row", why % {"found": len(row.fields), "expected": self.shape.width}
            )
        value = {kind: row.fields[place].strip() for kind, place in self.shape.places.items()}
        typed = {kind for kind, place in self.shape.places.items() if place in row.typed}
        moment, day = self.moment_of(value[Field.DATE], Field.DATE in typed)
        external_id = self._external_id(value.get(Field.CUSTOMER, ""))
        phone = self._phone(value.get(Field.PHONE, ""))
        if not (external_id or phone or self.layout.keeps_anonymous):
            raise InvalidInput(Field.CUSTOMER, _("no customer"))
        return SaleRow(
            line=row.line,
            occurred_at=moment,
            occurred_on=day,
            amount_minor=self._amount(value[Field.AMOUNT], is_number=Field.AMOUNT in typed),
            external_id=external_id,
            phone=phone,
            name=_bounded(value.get(Field.NAME, ""), Field.NAME, 200).translate(LOOKALIKES),
            reference=self._reference(value),
            branch_id=self._branch(value.get(Field.BRANCH, "")),
        )

    def _moment_of(self, text: str, is_date: bool) -> tuple[datetime, date]:
        """The moment and its day in the shop; a day without a time means its first instant."""
        plain = is_date or not self.layout.date_format
        written = self._iso(text) if plain else self._in_format(text)
        if written.year < FIRST_YEAR:
            raise InvalidInput(Field.DATE, _("before %(year)d") % {"year": FIRST_YEAR})
        if not isinstance(written, datetime):
            moment = start_of_day(written, self.zone)
        elif written.tzinfo is None:
            moment = written.replace(tzinfo=self.zone).astimezone(UTC)
        else:
            moment = written.astimezone(UTC)
        if moment > self.at:
            raise InvalidInput(Field.DATE, _("in the future"))
        return moment, local_date(moment, self.zone)

    def _iso(self, text: str) -> date:
        with suppress(ValueError):
            if ISO_DAY.fullmatch(text):
                return date.fromisoformat(text)
            if ISO_MOMENT.fullmatch(text):
                return datetime.fromisoformat(text)
        raise InvalidInput(Field.DATE, _("not a date such as 2026-11-22"))

    def _in_format(self, text: str) -> date:
        layout = self.layout.date_format
        try:
            # In the shop's own time: given its zone by the caller.
            written = datetime.strptime(text, layout)  # noqa: DTZ007
        except ValueError as error:
            why = _("not a date of the form %(form)s")
            raise InvalidInput(Field.DATE, why % {"form": layout}) from error
        # strptime reads 1997111 as it likes; where no mark stands between, every digit counts.
        if GLUED.search(layout) and written.strftime(layout) != text:
            why = _("not a date of the form %(form)s")
            raise InvalidInput(Field.DATE, why % {"form": layout})
        return written if "%H" in layout else written.date()

    def _amount(self, text: str, *, is_number: bool) -> int:
        plain = text if is_number else self._plain(text)
        decimals = plain.partition(".")[2].rstrip("0")
        if len(decimals) > minor_digits(self.currency):
            raise InvalidInput(Field.AMOUNT, _("more decimals than the currency has"))
        try:
            amount_minor = minor_from_decimal(plain, currency=self.currency)
        except ValueError as error:
            raise InvalidInput(Field.AMOUNT, _("not an amount of money")) from error
        if amount_minor < 0:
            raise InvalidInput(Field.AMOUNT, _("below zero: returns cannot be imported yet"))
        if amount_minor > MAX_MINOR:
            raise InvalidInput(Field.AMOUNT, _("too large"))
        return amount_minor

    def _plain(self, text: str) -> str:
        """An amount as the map says it is written, with a dot and nothing between thousands."""
        if minor_digits(self.currency) == 0:
            _refuse_price_tag(text, thousands=self.layout.thousands)
        if self.layout.thousands and self.layout.thousands in text:
            grouped = rf"[+-]?\d{{1,3}}({re.escape(self.layout.thousands)}\d{{3}})+(\D.*)?"
            if not re.fullmatch(grouped, text, flags=re.ASCII):
                raise InvalidInput(Field.AMOUNT, _("not an amount of money"))
            text = text.replace(self.layout.thousands, "")
        if self.layout.decimal != ".":
            text = text.replace(".", "?").replace(self.layout.decimal, ".")
        return text

    def _external_id(self, text: str) -> str:
        if text and self.layout.customer_is_integer:
            if not re.fullmatch(r"\d{1,18}", text, flags=re.ASCII):
                raise InvalidInput(Field.CUSTOMER, _("not a whole number"))
            return str(int(text))
        return _bounded(text, Field.CUSTOMER, 64)

    def _phone(self, text: str) -> str:
        try:
            return phone_in_file(text) if text else ""
        except InvalidInput as error:
            raise InvalidInput(Field.PHONE, str(error)) from error

    def _reference(self, value: dict[Field, str]) -> str:
        if Field.REFERENCE not in value:
            return ""
        if not value[Field.REFERENCE]:
            raise InvalidInput(Field.REFERENCE, _("no receipt number"))
        return _bounded(value[Field.REFERENCE], Field.REFERENCE, 100)

    def _branch(self, text: str) -> int | None:
        if not text:
            return None
        branch = self.branches.get(text.lower())
        if branch is None:
            raise InvalidInput(Field.BRANCH, _("no branch has this key or name"))
        return branch


def _refuse_price_tag(text: str, *, thousands: str) -> None:
    """Say what to do about 45.000 and 45000đ; the first must never become 45 đồng."""
    grouped = GROUPED.fullmatch(text)
    if grouped and not thousands:
        why = _('a mark between thousands: say thousands = "%(mark)s" in the map')
        raise InvalidInput(Field.AMOUNT, why % {"mark": grouped[1]})
    if text.endswith(("đ", "Đ", "₫")):
        raise InvalidInput(Field.AMOUNT, _("not an amount of money: leave the đ out"))


def _bounded(text: str, kind: Field, longest: int) -> str:
    if len(text) > longest:
        raise InvalidInput(kind, _("longer than %(count)d letters") % {"count": longest})
    return text
