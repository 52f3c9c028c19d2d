"""What the columns of an unknown file might be, by its first rows."""

import pytest

from loyalty.purchases.imports.layout import About, Field
from loyalty.purchases.imports.reading import FileRow
from loyalty.purchases.imports.sampling import (
    Column,
    guessed_date_format,
    guessed_fields,
    guessed_thousands,
    sample_from,
    sample_of,
)


def rows(*texts):
    return [FileRow(line, text.split("|")) for line, text in enumerate(texts, 1)]


def test_columns_stand_below_their_header_with_their_first_values():
    sample = sample_of(
        rows("Sổ quán Hạ", "Ngày|SĐT||Tiền", "1/11|0912||45", "2/11|||5", "3/11|0913||6")
    )

    assert sample.headed
    assert sample.columns == (
        Column(1, "Ngày", ("1/11", "2/11", "3/11")),
        Column(2, "SĐT", ("0912", "0913")),
        Column(4, "Tiền", ("45", "5", "6")),
    )
    assert sample_from(sample.as_json()) == sample


def test_a_file_without_headers_is_seen_to_have_none():
    sample = sample_of(rows("01/11/2026|0912345678|45.000đ", "02/11/2026||5.000đ"))

    assert not sample.headed
    assert guessed_fields(sample, About.SALES, {}) == {
        1: Field.DATE,
        2: Field.PHONE,
        3: Field.AMOUNT,
    }


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ("0912345678|1/11/2026|45.000", "phone date amount"),
        ("912345678|450000", "phone amount"),
        ("0912 345 678|0987.654.321|45", ". . ."),
        ("2026-11-20|45.000|50.000", "date . ."),
        ("hai|ba", ". ."),
    ],
)
def test_values_tell_what_headers_do_not_where_one_column_alone_looks_like_it(values, fields):
    header = "|".join("abcdef"[: values.count("|") + 1])
    guessed = guessed_fields(sample_of(rows(header, values)), About.SALES, {})

    named = [str(guessed.get(number, ".")) for number in range(1, values.count("|") + 2)]
    assert " ".join(named) == fields


def test_most_values_of_a_phone_column_are_phones():
    sample = sample_of(rows("a|b", "0912345678|x", "12345|y", "0987654321|z"))

    assert guessed_fields(sample, About.CUSTOMERS, {}) == {1: Field.PHONE}


def test_moments_of_excel_are_shown_as_people_write_them():
    assert sample_of(rows("Ngày|x", "2026-11-20T09:30:00|T")).columns[0].values == (
        "2026-11-20 09:30:00",
    )


def test_a_wide_file_and_long_values_are_cut():
    sample = sample_of(rows("|".join("abc" for _column in range(1_000)), "x" * 500))

    assert len(sample.columns) == 60
    assert sample.columns[0].values == ("x" * 60,)
    assert sample_of([]).columns == ()
    assert sample_of(rows("a\x00b|c")).columns[0].header == "ab"
    assert len(sample_of(rows("h" * 500 + "|c")).columns[0].header) == 200


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        ("Ngày bán|Số điện thoại|Họ và tên|Tổng tiền", "date phone name amount"),
        ("NGAY|sđt|Khách hàng|Thành Tiền|Số HĐ", "date phone name amount reference"),
        ("Số HĐ|Tên hàng|SL|Đơn giá|Tổng HĐ", "reference item quantity price total"),
        ("Cột riêng|Ngày|Giờ", ". date ."),
        ("Tiền|Số tiền", "amount ."),
    ],
)
def test_headers_that_people_write_are_understood(header, fields):
    guessed = guessed_fields(sample_of(rows(header, header)), About.SALES, {})

    named = [str(guessed.get(number, ".")) for number in range(1, header.count("|") + 2)]
    assert " ".join(named) == fields


def test_headers_of_earlier_maps_are_known_and_fields_of_other_files_are_not():
    sample = sample_of(rows("Cột riêng|Điểm", "a|b"))

    assert guessed_fields(sample, About.SALES, {"cot rieng": Field.PHONE}) == {1: Field.PHONE}
    assert guessed_fields(sample, About.CUSTOMERS, {}) == {2: Field.POINTS}


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (["2026-11-20", "2026-11-21T08:15"], ""),
        (["20/11/2026", "1/2/2026"], "%d/%m/%Y"),
        (["20/11/2026 8:15"], "%d/%m/%Y %H:%M"),
        (["20-11-2026"], "%d-%m-%Y"),
        (["01/02/2026"], "%d/%m/%Y"),
        (["01/22/2026"], "%m/%d/%Y"),
        (["hôm qua"], ""),
        ([], ""),
    ],
)
def test_days_are_guessed_as_they_are_written_here_first(values, form):
    assert guessed_date_format(values) == form


@pytest.mark.parametrize(
    ("values", "mark"),
    [
        (["45.000đ", "1.350.000"], "."),
        (["1,350,000"], ","),
        (["45000"], ""),
        (["45.000", "45,000"], ""),
        (["4.5"], ""),
    ],
)
def test_marks_between_thousands_are_seen(values, mark):
    assert guessed_thousands(values) == mark
