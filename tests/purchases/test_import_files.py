"""A file may be written in any usual way; what cannot be read is refused, and never guessed."""

import io
import json
import random
import unicodedata
import warnings
import zipfile
from datetime import date, datetime
from itertools import pairwise

import pytest
from openpyxl import Workbook

from loyalty.purchases.imports.layout import USUAL, Format
from loyalty.purchases.imports.parsing import parse
from loyalty.purchases.imports.reading import SourceFile
from loyalty.purchases.imports.refused import MAX_LINE, USUAL_LIMITS, FileRefused, Limits
from tests.support.data import SHARED_DATA

EDGE = SHARED_DATA / "edge"
here = pytest.mark.skipif(not EDGE.exists(), reason="the awkward files are not here: see DATA_DIR")
TONES = dict.fromkeys(map(ord, "\u0300\u0301\u0303\u0309\u0323"))
SALES = (
    "customer,name,date,amount\n1,Nguyễn Thị Phương,2026-11-20,45000\n2,Đỗ Hà,2026-11-21,68000\n"
)
BY_NUMBER = """source = "s"
[columns]
customer = { column = 1 }
date = { column = 2 }
amount = { column = 3 }
"""


def windows_1258(text):
    """As old programs write it: the letter, then the tone."""
    said = bytearray()
    for letter in unicodedata.normalize("NFC", text):
        try:
            said += letter.encode("cp1258")
        except UnicodeEncodeError:
            parts = unicodedata.normalize("NFD", letter)
            base = unicodedata.normalize("NFC", parts.translate(TONES))
            tone = "".join(part for part in parts if ord(part) in TONES)
            said += (base + tone).encode("cp1258")
    return bytes(said)


def read(folder, content, *, layout=USUAL, limits=USUAL_LIMITS, name="sales.csv"):
    """How the file was read, and its rows by name of field."""
    path = folder / name
    path.write_bytes(content)
    file = SourceFile(path, layout, limits)
    shape, rows = file.table()
    said = [{kind.value: row.fields[at] for kind, at in shape.places.items()} for row in rows]
    return file.form, said


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (SALES.encode(), "utf-8"),
        (b"\xef\xbb\xbf" + SALES.encode(), "utf-8"),
        (unicodedata.normalize("NFD", SALES).encode(), "utf-8"),
        (SALES.encode("utf-16"), "utf-16-le"),
        (b"\xfe\xff" + SALES.encode("utf-16-be"), "utf-16-be"),
        (SALES.encode("utf-16-le"), "utf-16-le"),
        (SALES.encode("utf-16-be"), "utf-16-be"),
        (windows_1258(SALES), "windows-1258"),
        (SALES.replace(",", ";").replace("\n", "\r\n").encode("utf-16"), "utf-16-le"),
        (SALES.replace(",", "\t").encode(), "utf-8"),
        (SALES.replace(",", "|").encode(), "utf-8"),
    ],
)
def test_every_usual_encoding_and_separator_says_the_same(tmp_path, content, encoding):
    form, rows = read(tmp_path, content)

    assert form.encoding == encoding
    assert [row["name"] for row in rows] == ["Nguyễn Thị Phương", "Đỗ Hà"]
    assert [row["amount"] for row in rows] == ["45000", "68000"]


def test_letters_of_western_europe_are_not_taken_for_vietnamese(tmp_path):
    content = "customer,name,date,amount\n1,Hélène Nuñez Größe,2026-11-20,45000\n"

    form, rows = read(tmp_path, content.encode("cp1252"))

    assert (form.encoding, rows[0]["name"]) == ("windows-1252", "Hélène Nuñez Größe")


@here
def test_every_vietnamese_name_is_read_in_every_encoding(tmp_path):
    names = (EDGE / "vn-names" / "boy.txt").read_text("utf-8").split("\n")
    # Some lists have the Icelandic letter that looks like Đ; no Vietnamese encoding has it.
    names = [unicodedata.normalize("NFC", name.strip()).replace("Ð", "Đ") for name in names]
    names = [name for name in names if name]
    text = "name,date,amount\n" + "".join(f'"{name}",2026-11-20,1\n' for name in names)

    for content in (text.encode(), text.encode("utf-16"), windows_1258(text)):
        assert [row["name"] for row in read(tmp_path, content)[1]] == names


