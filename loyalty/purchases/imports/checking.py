"""From the text of a row to a sale, or to the field that is wrong and why. No database."""

import json
import re
from collections.abc import Set
from contextlib import suppress
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from loyalty.dates import local_date, start_of_day
from loyalty.errors import InvalidInput
from loyalty.purchases.bill import OUR_NAMES
from loyalty.purchases.imports.amounts import Amounts, line_of
from loyalty.purchases.imports.bills import UNTOLD
from loyalty.purchases.imports.layout import Field, GroupBy, Layout
from loyalty.purchases.imports.naming import AGAIN, LONGEST_REFERENCE
from loyalty.purchases.imports.phones import phone_in_file
from loyalty.purchases.imports.reading import FileRow, Shape
from loyalty.purchases.imports.safe import unguarded
from loyalty.sayings import said as _
from loyalty.text import fold

FIRST_YEAR = 1970
ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
ISO_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
# The Icelandic letters, which many a Vietnamese list has instead of its own.
LOOKALIKES = str.maketrans("Ðð", "Đđ")
UNTYPED: frozenset[Field] = frozenset()
# What a row says of a sum alone; of further columns a file may have none.
SUM_ALONE = {Field.CUSTOMER, Field.PHONE, Field.NAME, Field.DATE, Field.AMOUNT}
# Of a line: the column, what it is to the rules, how many letters it may have.
TEXTS = (
    (Field.ARTICLE, "sku", 100),
    (Field.ITEM, "name", 200),
    (Field.CATEGORY, "category", 100),
)
USUAL_DAY = re.compile(r"\d{1,2}/\d{1,2}/\d{4}", re.ASCII)
SECONDS = re.compile(r":\d\d:\d\d$", re.ASCII)
GLUED = re.compile(r"%\w%\w")  # Two parts of a date with nothing between them.
EXAMPLE = datetime(2026, 11, 22, 16, 42, 5, tzinfo=UTC)


class Kind(StrEnum):
    SALE = "sale"
    RETURN = "return"
    CANCELLED = "cancelled"


