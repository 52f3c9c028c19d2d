"""Reading a sheet row by row: however long it is, only so many rows are in memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection

from loyalty.dates import end_of_day, local_date, start_of_day
from loyalty.money import minor_digits
from loyalty.reports.asking import one_moment
from loyalty.reports.exports.sheets import Column, Kind, Sheet
from loyalty.shop.models import Shop

ROWS_AT_ONCE = 2_000
Value = str | int | bool | Decimal | date | datetime | None


@dataclass(frozen=True)
class Span:
    """Days of the shop, both inside; None: without a limit."""

    since: date | None = None
    until: date | None = None


def rows_of(sheet: Sheet, span: Span, shop: Shop, *, at: datetime) -> Iterator[list[Value]]:
    """
    The rows of those days in the order of `sheet.columns`, all as they were at one moment. What
    ends on a day is there as of `at`. Money is in the currency's unit, moments are on the shop's
    clock. Reads by a cursor of the server.
    """
    zone, digits = shop.zone, minor_digits(shop.currency)
    asked = {
        "today": local_date(at, zone),
        "since": start_of_day(span.since, zone) if span.since else None,
        "until": end_of_day(span.until, zone) if span.until else None,
    }
    with one_moment():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")  # A big shop takes its time.
        with connection.chunked_cursor() as cursor:
            cursor.execute(sheet.sql, asked)
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                for row in rows:
                    yield [
                        _shown(column, value, zone, digits)
                        for column, value in zip(sheet.columns, row, strict=True)
                    ]


def _shown(column: Column, value: Value, zone: ZoneInfo, digits: int) -> Value:
    if column.kind is Kind.MONEY and digits and isinstance(value, int):
        return Decimal(value).scaleb(-digits)
    if column.kind is Kind.MOMENT and isinstance(value, datetime):
        return value.astimezone(zone).replace(tzinfo=None, microsecond=0)
    return value
