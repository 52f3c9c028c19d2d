"""
Every awkward file by its name, at both doors: it comes in right, to the letter, or it is refused
with line and reason and not a row is written.
"""

import codecs
import csv
import io
import json
import tracemalloc
import unicodedata
import zipfile

import pytest
from django.db import transaction
from django.utils.translation import override
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from customers.models import Customer
from loyalty.ledger.models import Account
from loyalty.purchases.imports.refusals import RowsRefused
from loyalty.purchases.imports.refused import MAX_COLUMNS, FileRefused
from loyalty.purchases.models import Purchase
from loyalty.reports.exports.writing import UNHELD
from tests.factories.shop import shop_with_programme
from tests.purchases.doors import DOORS, SALES, table_counts
from tests.purchases.sales_files import refused_rows
from tests.support.data import SHARED_DATA

pytestmark = pytest.mark.django_db
EDGE = SHARED_DATA / "edge"
here = pytest.mark.skipif(not EDGE.exists(), reason="the awkward files are not here: see DATA_DIR")
door = pytest.mark.parametrize("door", DOORS, ids=str)
SPECTRUM = (
    *("comma_in_quotes", "empty", "empty_crlf", "escaped_quotes", "json", "newlines"),
    *("newlines_crlf", "quotes_and_newlines", "simple", "simple_crlf", "utf8"),
)
NAMES = ("Nguyễn Thị Phượng", "Đỗ Hà", "Trần Văn Ươm")
TONES = dict.fromkeys(map(ord, "\u0300\u0301\u0303\u0309\u0323"))


@pytest.fixture(autouse=True)
def shop(db):
    shop_with_programme()


def refused(door, path, error=FileRefused, **options):
    """Why the file is not taken, in English; nothing at all may have been written."""
    before = table_counts()
    with override("en"), pytest.raises(error) as said:
        door.bring(path, **options)
    assert table_counts() == before
    return str(said.value)


def kept(door):
    """The names by the number in the file, each with what its row brought."""
    names = dict(Customer.objects.values_list("external_id", "name"))
    if door is SALES:
        brought = set(Purchase.objects.values_list("amount_minor", "occurred_on__day", "points"))
        assert (Purchase.objects.count(), brought) == (len(names), {(45_000, 20, 4)})
    else:
        assert set(Account.objects.values_list("customer__external_id", "balance")) == {
            (number, 45) for number in names
        }
    return names


def tidy(name):
    """As every name is kept: composed, its spaces and line ends single spaces."""
    return " ".join(unicodedata.normalize("NFC", name).split())


# Files of csv-spectrum, with what a sale or a customer needs written behind each row ------------


def beside(content, more):
    """The rows as they stand, byte for byte, with these fields behind each."""
    lines = io.StringIO(content, newline="").readlines()
    rows = csv.reader(iter(lines))
    ends = [rows.line_num for _row in rows]
    said = []
    for start, end, fields in zip([0, *ends], ends, more, strict=False):
        row = "".join(lines[start:end])
        bare = row.rstrip("\r\n")
        said.append(f"{bare},{','.join(fields)}{row[len(bare) :]}")
    return "".join(said)


@here
@door
@pytest.mark.parametrize("name", SPECTRUM)
def test_csv_spectrum(tmp_path, door, name):
    content = (EDGE / "csv-spectrum" / f"{name}.csv").read_bytes().decode()
    wanted = json.loads((EDGE / "csv-spectrum" / "json" / f"{name}.json").read_text("utf-8"))
    said = [(number, *rest) for number, _name, *rest in door.rows([""] * len(wanted))]
    path = tmp_path / f"{name}.csv"
    path.write_bytes(beside(content, said).encode())

    for header in wanted[0]:
        with transaction.atomic():
            door.bring(path, name=header)
            assert kept(door) == {str(n): tidy(row[header]) for n, row in enumerate(wanted, 1)}
            transaction.set_rollback(True)


@here
def test_the_list_of_these_files_is_whole():
    assert {path.stem for path in (EDGE / "csv-spectrum").glob("*.csv")} == set(SPECTRUM)


@here
@door
@pytest.mark.parametrize("name", SPECTRUM)
def test_csv_spectrum_as_it_stands_has_nothing_that_we_ask_for(door, name, tmp_path):
    path = EDGE / "csv-spectrum" / f"{name}.csv"

    assert refused(door, path).startswith("line 1: There is no column customer")


