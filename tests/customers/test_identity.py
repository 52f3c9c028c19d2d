"""Phones in every Vietnamese form, cards and birthdays."""

from contextlib import suppress

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from customers.identity import (
    Birthday,
    _looked_up,
    is_card_number,
    mask_phone,
    name_columns,
    normalise_phone,
    show_birthday,
)
from loyalty.errors import InvalidInput


@pytest.mark.parametrize(
    "typed",
    [
        "0912345678",
        "0912 345 678",
        "0912.345.678",
        "(091) 234-5678",
        "+84912345678",
        "+84 912 345 678",
        "84912345678",
        "0084912345678",
        "912345678",
        "+84 0912345678",
        " 0912345678 ",
        "０９１２３４５６７８",
    ],
)
def test_one_phone_in_many_forms_is_one_number(typed):
    assert normalise_phone(typed) == "+84912345678"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("01682345678", "+84382345678"),
        ("01202345678", "+84702345678"),
        ("01232345678", "+84832345678"),
        ("01882345678", "+84582345678"),
        ("01992345678", "+84592345678"),
        ("+841692345678", "+84392345678"),
    ],
)
def test_numbers_from_before_2018_get_their_new_prefix(old, new):
    assert normalise_phone(old) == new


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("091234567", "Số này thiếu 1 chữ số. Số di động có 10 chữ số."),
        ("09123456789", "Số này thừa 1 chữ số. Số di động có 10 chữ số."),
        ("0112345678", "Không máy nào có số này. Bạn kiểm tra lại các chữ số."),
        ("", "Đây không phải số điện thoại."),
        ("abc", "Đây không phải số điện thoại."),
        ("0912 345 678; DROP TABLE", "Đây không phải số điện thoại."),
        ("9" * 40, "Đây không phải số điện thoại."),
        ("\x00", "Đây không phải số điện thoại."),
    ],
)
def test_a_wrong_number_says_what_is_wrong(typed, text):
    with pytest.raises(InvalidInput) as error:
        normalise_phone(typed)
    assert (error.value.field, str(error.value)) == ("phone", text)


def test_a_foreign_number_needs_its_plus():
    assert normalise_phone("+1 650 253 0000") == "+16502530000"


def test_a_plain_mobile_number_is_what_the_tables_of_all_numbers_say():
    """Every beginning of four digits, in both forms: the tables look at no more than three."""
    for beginning in range(1_000):
        for tail in ("000000", "345678", "999999"):
            for form in (f"0{beginning:03}{tail}", f"+84 {beginning:03}.{tail}"):
                assert outcome(normalise_phone, form) == outcome(_looked_up, form)


@given(st.text("0123456789 .+-()\u0661\uff19", max_size=16) | st.from_regex(r"(0|\+84)\d{8,9}"))
def test_every_form_of_a_number_is_what_the_tables_say(typed):
    assert outcome(normalise_phone, typed) == outcome(_looked_up, typed)


def outcome(normalise, typed):
    try:
        return normalise(typed)
    except InvalidInput as error:
        return str(error)


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_is_refused(text):
    with suppress(InvalidInput):
        assert normalise_phone(text).startswith("+")


def test_a_masked_phone_shows_too_little_for_a_stranger():
    assert mask_phone("+84912345678") == "0912 ••• 678"
    assert mask_phone("") == "•••"


@given(st.integers(0, 9_999_999), st.integers(0, 7), st.integers(1, 9))
def test_one_wrong_digit_is_never_a_card(body, place, change):
    digits = f"{body:07d}"
    card = next(digits + str(check) for check in range(10) if is_card_number(digits + str(check)))
    wrong = card[:place] + str((int(card[place]) + change) % 10) + card[place + 1 :]
    assert not is_card_number(wrong)


@pytest.mark.parametrize(
    ("day", "month", "year"), [(29, 2, None), (29, 2, 2000), (31, 12, 1900), (1, 1, None)]
)
def test_days_of_the_calendar_are_birthdays(day, month, year):
    Birthday(day, month, year)


@pytest.mark.parametrize(
    ("day", "month", "year"),
    [(30, 2, None), (31, 4, None), (29, 2, 1999), (0, 1, None), (1, 13, None), (1, 1, 1899)],
)
def test_other_days_are_refused(day, month, year):
    with pytest.raises(InvalidInput) as error:
        Birthday(day, month, year)
    assert error.value.field == "birthday"


def test_a_name_is_tidied_and_indexed():
    assert name_columns("  Nguyễn   Thu Thảo ")["name"] == "Nguyễn Thu Thảo"
    assert name_columns("Nguyễn Thu Thảo")["name_folded"] == "nguyen thu thao"


@pytest.mark.parametrize("name", ["a\x00b", "x" * 201])
def test_a_name_that_cannot_be_kept_is_refused(name):
    with pytest.raises(InvalidInput) as error:
        name_columns(name)
    assert error.value.field == "name"


def test_a_lunar_birthday_may_be_a_30th_of_any_month_and_says_what_it_is():
    born = Birthday(30, 2, lunar=True)

    with override("vi"):
        assert show_birthday(born) == "30/02 âm lịch"
    with override("en"):
        assert show_birthday(born) == "30/02 by the lunar calendar"


def test_a_birthday_is_no_riddle_in_english():
    with override("en"):
        assert show_birthday(Birthday(5, 9, 1990)) == "5 Sep 1990"
        assert show_birthday(Birthday(11, 12)) == "11 Dec"


@pytest.mark.parametrize(("day", "month"), [(31, 1), (0, 1), (1, 13)])
def test_a_day_that_no_lunar_month_has_is_refused(day, month):
    with pytest.raises(InvalidInput) as refused:
        Birthday(day, month, lunar=True)

    assert refused.value.field == "birthday"