def test_text_in_an_old_typeface_is_refused_rather_than_read_as_nonsense(tmp_path):
    # Nguyễn Văn A and Trần Thị Bé, as TCVN3 has them.
    content = (
        b"name,date,amount\nNguy\xd4n V\xa8n A,2026-11-20,1\nTr\xc7n Th\xdd B\xd0,2026-11-20,1\n"
    )

    with pytest.raises(FileRefused, match="TCVN3"):
        read(tmp_path, content)


@pytest.mark.parametrize(
    ("separator", "row"),
    [(";", "1;2026-11-20;45,5"), ("\t", "1\t2026-11-20\t45,5"), ("|", "1|2026-11-20|45,5")],
)
def test_a_comma_inside_amounts_is_not_taken_for_the_separator(tmp_path, separator, row):
    form, rows = read(tmp_path, f"{row}\n{row}\n{row}\n".encode(), layout=parse(BY_NUMBER))

    assert (form.separator, len(rows), rows[0]["amount"]) == (separator, 3, "45,5")


def test_columns_in_runs_of_spaces_are_seen(tmp_path):
    form, rows = read(
        tmp_path, b" 1  20261120   45\r\n 2  20261121  100\r\n", layout=parse(BY_NUMBER)
    )

    assert (form.format, [row["amount"] for row in rows]) == (Format.WHITESPACE, ["45", "100"])


def test_a_header_is_told_from_a_sale_where_columns_are_numbered(tmp_path):
    headed = b"who,day,paid\n1,2026-11-20,45\n"

    assert len(read(tmp_path, headed, layout=parse(BY_NUMBER))[1]) == 1
    assert len(read(tmp_path, headed.split(b"\n", 1)[1], layout=parse(BY_NUMBER))[1]) == 1


def test_titles_above_the_header_are_passed_over(tmp_path):
    content = "Cửa hàng Hạ,,\nTừ 01/11 đến 30/11,,\n\nname,date,amount\nAn,2026-11-20,45\n"

    assert read(tmp_path, content.encode())[1] == [
        {"name": "An", "date": "2026-11-20", "amount": "45"}
    ]


def workbook(rows, **sheets):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    for title, more in sheets.items():
        sheet = book.create_sheet(title)
        for row in more:
            sheet.append(row)
    return saved(book)


def saved(book):
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_an_excel_file_is_read_as_it_is_stored(tmp_path):
    content = workbook(
        [
            ["Báo cáo bán hàng"],
            [],
            ["phone", "name", "date", "amount", "branch"],
            [912345678, "Đỗ Hà", datetime(2026, 11, 20, 8, 15), 45000, None],  # noqa: DTZ001 - a sheet's
            ["0912345678", "An", date(2026, 11, 21), 45000.0, ""],
            [9.12345678e8, "=1+1", "2026-11-21", 45000.5, "Hạ"],
        ]
    )

    form, rows = read(tmp_path, content, name="sales.xlsx")

    assert form.format is Format.WORKBOOK
    names = ("phone", "name", "date", "amount", "branch")
    assert [[row[name] for name in names] for row in rows] == [
        ["912345678", "Đỗ Hà", "2026-11-20T08:15:00", "45000", ""],
        ["0912345678", "An", "2026-11-21", "45000", ""],
        ["912345678", "", "2026-11-21", "45000.5", "Hạ"],  # No program kept what =1+1 comes to.
    ]


def test_another_sheet_is_read_when_the_map_names_it(tmp_path):
    content = workbook([["nothing"]], Tháng11=[["name", "date", "amount"], ["An", "2026-11-20", 1]])
    layout = parse(
        'source = "s"\nsheet = "Tháng11"\nanonymous = true\n[columns]\n'
        'name.column = "name"\ndate.column = "date"\namount.column = "amount"\n'
    )

    assert len(read(tmp_path, content, layout=layout, name="a.xlsx")[1]) == 1
    with pytest.raises(FileRefused, match="Sheet"):
        read(tmp_path, workbook([["x"]]), layout=layout, name="a.xlsx")


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 100_000_000)
    small = workbook([["name", "date", "amount"]])

    with pytest.raises(FileRefused, match=r"unpacks|giải nén"):
        read(tmp_path, stream.getvalue(), name="bomb.xlsx")
    with pytest.raises(FileRefused):
        read(tmp_path, small, limits=Limits(megabytes=0), name="large.xlsx")


