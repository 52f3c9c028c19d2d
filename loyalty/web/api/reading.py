"""JSON read strictly: what could mean two things means nothing, and every refusal names its field."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from math import inf
from typing import Annotated, Any, cast
from urllib.parse import parse_qsl

from django.http import HttpRequest
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import core_schema

from loyalty.ledger.models import MAX_POINTS
from loyalty.money import MAX_MINOR
from loyalty.purchases.bill import OUR_NAMES
from loyalty.web.api.problems import Problem

LONGEST_NUMBER = 30  # Characters; longer ones are beyond any field and cost time to read.
LAST_YEAR, FIRST_YEAR = 2200, 1990
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)", flags=re.ASCII
)

_WHOLE = re.compile(r"-?\d{1,18}", flags=re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", flags=re.ASCII)


class Body(BaseModel):
    """What a program sends: these fields and no others, each of its own type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def address_of(request: HttpRequest) -> list[tuple[str, str]]:
    """What stands in the address behind the ?, name by name. Read once."""
    if not hasattr(request, "address"):
        request.address = _address(request)  # type: ignore[attr-defined]  # KeyRequest has it.
    return cast(list[tuple[str, str]], request.address)  # type: ignore[attr-defined]


def _address(request: HttpRequest) -> list[tuple[str, str]]:
    """Not by Django, which takes longer and refuses a thousand names with an error of its own."""
    plain = request.META.get("QUERY_STRING", "")
    if not plain.isascii():  # WSGI tells bytes as letters of Latin-1 (PEP 3333).
        plain = plain.encode("latin-1", "replace").decode("utf-8", "replace")
    return parse_qsl(plain, keep_blank_values=True)


def once_each(request: HttpRequest) -> dict[str, str]:
    """The same by name. Raises Problem for a name that stands twice."""
    pairs = address_of(request)
    read = dict(pairs)
    if len(read) < len(pairs):
        raise Problem.of_field(_twice(pairs), "Give it once.")
    return read


def asked_by(request: HttpRequest) -> Any:
    """The body, read once. Raises Problem."""
    if not hasattr(request, "asked"):
        request.asked = read_json(request.body)  # type: ignore[attr-defined]  # KeyRequest has it.
    return request.asked  # type: ignore[attr-defined]


def read_json(body: bytes) -> Any:
    """
    The value of a UTF-8 JSON text. Decimals are exact. Numbers that no field can hold (NaN,
    Infinity, ever so many digits) become floats, which no field takes, so that the field is named.
    Raises Problem for anything else that is not JSON, and for a name that stands twice.
    """
    try:
        return json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_once_each,
            parse_float=_decimal,
            parse_int=_whole,
            parse_constant=float,
        )
    except (ValueError, RecursionError) as error:
        raise Problem("not-json") from error


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        raise Problem.of_field(_twice(pairs), "This name stands twice.", kind="not-json")
    return read


def _twice(pairs: Iterable[tuple[str, Any]]) -> str:
    """The first name that stands more than once."""
    often = Counter(name for name, _value in pairs)
    return next(name for name, times in often.items() if times > 1)


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= LONGEST_NUMBER else inf


def _decimal(digits: str) -> Decimal | float:
    return Decimal(digits) if len(digits) <= LONGEST_NUMBER else inf


def _text(value: str) -> str:
    if "\x00" in value:
        raise ValueError("this holds a character that cannot be kept")
    return value


def check_reference(reference: str) -> str:
    """The program's own name for something. Raises ValueError for one that begins as ours do."""
    ours = next((one for one in OUR_NAMES if reference.startswith(one)), None)
    if ours is not None:
        raise ValueError(f"names that begin with {ours} are ours")
    return reference


def _moment(value: Any) -> datetime:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise ValueError("a moment with its time zone is expected: 2026-11-22T12:00:00+07:00")
    moment = datetime.fromisoformat(value)
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"the year must be from {FIRST_YEAR} to {LAST_YEAR}")
    return moment


def _day(value: Any) -> date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("a day is expected: 2026-11-22")
    day = date.fromisoformat(value)
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"the year must be from {FIRST_YEAR} to {LAST_YEAR}")
    return day


def _quantity(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("a number is expected, with at most three decimals")
    exact = Decimal(value)
    fits = exact.is_finite() and 0 < exact <= 1_000_000
    if not fits or exact != exact.quantize(Decimal("0.001")):
        raise ValueError("a number above zero is expected, with at most three decimals")
    return exact


@dataclass(frozen=True)
class Text:
    """
    Marks a text of so many letters, without NUL: `Annotated[str, Text(200)]`. Where one letter is
    needed, spaces are none.
    """

    longest: int
    shortest: int = 0

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        bounded = core_schema.str_schema(
            strict=True,
            min_length=self.shortest,
            max_length=self.longest,
            pattern=r"\S" if self.shortest else None,
        )
        return core_schema.no_info_after_validator_function(_text, bounded)


def _digits(value: Any) -> int:
    """
    A whole number out of an address.

    >>> _digits("20"), _digits("-1")
    (20, -1)
    """
    if not _WHOLE.fullmatch(value if isinstance(value, str) else str(value)):
        raise ValueError("a whole number is expected")
    return int(value)


# For lists that may be left out: pydantic copies a written [] deeply, with each body that is read.
NOTHING: Any = Field(default_factory=list, json_schema_extra={"default": []})

# In an address all is text; of the many that Python reads as a number, only plain digits are one.
Digits = Annotated[int, BeforeValidator(_digits)]
Minor = Annotated[int, Field(ge=0, le=MAX_MINOR)]  # Money, in the currency's minor unit.
PositiveMinor = Annotated[int, Field(gt=0, le=MAX_MINOR)]
SaleReference = Annotated[str, Text(100, 1), AfterValidator(check_reference)]
Points = Annotated[int, Field(ge=0, le=MAX_POINTS)]
Moment = Annotated[
    datetime,
    PlainValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Day = Annotated[date, PlainValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Quantity = Annotated[
    Decimal,
    PlainValidator(_quantity),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": 1_000_000}),
]
