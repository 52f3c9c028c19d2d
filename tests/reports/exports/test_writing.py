"""What stands in an exported file: every value as it was, and nothing that a spreadsheet runs."""

import csv
import re
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from loyalty.reports.exports import writing
from loyalty.reports.exports.writing import csv_parts, write_workbook
from loyalty.reports.tables import FORMULA_STARTS

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
DANGEROUS = [
    "=1+1", "+84912345678", "-1", "@SUM(A1)", "\tx", "\rx", "＝1", "＋1", "－1", "＠x", " =1",
    '=HYPERLINK("http://x")', "\N{NO-BREAK SPACE}=1",
]  # fmt: skip


def as_csv(rows):
    text = "".join(csv_parts(["a"], rows))
    assert text.startswith("\N{BYTE ORDER MARK}")
    return list(csv.reader(StringIO(text[1:], newline="")))


def as_workbook(rows):
    file = BytesIO()
    write_workbook(file, ["a"], rows)
    return load_workbook(file)


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_text_becomes_a_formula_in_csv(text):
    assert as_csv([[text]]) == [["a"], [f"'{text}"]]


@pytest.mark.parametrize("text", [*DANGEROUS, "#N/A", "=", "12", "2026-11-22"])
def test_no_text_becomes_a_formula_in_excel_and_it_stays_as_it_was(text):
    cell = as_workbook([[text]]).active["A2"]

    assert cell.data_type == "s"
    assert cell.value.replace("\n", "\r") == text.replace("\n", "\r")  # XML knows one line end.


@given(TEXTS)
def test_any_text_comes_back_from_csv_and_never_begins_a_formula(text):
    written = as_csv([["x", text]])[1][1]

    assert written[:1] not in FORMULA_STARTS - {""}
    kept = "".join("\N{REPLACEMENT CHARACTER}" if _unwritable(one) else one for one in text)
    assert written.replace("'", "") == kept.replace("'", "")
    parts = [part.lstrip()[:1] for part in re.split(r"[;\t\r\n]", written)]
    assert not set(parts) & (FORMULA_STARTS - {""})


def test_nor_where_a_spreadsheet_parts_the_file_at_semicolons():
    assert as_csv([["Lan;=cmd|' /C calc'!A0", "a; b"]])[1] == ["Lan;'=cmd|' /C calc'!A0", "a; b"]


def _unwritable(letter):
    return letter < " " and letter not in "\t\n\r"


def test_figures_and_days_stay_figures_and_days():
    noon, midnight = (datetime.fromisoformat(f"2026-11-22T{hour}:00") for hour in ("12", "00"))
    row = [-5, Decimal("29.33"), date(2026, 11, 22), noon, None]

    assert as_csv([row])[1] == ["-5", "29.33", "2026-11-22", "2026-11-22 12:00:00", ""]
    cells = [cell.value for cell in as_workbook([row]).active[2]]
    assert cells == [-5, 29.33, midnight, noon]


def test_letters_that_excel_cannot_hold_are_replaced():
    cells = as_workbook([["a\x00b\x0bc", "x\ufffey\uffffz"]]).active[2]
    assert [cell.value for cell in cells] == ["a\ufffdb\ufffdc", "x\ufffdy\ufffdz"]


def test_what_is_too_long_for_one_sheet_goes_on_in_another(monkeypatch):
    monkeypatch.setattr(writing, "ROWS_A_SHEET", 2)

    book = as_workbook([[n] for n in range(5)])

    assert [[row[0].value for row in sheet] for sheet in book] == [
        ["a", 0, 1],
        ["a", 2, 3],
        ["a", 4],
    ]


@pytest.mark.parametrize("rows", [0, 2, 4])
def test_no_sheet_is_left_empty_but_the_only_one(monkeypatch, rows):
    monkeypatch.setattr(writing, "ROWS_A_SHEET", 2)

    book = as_workbook([[n] for n in range(rows)])

    assert len(book.worksheets) == max(1, rows // 2)


def test_csv_is_made_while_it_is_read():
    read = []

    def rows():
        for number in range(10_000):
            read.append(number)
            yield [number]

    parts = csv_parts(["a"], rows())
    next(parts), next(parts)

    assert len(read) == writing.LINES_AT_ONCE