class SaleRow(NamedTuple):
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
    kind: Kind = Kind.SALE  # As far as its number or status says; the sign of the sum says more.
    return_of: str = ""
    total_minor: int | None = None  # What was paid for the receipt this is a line of.
    detail: str = ""  # The line, as JSON of what `Line` takes.


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
        self.amounts = Amounts(layout, currency)
        self.says_more = bool(shape.places.keys() - SUM_ALONE)
        self.has_detail = layout.group_by is GroupBy.RECEIPT or not layout.earns
        self.tells_kinds = bool(
            layout.returned or layout.cancelled or layout.return_prefix or layout.cancelled_prefix
        )
        self.phone_of = lru_cache(maxsize=1 << 16)(phone_in_file)  # Regulars come again and again.
        self.name_of = lru_cache(maxsize=1 << 16)(_name_of)
        self.moment_of = lru_cache(maxsize=4096)(self._moment_of)
        self.amount_of = lru_cache(maxsize=1 << 14)(self._amount_of)

    def read(self, row: FileRow) -> SaleRow:
        """The sale of the row. Raises InvalidInput naming the field; it quotes no value."""
        if len(row.fields) != self.shape.width:
            why = _("%(found)d columns instead of %(expected)d")
            raise InvalidInput(
                "row", why % {"found": len(row.fields), "expected": self.shape.width}
            )
        value = {kind: row.fields[place].strip() for kind, place in self.shape.places.items()}
        typed = self._typed(row) if row.typed else UNTYPED
        moment, day = self.moment_of(value[Field.DATE], Field.DATE in typed)
        amount_minor = self.amount_of(value[Field.AMOUNT], Field.AMOUNT in typed)
        external_id = self._external_id(value.get(Field.CUSTOMER, ""))
        phone = self._phone(value.get(Field.PHONE, ""))
        if not (external_id or phone or self.layout.keeps_anonymous):
            raise InvalidInput(Field.CUSTOMER, _("no customer"))
        name = self.name_of(value.get(Field.NAME, ""))
        sale = SaleRow(row.line, moment, day, amount_minor, external_id, phone, name)
        if self.says_more:
            sale = self._more(sale, value, typed)
        if self.has_detail:
            sale = sale._replace(detail=self._detail(value, typed, amount_minor))
        return sale

    def _more(self, sale: SaleRow, value: dict[Field, str], typed: Set[Field]) -> SaleRow:
        """With what columns say that only some files have."""
        return sale._replace(
            reference=self._reference(value),
            branch_id=self._branch(value.get(Field.BRANCH, "")),
            kind=self._kind(value),
            return_of=_bounded(value.get(Field.RETURN_OF, ""), Field.RETURN_OF, LONGEST_REFERENCE),
            total_minor=self.amounts.minor_or_none(Field.TOTAL, value, typed),
        )

    def _typed(self, row: FileRow) -> frozenset[Field]:
        return frozenset(kind for kind, at in self.shape.places.items() if at in row.typed)

    def receipt_of(self, row: FileRow) -> list[str]:
        """The number of the receipt that is lost with a row that cannot be taken, if any."""
        place = self.shape.places.get(Field.REFERENCE, len(row.fields))
        if self.layout.group_by is not GroupBy.RECEIPT or place >= len(row.fields):
            return []
        return [row.fields[place].strip()]

    def _kind(self, value: dict[Field, str]) -> Kind:
        """What number and status say; a cancelled return is cancelled."""
        if not self.tells_kinds:
            return Kind.SALE
        layout, receipt = self.layout, value.get(Field.REFERENCE, "").upper()
        status = fold(value.get(Field.STATUS, ""))
        cancelled, given_back = layout.cancelled_prefix, layout.return_prefix
        if status in layout.cancelled or (cancelled and receipt.startswith(cancelled)):
            return Kind.CANCELLED
        if status in layout.returned or (given_back and receipt.startswith(given_back)):
            return Kind.RETURN
        return Kind.SALE

    def _detail(self, value: dict[Field, str], typed: Set[Field], amount_minor: int) -> str:
        if amount_minor < 0:
            return ""
        line: dict[str, Any] = {} if self.layout.earns else dict(UNTOLD)
        if self.layout.group_by is GroupBy.RECEIPT:
            line |= self._line(value, typed, amount_minor)
        return json.dumps(line, ensure_ascii=False) if line else ""

    def _line(
        self, value: dict[Field, str], typed: Set[Field], amount_minor: int
    ) -> dict[str, Any]:
        line = line_of(
            amount_minor=amount_minor,
            price_minor=self.amounts.minor_or_none(Field.PRICE, value, typed),
            quantity=self.amounts.quantity(value.get(Field.QUANTITY, ""), Field.QUANTITY in typed),
        )
        for kind, name, longest in TEXTS:
            if text := _bounded(unguarded(value.get(kind, "")), kind, longest):
                line[name] = text
        return line

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
        if USUAL_DAY.match(text):
            raise InvalidInput(Field.DATE, _('say format = "%d/%m/%Y" in the map, with its times'))
        raise _no_date("%Y-%m-%d")

    def _in_format(self, text: str) -> date:
        layout = self.layout.date_format
        if layout.endswith("%M") and SECONDS.search(text):
            text = text[:-3]  # Some programs write them in one file and not in the next.
        try:
            # In the shop's own time: given its zone by the caller.
            written = datetime.strptime(text, layout)  # noqa: DTZ007
        except ValueError as error:
            raise _no_date(layout) from error
        # strptime reads 1997111 as it likes; where no mark stands between, every digit counts.
        if GLUED.search(layout) and written.strftime(layout) != text:
            raise _no_date(layout)
        return written if "%H" in layout else written.date()

    def _amount_of(self, text: str, is_number: bool) -> int:
        typed = {Field.AMOUNT} if is_number else UNTYPED
        amount_minor = self.amounts.minor(Field.AMOUNT, {Field.AMOUNT: text}, typed)
        if amount_minor < 0 and self.layout.group_by is GroupBy.CUSTOMER_DAY:
            raise InvalidInput(Field.AMOUNT, _("below zero: days that are one purchase have none"))
        return amount_minor

    def _external_id(self, text: str) -> str:
        if text and self.layout.customer_is_integer:
            if not re.fullmatch(r"\d{1,18}", text, flags=re.ASCII):
                raise InvalidInput(Field.CUSTOMER, _("not a whole number"))
            return str(int(text))
        return _bounded(text, Field.CUSTOMER, 64)

    def _phone(self, text: str) -> str:
        try:
            return self.phone_of(text) if text else ""
        except InvalidInput as error:
            raise InvalidInput(Field.PHONE, str(error)) from error

    def _reference(self, value: dict[Field, str]) -> str:
        if Field.REFERENCE not in value:
            return ""
        if not value[Field.REFERENCE]:
            raise InvalidInput(Field.REFERENCE, _("no receipt number"))
        number = value[Field.REFERENCE]
        ours = [one for one in OUR_NAMES if number.startswith(one)] + [AGAIN] * (AGAIN in number)
        if ours:
            raise InvalidInput(Field.REFERENCE, _("“%(text)s” cannot be kept") % {"text": ours[0]})
        return _bounded(number, Field.REFERENCE, LONGEST_REFERENCE)

    def _branch(self, text: str) -> int | None:
        if not text:
            return None
        branch = self.branches.get(text.lower())
        if branch is None:
            raise InvalidInput(Field.BRANCH, _("no branch has this key or name"))
        return branch


def _name_of(text: str) -> str:
    return _bounded(unguarded(text), Field.NAME, 200).translate(LOOKALIKES)


def _bounded(text: str, kind: Field, longest: int) -> str:
    if len(text) > longest:
        raise InvalidInput(kind, _("longer than %(count)d letters") % {"count": longest})
    return text


def _no_date(layout: str) -> InvalidInput:
    """Says by an example what was expected: shopkeepers do not read %d."""
    example = {"example": EXAMPLE.strftime(layout)}
    return InvalidInput(Field.DATE, _("not a date such as %(example)s") % example)
