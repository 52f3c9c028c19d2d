"""
The Vietnamese lunar calendar beside a table that was not made with our code: the days below are
read from the year codes that Hồ Ngọc Đức publishes for the 21st century (array TK21, on
https://www.informatik.uni-leipzig.de/~duc/amlich/), in which the length of every month is written
down. The leap months are those of the same codes.
"""

from datetime import date, timedelta

import pytest

from loyalty.lunar import LunarDay, lunar_day, lunar_month, lunar_month_of, solar_day

# Tết (1/1), Rằm tháng Giêng (15/1), Vu Lan (15/7), Trung thu (15/8).
FEASTS = {
    2024: ("2024-02-10", "2024-02-24", "2024-08-18", "2024-09-17"),
    2025: ("2025-01-29", "2025-02-12", "2025-09-06", "2025-10-06"),
    2026: ("2026-02-17", "2026-03-03", "2026-08-27", "2026-09-25"),
    2027: ("2027-02-06", "2027-02-20", "2027-08-16", "2027-09-15"),
    2028: ("2028-01-26", "2028-02-09", "2028-09-03", "2028-10-03"),
    2029: ("2029-02-13", "2029-02-27", "2029-08-24", "2029-09-22"),
    2030: ("2030-02-02", "2030-02-16", "2030-08-13", "2030-09-12"),
    2031: ("2031-01-23", "2031-02-06", "2031-09-01", "2031-10-01"),
    2032: ("2032-02-11", "2032-02-25", "2032-08-20", "2032-09-19"),
    2033: ("2033-01-31", "2033-02-14", "2033-08-09", "2033-09-08"),
    2034: ("2034-02-19", "2034-03-05", "2034-08-28", "2034-09-26"),
    2035: ("2035-02-08", "2035-02-22", "2035-08-18", "2035-09-16"),
}
LEAP_MONTHS = {2025: 6, 2028: 5, 2031: 3, 2033: 11}


@pytest.mark.parametrize("year", FEASTS)
def test_the_feasts_of_each_year_are_those_of_the_table(year):
    days = [(1, 1), (1, 15), (7, 15), (8, 15)]

    assert [solar_day(year, month, day).isoformat() for month, day in days] == list(FEASTS[year])


def test_tet_2030_is_a_day_before_the_chinese_new_year():
    assert solar_day(2030, 1, 1) == date(2030, 2, 2)  # In UTC+8 that moon is new on the 3rd.


def test_the_leap_months_are_those_of_the_table():
    first, last = solar_day(2024, 1, 1), solar_day(2036, 1, 1)
    days = [first + timedelta(days=number) for number in range((last - first).days)]

    found = {(day.year, day.month) for day in map(lunar_day, days) if day.leap}

    assert found == set(LEAP_MONTHS.items())


def test_every_day_has_one_name_and_the_months_follow_each_other():
    day = date(2020, 1, 25)  # Tết.
    assert lunar_day(day) == LunarDay(2020, 1, 1)
    while day < date(2040, 2, 12):
        month = lunar_month_of(day)
        assert month.first == day
        assert (month.last - month.first).days in (28, 29)
        if not month.leap:
            assert lunar_month(month.year, month.month) == month
            assert solar_day(month.year, month.month, 7) == day + timedelta(days=6)
        day = month.last + timedelta(days=1)
    assert lunar_day(day) == LunarDay(2040, 1, 1)


def test_the_30th_of_a_short_month_is_kept_on_the_29th():
    assert solar_day(2025, 12, 30) == date(2026, 2, 16) == solar_day(2025, 12, 29)
