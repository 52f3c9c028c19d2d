"""
What the columns of an unknown file might be: its first rows, and guesses for a person to correct.
Pure.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice

from loyalty.purchases.imports.layout import About, Field
from loyalty.purchases.imports.reading import FileRow
from loyalty.text import fold

MOST_COLUMNS = 60
VALUES = 3
LONGEST = 60  # Letters of a value that are shown.
LONGEST_HEADER = 200  # Beyond, it is no name to find a column by.
# Days as files write them; empty is ISO 8601. Those before win where several could be meant.
DATE_FORMATS = (
    *("", "%d/%m/%Y", "%d/%m/%Y %H:%M", "%d-%m-%Y", "%d-%m-%Y %H:%M", "%d.%m.%Y", "%d/%m/%y"),
    *("%Y/%m/%d", "%Y%m%d", "%m/%d/%Y", "%m/%d/%Y %H:%M"),
)
_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?)?", re.ASCII)
_SECONDS = re.compile(r"(:\d\d):\d\d$", re.ASCII)
_DATA = re.compile(r"[\d\s.,:/+()-]*\d[\d\s.,:/+()-]*[đĐ₫]?", re.ASCII)
_PHONE = re.compile(r"'?(\+?84|0)?[35789]\d{8}", re.ASCII)
_AMOUNT = re.compile(r"[+-]?(\d{1,3}([.,]\d{3})+|\d{4,9})\s*[đĐ₫]?", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(([.,])\d{3})+", re.ASCII)
# Headers as people write them, without marks; those of the ready maps are known besides.
_WORDS: Mapping[Field, Collection[str]] = {
    Field.CUSTOMER: ("ma kh", "ma khach", "ma khach hang", "customer no", "member no"),
    Field.PHONE: (
        *("sdt", "so dien thoai", "dien thoai", "dt", "di dong", "so dt", "so phone", "mobile"),
        *("tel", "phone number"),
    ),
    Field.NAME: (
        *("ten", "ho ten", "ho va ten", "khach", "khach hang", "ten khach", "ten khach hang"),
        *("ten kh", "nguoi mua", "customer name", "full name"),
    ),
    Field.DATE: ("ngay", "thoi gian", "ngay ban", "ngay mua", "ngay gio", "ngay hd", "time"),
    Field.AMOUNT: (
        *("tien", "so tien", "thanh tien", "tong tien", "doanh thu", "gia tri", "thanh toan"),
        *("total", "price paid"),
    ),
    Field.REFERENCE: ("so hd", "ma hd", "so hoa don", "ma hoa don", "so phieu", "bill", "receipt"),
    Field.STATUS: ("trang thai", "tinh trang"),
    Field.TOTAL: ("tong hd", "tong hoa don", "khach can tra"),
    Field.ARTICLE: ("ma hang", "ma sp", "ma san pham"),
    Field.ITEM: ("ten hang", "mat hang", "san pham", "ten san pham"),
    Field.QUANTITY: ("sl", "so luong", "qty"),
    Field.PRICE: ("don gia", "gia ban"),
    Field.BRANCH: ("chi nhanh", "cua hang", "store"),
    Field.EMAIL: ("mail", "e-mail", "thu dien tu"),
    Field.BIRTHDAY: ("sinh nhat", "ngay sinh", "date of birth", "dob"),
    Field.JOINED: ("ngay tao", "ngay tham gia", "ngay dang ky", "member since"),
    Field.POINTS: ("diem", "so diem", "diem hien tai", "diem tich luy"),
    Field.EXPIRES: ("het han", "han dung", "han diem"),
    Field.TIER: ("hang", "hang the", "nhom khach", "level"),
}


@dataclass(frozen=True)
class Column:
    number: int  # From 1.
    header: str  # What its first row says, whether that is a header or not.
    values: tuple[str, ...]  # The first of them that say something.


@dataclass(frozen=True)
class Sample:
    columns: tuple[Column, ...]
    headed: bool  # Whether the row of headers looks like one.
    separator: str = ""  # Where its columns end; empty in Excel files, and between spaces.

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def sample_from(kept: Mapping[str, object]) -> Sample:
    """The sample that `as_json` kept."""
    columns: Iterable[Mapping[str, object]] = kept["columns"]  # type: ignore[assignment]
    found = (
        Column(int(str(one["number"])), str(one["header"]), tuple(map(str, _list(one["values"]))))
        for one in columns
    )
    return Sample(tuple(found), bool(kept["headed"]), str(kept["separator"]))


def _list(values: object) -> list[object]:
    return list(values) if isinstance(values, list | tuple) else []


def sample_of(rows: Sequence[FileRow], *, separator: str = "") -> Sample:
    """
    The columns of a file by its first rows. Titles above the header have few cells; the header is
    the first row that has more than half of the most.
    """
    filled = [sum(bool(text.strip()) for text in row.fields) for row in rows]
    most = max(filled, default=0)
    top = next((place for place, count in enumerate(filled) if count * 2 > most), 0)
    width = max((len(row.fields) for row in rows[top:]), default=0)
    told = [[_cell(row, place) for row in rows[top:]] for place in range(width)]
    columns = (
        Column(number, cells[0][:LONGEST_HEADER], _shown(cells[1:]))
        for number, cells in enumerate(told, 1)
        if any(cells)
    )
    headed = rows and not any(_DATA.fullmatch(text.strip()) for text in rows[top].fields)
    return Sample(tuple(islice(columns, MOST_COLUMNS)), bool(headed), separator)


def _cell(row: FileRow, place: int) -> str:
    """What JSON of the database can keep, which has no place for a NUL."""
    text = row.fields[place] if place < len(row.fields) else ""
    return text.replace("\x00", "").strip()


def _shown(cells: Sequence[str]) -> tuple[str, ...]:
    some = islice(filter(None, cells), VALUES)
    return tuple(
        (cell.replace("T", " ") if _ISO.fullmatch(cell) else cell)[:LONGEST] for cell in some
    )


def guessed_fields(sample: Sample, about: About, known: Mapping[str, Field]) -> dict[int, Field]:
    """
    What each column might be, by its number; each field once. By its header first, where the file
    has any, then by its values. `known` are headers, without marks, that earlier maps have.
    """
    words = {word: field for field, some in _WORDS.items() for word in some} | {
        fold(field.value.replace("_", " ")): field for field in about.fields
    }
    words |= known
    found: dict[int, Field] = {}
    for column in sample.columns if sample.headed else ():
        field = words.get(fold(column.header))
        if field in about.fields and field not in found.values():
            found[column.number] = field
    return found | _by_values(sample, about, found)


def _by_values(sample: Sample, about: About, found: Mapping[int, Field]) -> dict[int, Field]:
    """The phone, the day and the amount, where just one column that is left looks like it."""
    left = {
        column.number: column.values if sample.headed else (column.header, *column.values)
        for column in sample.columns
        if column.number not in found
    }
    guessed: dict[int, Field] = {}
    for field, looks in _LOOKS.items():
        alike = [number for number, values in left.items() if values and looks(values)]
        if field in about.fields - set(found.values()) and len(alike) == 1:
            guessed[alike[0]] = field
            del left[alike[0]]
    return guessed


def _look_like_phones(values: Sequence[str]) -> bool:
    """Most of them: some are always typed wrong."""
    plain = [re.sub(r"[\s.()-]", "", value) for value in values]
    return sum(bool(_PHONE.fullmatch(value)) for value in plain) * 2 > len(values)


def _look_like_days(values: Sequence[str]) -> bool:
    return any(all(_is_day(value, form) for value in values) for form in DATE_FORMATS)


def _look_like_amounts(values: Sequence[str]) -> bool:
    return all(_AMOUNT.fullmatch(value) for value in values)


_LOOKS: Mapping[Field, Callable[[Sequence[str]], bool]] = {
    Field.PHONE: _look_like_phones,
    Field.DATE: _look_like_days,
    Field.AMOUNT: _look_like_amounts,
}


def guessed_date_format(values: Iterable[str]) -> str:
    """
    How these days are written, empty for ISO 8601 and where nothing fits all of them.

    >>> guessed_date_format(["20/11/2026 08:15:00", "21/11/2026 09:30:12"])
    '%d/%m/%Y %H:%M'
    """
    some = list(values)
    for form in DATE_FORMATS if some else ():
        if all(_is_day(value, form) for value in some):
            return form
    return ""


def _is_day(text: str, form: str) -> bool:
    if not form:
        return bool(_ISO.fullmatch(text))
    with suppress(ValueError):
        datetime.strptime(_SECONDS.sub(r"\1", text), form)  # noqa: DTZ007 - only whether it is one
        return True
    return False


def guessed_thousands(values: Iterable[str]) -> str:
    """
    The mark between thousands of these numbers, or none.

    >>> guessed_thousands(["45.000", "1.350.000"]), guessed_thousands(["45000"])
    ('.', '')
    """
    marks = {found[2] for value in values if (found := _GROUPED.match(value))}
    return marks.pop() if len(marks) == 1 else ""