# Letters ----------------------------------------------------------------------------------------


def pieces(text):
    """In windows-1258 as far in pieces as it goes: every tone is a letter of its own."""
    said = bytearray()
    for letter in text:
        parts = unicodedata.normalize("NFD", letter)
        base = unicodedata.normalize("NFC", parts.translate(TONES))
        said += (base + "".join(part for part in parts if ord(part) in TONES)).encode("cp1258")
    return bytes(said)


def whole(text):
    """In windows-1258 with as many letters in one piece as it has."""
    return b"".join(_one_piece(letter) for letter in text)


def _one_piece(letter):
    try:
        return letter.encode("cp1258")
    except UnicodeEncodeError:
        return pieces(letter)


WRITTEN = {
    "utf-8": str.encode,
    "utf-8, in pieces": lambda text: unicodedata.normalize("NFD", text).encode(),
    "utf-8 with mark": lambda text: text.encode("utf-8-sig"),
    "utf-16-le": lambda text: text.encode("utf-16-le"),
    "utf-16-le with mark": lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    "utf-16-le, in pieces": lambda text: unicodedata.normalize("NFD", text).encode("utf-16-le"),
    "utf-16-be": lambda text: text.encode("utf-16-be"),
    "utf-16-be with mark": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "windows-1258": whole,
    "windows-1258, in pieces": pieces,
}


@door
@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_vietnamese_in_every_encoding(tmp_path, door, written, line_end):
    path = tmp_path / "file.csv"
    path.write_bytes(written(door.text(NAMES).replace("\n", line_end)))

    door.bring(path)

    assert kept(door) == dict(zip("123", NAMES, strict=True))


@here
@door
@pytest.mark.parametrize("name", ["boy", "girl"])
def test_vietnamese_names(tmp_path, door, name):
    names = (EDGE / "vn-names" / f"{name}.txt").read_text("utf-8").split("\n")
    path = tmp_path / f"{name}.csv"
    path.write_text(door.text(names), encoding="utf-8")

    door.bring(path)

    # Some of the list have the Icelandic letter that looks like ours.
    wanted = {str(n): tidy(name).replace("Ð", "Đ") for n, name in enumerate(names, 1)}
    assert kept(door) == wanted


# Naughty strings --------------------------------------------------------------------------------


def naughty():
    return json.loads((EDGE / "blns.json").read_text("utf-8"))


def quoted(text):
    return '"' + text.replace('"', '""') + '"'


@here
@door
def test_naughty_strings_as_names(tmp_path, door):
    names = naughty()
    long = [n for n, name in enumerate(names, 1) if len(tidy(name)) > 200]
    path = tmp_path / "naughty.csv"
    path.write_text(door.text(map(quoted, names)), encoding="utf-8", newline="")

    assert "longer than 200 letters" in refused(door, path, RowsRefused)
    assert [line for line, _field in refused_rows(path)] == lines_of(names, long)

    door.bring(path, skip_bad=True)
    wanted = {str(n): tidy(name) for n, name in enumerate(names, 1) if n not in long}
    assert kept(door) == wanted


def lines_of(names, numbers):
    """Where the rows of these numbers begin; a name may have lines of its own."""
    return [1 + n + sum(name.count("\n") for name in names[: n - 1]) for n in numbers]


@here
@door
def test_naughty_strings_in_excel(tmp_path, door):
    names = [name for name in naughty() if len(tidy(name)) <= 200]
    names = [UNHELD.sub("", name) for name in names]
    path = tmp_path / "naughty.xlsx"
    path.write_bytes(workbook(door.rows(names)))

    door.bring(path)

    assert kept(door) == {str(n): tidy(name) for n, name in enumerate(names, 1)}


def test_line_ends_of_excel_are_not_letters(tmp_path):
    """Excel writes what XML cannot hold as _x000D_ and the like."""
    path = tmp_path / "ends.xlsx"
    path.write_bytes(workbook(SALES.rows(["Đỗ_x000D_\nHà", "_x0041_n"])))

    SALES.bring(path)

    assert kept(SALES) == {"1": "Đỗ Hà", "2": "_x0041_n"}