def parts_of(content, **changes):
    """The same archive with other parts, by the last word of their path."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        for part in old.infolist():
            text = old.read(part).decode()
            for name, change in changes.items():
                if part.filename.endswith(f"{name}.xml"):
                    text = change(text)
            new.writestr(part.filename, text)
    return stream.getvalue()


LAUGHS = '<!DOCTYPE w [<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 20}">' for a, b in pairwise("abcdefghi")
)


@pytest.mark.parametrize(
    "change",
    [
        {"sheet1": lambda text: text[:200]},
        {"sheet1": lambda text: text.replace('r="2"', 'r="99999999999"')},
        {"sheet1": lambda text: text.replace('r="A1"', 'r="ZZZZZ1"')},
        {"sheet1": lambda text: LAUGHS + "]>" + text.replace("<v>1</v>", "<v>&i;</v>")},
        {"workbook": lambda _text: "<workbook/>"},
    ],
)
def test_a_damaged_excel_file_is_refused(tmp_path, change):
    content = parts_of(workbook([["name", "date", "amount"], [1, 1, 1]]), **change)

    with pytest.raises(FileRefused):
        read(tmp_path, content, name="damaged.xlsx")


def test_no_cut_or_changed_excel_file_is_more_than_a_refusal(tmp_path):
    whole, dice = (
        workbook([["name", "date", "amount"], ["An", "2026-11-20", 45000]] * 20),
        random.Random(7),
    )

    for _attempt in range(60):
        broken = bytearray(whole)
        for _byte in range(dice.randint(1, 20)):
            broken[dice.randrange(4, len(broken))] = dice.randrange(256)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                read(
                    tmp_path, bytes(broken[: dice.choice([None, len(broken) // 2])]), name="x.xlsx"
                )
            except FileRefused:
                continue


@pytest.mark.parametrize(
    ("limits", "rows"),
    [(Limits(rows=2), 3), (Limits(megabytes=0), 1), (Limits(minutes=-1), 1_001)],
)
def test_what_is_over_a_limit_is_refused(tmp_path, limits, rows):
    content = "date,amount\n" + "2026-11-20,1\n" * rows

    with pytest.raises(FileRefused):
        read(tmp_path, content.encode(), limits=limits)


def test_a_thousand_columns_are_read_and_more_than_a_table_has_are_refused(tmp_path):
    header = ",".join(["date", "amount", *map(str, range(998))])
    row = ",".join(["2026-11-20", "1", *[""] * 998])

    assert len(read(tmp_path, f"{header}\n{row}\n".encode())[1]) == 1
    with pytest.raises(FileRefused, match="1"):
        read(tmp_path, f"{header},{header},{header}\n".encode())


def test_a_line_without_end_is_refused_before_it_is_held(tmp_path):
    path = tmp_path / "long.csv"
    with path.open("wb") as stream:
        stream.write(b"date,amount\n")
        stream.seek(200_000_000)
        stream.write(b"x")
    with path.open("r+b") as stream:  # Not of zeros, at least as far as anybody reads.
        stream.seek(12)
        stream.write(b"x" * (MAX_LINE + 70_000))
    file = SourceFile(path, USUAL)

    with pytest.raises(FileRefused) as error:
        list(file.table()[1])

    assert (error.value.line, file.bytes_read < 2 * MAX_LINE) == (2, True)


@here
@pytest.mark.parametrize(
    "path", sorted((EDGE / "csv-spectrum").glob("*.csv")), ids=lambda p: p.stem
)
def test_awkward_files_are_read_as_their_authors_say(tmp_path, path):
    wanted = json.loads((path.parent / "json" / f"{path.stem}.json").read_text("utf-8"))
    rows = [row.fields for row in SourceFile(path, parse(BY_NUMBER)).rows()]

    assert [dict(zip(rows[0], fields, strict=True)) for fields in rows[1:]] == wanted


@here
def test_naughty_strings_come_through_whole_or_name_their_line(tmp_path):
    strings = json.loads((EDGE / "blns.json").read_text("utf-8"))
    refused = []
    for text in strings:
        quoted = '"' + text.replace('"', '""') + '"'
        content = f"name,date,amount\n{quoted},2026-11-20,1\n".encode("utf-8", "surrogatepass")
        try:
            rows = read(tmp_path, content)[1]
        except FileRefused as error:
            refused.append((text, error.line))
            continue
        assert rows[0]["name"] == unicodedata.normalize("NFC", text)

    assert refused == []
