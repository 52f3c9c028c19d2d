"""Money, days and Vietnamese text."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.dates import add_months
from loyalty.errors import InvalidInput
from loyalty.money import format_money, minor_from_decimal, parse_money
from loyalty.text import fold, sort_key


@pytest.mark.parametrize(
    ("typed", "amount_minor"),
    [
        ("135000", 135_000),
        ("135.000", 135_000),
        ("135,000", 135_000),
        (" 1 350 000 đ ", 1_350_000),
        ("1.350.000₫", 1_350_000),
        ("1\xa0350\xa0000 VND", 1_350_000),
        ("0", 0),
    ],
)
def test_money_is_read_as_people_type_it(typed, amount_minor):
    assert parse_money(typed, currency="VND") == amount_minor


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "-5",
        "1.5",
        "12.34.567",
        "1e9",
        "NaN",
        "١٢٣",
        "13O000",
        "9" * 30,
        "9" * 5000,
        f"1{' ' * 100_000}1",
        "1_000",
        "0x10",
        "\x00",
    ],
)
def test_what_is_not_money_is_refused_by_name(typed):
    with pytest.raises(InvalidInput) as error:
        parse_money(typed, currency="VND")
    assert error.value.field == "amount"


@given(amount=st.integers(min_value=0, max_value=10**12), language=st.sampled_from(["vi", "en"]))
def test_written_money_reads_back(amount, language):
    assert parse_money(format_money(amount, currency="VND", language=language), currency="VND") == (
        amount
    )


@pytest.mark.parametrize(
    ("text", "cents"), [("29.33", 2933), ("0.00", 0), ("-1.5", -150), ("12", 1200), ("0.005", 1)]
)
def test_decimals_of_files_become_cents(text, cents):
    assert minor_from_decimal(text, currency="USD") == cents


@pytest.mark.parametrize("text", ["", "1,5", "1e3", "NaN", "inf", "1" * 16, ".5", "٣"])
def test_other_decimals_are_refused(text):
    with pytest.raises(ValueError, match=r"^"):
        minor_from_decimal(text, currency="USD")


def test_search_forgets_marks_and_case():
    assert fold("ĐẶNG Thị Ánh  Nguyệt") == fold("dang thi anh nguyet") == "dang thi anh nguyet"


def test_people_are_sorted_by_given_name_in_the_alphabets_order():
    names = ["Lê Zung", "Đỗ Ân", "An", "Trần Ăn", "Bùi Đạt", "Ngô Dân", "Vũ Án", "Vũ An", "Lý Ưng"]

    assert sorted(names, key=sort_key) == [
        "An",
        "Vũ An",
        "Vũ Án",
        "Trần Ăn",
        "Đỗ Ân",
        "Ngô Dân",
        "Bùi Đạt",
        "Lý Ưng",
        "Lê Zung",
    ]


@given(st.text())
def test_any_text_can_be_folded_and_sorted(text):
    assert fold(fold(text)) == fold(text)
    sort_key(text)


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(0, 240))
def test_adding_months_keeps_the_day_or_ends_the_month(day, months):
    later = add_months(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day <= day.day