@here
@door
def test_naughty_strings_anywhere(tmp_path, door):
    """In whatever column, each row comes in or is named; nothing else goes wrong."""
    texts = naughty()
    path = tmp_path / "naughty.csv"
    for at, column in enumerate(door.columns):
        rows = door.rows(["An"] * len(texts))[1:]
        said = [
            (*row[:at], quoted(text), *row[at + 1 :]) for row, text in zip(rows, texts, strict=True)
        ]
        lines = [door.columns, *said]
        path.write_text("".join(",".join(line) + "\n" for line in lines), "utf-8", newline="")

        batch = door.bring(path, skip_bad=True, dry_run=True)

        assert batch.rows_read == len(texts), column
        assert len(refused_rows(path) or []) == batch.rows_refused, column


# What is no table, and what is too much of one --------------------------------------------------


NUL = {
    "in a name": lambda text: text.replace("Hà", "H\0à").encode(),
    "in utf-16": lambda text: text.replace("Hà", "H\0à").encode("utf-16"),
    "at the end": lambda text: text.replace("\n3", "\0\n3").encode(),
    "between fields": lambda text: text.replace(",Đỗ", "\0,Đỗ").encode(),
}


@door
@pytest.mark.parametrize("spoil", NUL.values(), ids=NUL)
def test_nul(tmp_path, door, spoil):
    path = tmp_path / "nul.csv"
    path.write_bytes(spoil(door.text(NAMES)))

    assert refused(door, path) == "line 3: The line holds a NUL byte."


def test_a_file_of_zeros(tmp_path):
    path = tmp_path / "zeros.csv"
    path.write_bytes(bytes(100_000))

    for door in DOORS:
        assert "NUL" in refused(door, path)


def wide(door, count):
    """The rows of a file with so many columns more."""
    header, *rows = door.rows(NAMES)
    more = tuple(f"x{n}" for n in range(count))
    return [header + more, *(row + ("",) * (count - 1) + ("y",) for row in rows)]


@door
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_thousand_columns(tmp_path, door, form):
    path = tmp_path / f"wide.{form}"
    path.write_bytes(written_as(form, wide(door, 1_000 - len(door.columns))))

    door.bring(path)

    assert kept(door) == dict(zip("123", NAMES, strict=True))


@door
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_more_columns_than_a_table_has(tmp_path, door, form):
    path = tmp_path / f"wide.{form}"
    path.write_bytes(written_as(form, wide(door, MAX_COLUMNS)))

    said = "line 1: There are more rows or columns than a table has."
    assert refused(door, path) == said


def written_as(form, rows):
    if form == "csv":
        return "".join(",".join(row) + "\n" for row in rows).encode()
    return workbook(rows)


def workbook(rows):
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        cells = [WriteOnlyCell(sheet, text) for text in row]
        for cell in cells:
            cell.data_type = "s"  # Never a formula.
        sheet.append(cells)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


MEGABYTE = b"x" * 1_000_000
LONG = {
    "a line": (b"9," + MEGABYTE, MEGABYTE, "line 5: The line is longer than 1 MB."),
    "a quoted field": (
        b'9,"',
        b"x" * 999 + b"\n",
        "line 5: This is not a row of fields: field larger than field limit (131072).",
    ),
}


@door
@pytest.mark.parametrize(("start", "block", "why"), LONG.values(), ids=LONG)
def test_two_hundred_megabytes_without_an_end(tmp_path, door, start, block, why):
    path = tmp_path / "long.csv"
    with path.open("wb") as stream:
        stream.write(door.text(NAMES).encode() + start)
        for _time in range(200_000_000 // len(block)):
            stream.write(block)

    tracemalloc.start()
    try:
        said = refused(door, path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert said == why
    assert peak < 20_000_000


def bomb(part):
    """An Excel file of which one part unpacks to a hundred million bytes, or to many parts."""
    stream = io.BytesIO(workbook(SALES.rows(NAMES)))
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        if part == "parts":
            for number in range(10_001):
                archive.writestr(f"xl/{number}.xml", b"")
        else:
            archive.writestr(part, b" " * 100_000_000)
    return stream.getvalue()


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet2.xml", "xl/sharedStrings.xml", "xl/media/a.png", "parts"]
)
def test_a_zip_bomb(tmp_path, part):
    path = tmp_path / "bomb.xlsx"
    path.write_bytes(bomb(part))

    for door in DOORS:
        said = refused(door, path)
        assert said == "This Excel file unpacks to more than is taken in at once."
