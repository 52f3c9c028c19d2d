"""The map of a file: which of its columns is what. `parsing` reads one from a document."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType


class Format(StrEnum):
    DELIMITED = "delimited"
    WHITESPACE = "whitespace"  # Runs of spaces and tabs; those at the ends do not count.
    WORKBOOK = "excel"


class GroupBy(StrEnum):
    ROW = "row"  # Every row is a purchase.
    RECEIPT = "receipt"  # All rows of a receipt number are the lines of one purchase.
    CUSTOMER_DAY = "customer_day"  # All rows of a customer's day are one purchase.


class Field(StrEnum):
    __hash__ = str.__hash__  # Of an enum it is slow, and every cell of a file is looked up by it.

    CUSTOMER = "customer"
    PHONE = "phone"
    NAME = "name"
    DATE = "date"
    AMOUNT = "amount"
    REFERENCE = "reference"
    BRANCH = "branch"
    STATUS = "status"  # Whether the sale was cancelled or given back.
    RETURN_OF = "return_of"  # On a return: the receipt number of the sale.
    # Of the lines of receipts.
    TOTAL = "total"  # What was paid for the receipt; on each of its rows.
    ARTICLE = "article"
    ITEM = "item"
    CATEGORY = "category"
    QUANTITY = "quantity"
    PRICE = "price"
    # Of files of customers.
    EMAIL = "email"
    BIRTHDAY = "birthday"
    LUNAR = "lunar"  # Whether the birthday is by the lunar calendar.
    JOINED = "joined"
    EMAIL_CONSENT = "email_consent"
    SMS_CONSENT = "sms_consent"
    POINTS = "points"  # What the customer has at the moment.
    EXPIRES = "expires"  # The last day these can be used.
    TIER = "tier"
    TIER_THROUGH = "tier_through"


OF_LINES = {Field.TOTAL, Field.ARTICLE, Field.ITEM, Field.CATEGORY, Field.QUANTITY, Field.PRICE}
OF_CUSTOMERS = {
    *(Field.CUSTOMER, Field.PHONE, Field.NAME, Field.BRANCH, Field.EMAIL, Field.BIRTHDAY),
    *(Field.LUNAR, Field.JOINED, Field.EMAIL_CONSENT, Field.SMS_CONSENT, Field.POINTS),
    *(Field.EXPIRES, Field.TIER, Field.TIER_THROUGH),
}
OF_BOTH = {Field.CUSTOMER, Field.PHONE, Field.NAME, Field.BRANCH}
OF_SALES = set(Field) - OF_CUSTOMERS | OF_BOTH


class About(StrEnum):
    """What the rows of a file are."""

    SALES = "sales"
    CUSTOMERS = "customers"

    @property
    def fields(self) -> set[Field]:
        return OF_SALES if self is About.SALES else OF_CUSTOMERS


@dataclass(frozen=True)
class Layout:
    source: str
    columns: Mapping[Field, int | str]  # A number from 1, or a header.
    # What is left out here is seen from the file.
    format: Format | None = None
    separator: str = ""
    has_header: bool | None = None
    encoding: str = ""
    sheet: str = ""  # Of an Excel file; empty: the first one that is not hidden.
    group_by: GroupBy = GroupBy.ROW
    earns: bool = True  # False: what these sales earned is in balances that came by themselves.
    keeps_anonymous: bool = False  # A row without customer and phone is an anonymous sale.
    customer_is_integer: bool = False  # 00004 and 4 are one customer.
    date_format: str = ""  # As of strptime; empty: ISO 8601, with or without a time.
    decimal: str = "."
    thousands: str = ""
    # How receipts begin, and what their status says, where a sale was given back or cancelled.
    return_prefix: str = ""
    cancelled_prefix: str = ""
    returned: frozenset[str] = frozenset()  # Without marks and capitals.
    cancelled: frozenset[str] = frozenset()
    # Of a file of customers: how its days are written, through when a tier holds of which the file
    # does not say it, and by channel the text that was agreed to and where that can be seen.
    day_formats: Mapping[Field, str] = field(default_factory=dict)
    tier_through: date | None = None
    consents: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    may_lack: frozenset[Field] = field(default_factory=frozenset)  # Columns the file may not have.


# For a file whose header says it in our words.
USUAL = Layout(
    source="file",
    columns=MappingProxyType({kind: kind.value for kind in Field if kind in OF_SALES - OF_LINES}),
    keeps_anonymous=True,
    may_lack=frozenset(Field) - {Field.DATE, Field.AMOUNT},
)
USUAL_CUSTOMERS = Layout(
    source="file",
    columns=MappingProxyType(
        {
            kind: kind.value
            for kind in Field
            if kind in OF_CUSTOMERS - {Field.EMAIL_CONSENT, Field.SMS_CONSENT}
        }
    ),
    may_lack=frozenset(Field) - {Field.NAME},
)
