"""When a birthday is kept, and the windows around it, solar and lunar."""

from datetime import date, timedelta
from random import Random

import pytest
from django.utils.translation import override

from loyalty.lunar import lunar_day
from loyalty.programme.birthday_sentences import window_clause
from loyalty.programme.birthdays import (
    ON_THE_DAY,
    Birthday,
    LeapDay,
    Span,
    Window,
    coming_birthday,
    day_in,
    occasion,
    occasions_on,
    read_window,
)
from loyalty.toml import Reader
from tests.support.rounds import rounds

THREE_AROUND = Window(Span.AROUND, before=3, after=3)
A_LEAP_YEAR = [date(2028, 1, 1) + timedelta(days=number) for number in range(366)]
EVERYBODY = [Birthday(day.day, day.month) for day in A_LEAP_YEAR]
EVERYBODY += [Birthday(day, month, lunar=True) for month in range(1, 13) for day in range(1, 31)]


def days_of(birthday: Birthday, window: Window, first: date, last: date) -> list[date]:
    """The days of that time on which the window is open."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in days if occasion(birthday, on=day, window=window)]


@pytest.mark.parametrize(
    ("window", "first", "last"),
    [
        (ON_THE_DAY, date(2026, 11, 25), date(2026, 11, 25)),
        (THREE_AROUND, date(2026, 11, 22), date(2026, 11, 28)),
        (Window(Span.WEEK), date(2026, 11, 23), date(2026, 11, 29)),
        (Window(Span.MONTH), date(2026, 11, 1), date(2026, 11, 30)),
        (Window(Span.AROUND, after=29), date(2026, 11, 25), date(2026, 12, 24)),
    ],
)
def test_each_window_has_its_first_and_its_last_day(window, first, last):
    open_days = days_of(Birthday(25, 11), window, date(2026, 6, 1), date(2027, 5, 31))

    assert (open_days[0], open_days[-1]) == (first, last)
    assert len(open_days) == (last - first).days + 1


@pytest.mark.parametrize(
    ("birthday", "on"),
    [
        (Birthday(2, 1), date(2026, 12, 30)),
        (Birthday(2, 1), date(2027, 1, 5)),
        (Birthday(30, 12), date(2027, 1, 2)),
        (Birthday(30, 12), date(2026, 12, 27)),
    ],
)
def test_a_window_over_new_year_belongs_to_the_year_of_the_birthday(birthday, on):
    found = occasion(birthday, on=on, window=THREE_AROUND)

    assert found is not None
    assert found.year == found.day.year == (2027 if birthday.month == 1 else 2026)


@pytest.mark.parametrize(
    ("leap_day", "in_2027"),
    [(LeapDay.BEFORE, date(2027, 2, 28)), (LeapDay.AFTER, date(2027, 3, 1))],
)
def test_complaint_born_on_29_february_and_never_greeted_in_three_of_four_years(leap_day, in_2027):
    window = Window(leap_day=leap_day)

    kept = days_of(Birthday(29, 2), window, date(2025, 1, 1), date(2028, 12, 31))

    assert len(kept) == 4
    assert kept[2:] == [in_2027, date(2028, 2, 29)]


def test_the_month_of_29_february_is_february_also_where_the_day_is_kept_in_march():
    window = Window(Span.MONTH, leap_day=LeapDay.AFTER)

    kept = days_of(Birthday(29, 2), window, date(2026, 12, 1), date(2027, 6, 30))

    assert (kept[0], kept[-1], len(kept)) == (date(2027, 2, 1), date(2027, 2, 28), 28)
    assert Birthday(29, 2) in dict(occasions_on(date(2027, 2, 1), window=window))
    assert Birthday(29, 2) not in dict(occasions_on(date(2027, 3, 1), window=window))


def test_29_february_does_not_move_those_born_on_the_28th():
    assert day_in(Birthday(28, 2), 2027, LeapDay.BEFORE) == date(2027, 2, 28)
    assert day_in(Birthday(28, 2), 2028, LeapDay.BEFORE) == date(2028, 2, 28)
    assert day_in(Birthday(1, 3), 2027, LeapDay.AFTER) == date(2027, 3, 1)


def test_a_lunar_birthday_wanders_through_the_solar_year():
    mid_autumn = Birthday(15, 8, lunar=True)

    kept = days_of(mid_autumn, ON_THE_DAY, date(2025, 1, 1), date(2027, 12, 31))

    assert kept == [date(2025, 10, 6), date(2026, 9, 25), date(2027, 9, 15)]


def test_a_lunar_birthday_in_a_year_with_a_leap_month_comes_once_in_the_first_of_the_two():
    # 2025 has two sixth months: from 25 June and, leap, from 25 July.
    kept = days_of(Birthday(1, 6, lunar=True), ON_THE_DAY, date(2025, 3, 1), date(2026, 3, 1))

    assert kept == [date(2025, 6, 25)]


def test_the_30th_of_a_month_of_29_days_is_kept_on_its_last_day():
    last_of_the_year = Birthday(30, 12, lunar=True)

    # The year of the Snake (2025) ends on a 29th, that of the Cat (2023) on a 30th.
    assert day_in(last_of_the_year, 2025, LeapDay.BEFORE) == date(2026, 2, 16)
    assert lunar_day(date(2026, 2, 16)).day == 29
    assert day_in(last_of_the_year, 2023, LeapDay.BEFORE) == date(2024, 2, 9)
    assert lunar_day(date(2024, 2, 9)).day == 30


def test_the_month_of_a_lunar_birthday_is_the_lunar_month():
    found = occasion(Birthday(15, 8, lunar=True), on=date(2026, 10, 9), window=Window(Span.MONTH))

    assert found is not None
    assert (found.first, found.last) == (date(2026, 9, 11), date(2026, 10, 9))


def test_birthday_comes_once_a_year_whatever_it_is_and_whatever_the_window():
    random = Random(29)
    for _round in range(rounds(usual=20, soak=2_000)):
        birthday = random.choice(EVERYBODY)
        window = random.choice(
            [ON_THE_DAY, THREE_AROUND, Window(Span.WEEK), Window(Span.MONTH)]
            + [Window(leap_day=LeapDay.AFTER), Window(Span.AROUND, after=59)]
        )
        year = random.randrange(2020, 2060)
        found = [
            occasion(birthday, on=date(year, 1, 1) + timedelta(days=n), window=window)
            for n in range(4 * 365)
        ]
        kept = {one for one in found if one is not None}
        years = sorted(one.year for one in kept)

        # One a year without a gap, each open on all of its days and on no others.
        assert years == list(range(years[0], years[-1] + 1))
        assert all(one.first <= one.day <= one.last for one in kept)
        assert all(one.year == year_of(birthday, one.day) for one in kept)
        whole = sorted(one.first for one in kept)[1:-1]
        assert all(
            found[(one.first - date(year, 1, 1)).days : (one.last - date(year, 1, 1)).days + 1]
            == [one] * ((one.last - one.first).days + 1)
            for one in kept
            if one.first in whole
        )


def year_of(birthday: Birthday, day: date) -> int:
    return lunar_day(day).year if birthday.lunar else day.year


def test_everybody_whose_window_is_open_is_found_at_once():
    on = date(2026, 2, 28)

    found = dict(occasions_on(on, window=ON_THE_DAY))

    assert set(found) == {Birthday(28, 2), Birthday(29, 2), Birthday(12, 1, lunar=True)}


@pytest.mark.parametrize(
    "window",
    [
        ON_THE_DAY,
        Window(leap_day=LeapDay.AFTER),
        Window(Span.WEEK),
        Window(Span.MONTH),
        Window(Span.AROUND, before=10, after=60),
    ],
)
def test_looking_for_everybody_finds_whom_looking_for_each_does(window):
    random = Random(7)
    days = [date(2025, 7, 25), date(2028, 2, 28), date(2027, 2, 28), date(2026, 2, 16)]
    days += [date(2025, 1, 1) + timedelta(days=random.randrange(3_000)) for _n in range(10)]
    for on in days:
        found = occasions_on(on, window=window)
        each = {one: occasion(one, on=on, window=window) for one in EVERYBODY}

        assert dict(found) == {one: kept for one, kept in each.items() if kept is not None}
        assert len(found) == len(dict(found))


def test_the_coming_birthday_is_today_or_later():
    def coming(birthday: Birthday, today: date) -> date:
        return coming_birthday(birthday, today=today, leap_day=LeapDay.BEFORE)

    assert coming(Birthday(22, 11), date(2026, 11, 22)) == date(2026, 11, 22)
    assert coming(Birthday(21, 11), date(2026, 11, 22)) == date(2027, 11, 21)
    assert coming(Birthday(14, 10, lunar=True), date(2026, 11, 22)) == date(2026, 11, 22)
    assert coming(Birthday(13, 10, lunar=True), date(2026, 11, 22)) == date(2027, 11, 10)


@pytest.mark.parametrize(
    ("value", "window"),
    [
        ("day", ON_THE_DAY),
        ("week", Window(Span.WEEK)),
        ("month", Window(Span.MONTH)),
        ({"before": 3, "after": 3}, THREE_AROUND),
        ({"before": 7}, Window(Span.AROUND, before=7)),
        ({"days": 30}, Window(Span.AROUND, after=29)),
    ],
)
def test_a_window_is_read_from_the_document(value, window):
    reader = Reader("")

    assert read_window(reader, "earn[1]", {"birthday": value}, "birthday", LeapDay.BEFORE) == window
    assert reader.errors == []


@pytest.mark.parametrize(
    "value",
    [
        "year",
        "around",
        3,
        True,
        {},
        {"days": 0},
        {"days": 61},
        {"before": -1},
        {"days": 3, "after": 1},
    ],
)
def test_a_window_that_says_nothing_possible_is_refused_with_its_line(value):
    reader = Reader('[[earn]]\npoints = 1\nbirthday = "…"\n')

    with override("en"):
        read_window(reader, "earn[1]", {"birthday": value}, "birthday", LeapDay.BEFORE)
        errors = reader.errors

    assert [error[:8] for error in errors] == ["line 3: "]


@pytest.mark.parametrize(
    ("window", "vi", "en"),
    [
        (ON_THE_DAY, "đúng ngày sinh nhật", "on the birthday"),
        (Window(Span.WEEK), "trong tuần sinh nhật", "in the week of the birthday"),
        (Window(Span.MONTH), "trong tháng sinh nhật", "in the month of the birthday"),
        (
            THREE_AROUND,
            "trước hoặc sau sinh nhật tối đa 3 ngày",
            "up to 3 days before or after the birthday",
        ),
        (
            Window(Span.AROUND, after=29),
            "trong 30 ngày kể từ sinh nhật",
            "within 30 days, the birthday being the first",
        ),
        (
            Window(Span.AROUND, before=7),
            "từ 7 ngày trước đến đúng ngày sinh nhật",
            "from 7 days before the birthday to the day itself",
        ),
        (
            Window(Span.AROUND, before=7, after=1),
            "từ 7 ngày trước đến 1 ngày sau sinh nhật",
            "from 7 days before to 1 day after the birthday",
        ),
    ],
)
def test_each_window_is_said_in_both_languages(window, vi, en):
    with override("vi"):
        assert window_clause(window) == vi
    with override("en"):
        assert window_clause(window) == en
