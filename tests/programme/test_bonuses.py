"""Points for something other than a purchase: what the document says, and how it is said."""

from datetime import date

import pytest

from loyalty.programme.birthdays import LeapDay, Span, Window
from loyalty.programme.bonus_sentences import bonus_sentences
from loyalty.programme.bonuses import Bonuses, Event
from loyalty.programme.document import InvalidProgramme, parse
from tests.factories.shop import STARTERS

CAFE = (STARTERS / "cafe.toml").read_text(encoding="utf-8")
EVERYTHING = """
[bonuses]
late_days = 5
[bonuses.welcome]
points = 20
expire_after_days = 30
[bonuses.birthday]
points = 50
window = "month"
tiers = { bac = 80, vang = 100 }
[bonuses.anniversary]
points = 1
[bonuses.profile]
points = 10
[bonuses.survey]
points = 5
[birthdays]
leap_day = "01/03"
"""


def rules(text):
    return parse(f"{CAFE}\n{text}")


def refusals(text):
    with pytest.raises(InvalidProgramme) as refused:
        rules(text)
    return [error.partition(": ")[2] for error in refused.value.errors]


def test_without_the_section_nothing_is_given():
    assert rules("").bonuses == Bonuses(late_days=3, given=())
    assert bonus_sentences(rules(""), language="vi") == []


def test_each_bonus_is_read_with_its_points_its_tiers_and_its_days():
    bonuses = rules(EVERYTHING).bonuses

    birthday = bonuses.of(Event.BIRTHDAY)
    assert bonuses.late_days == 5
    assert [bonus.event for bonus in bonuses.given] == list(Event)
    assert [birthday.points_for(key) for key in ("moi", "bac", "vang")] == [50, 80, 100]
    assert birthday.window == Window(Span.MONTH, leap_day=LeapDay.AFTER)
    assert bonuses.of(Event.ANNIVERSARY).window == Window(leap_day=LeapDay.AFTER)


def test_a_bonus_ends_by_its_own_days_or_as_all_points_do():
    bonuses = rules(EVERYTHING).bonuses
    given_on, otherwise = date(2026, 11, 22), date(2027, 11, 30)

    welcome, birthday = bonuses.of(Event.WELCOME), bonuses.of(Event.BIRTHDAY)
    assert welcome.last_day(given_on, otherwise=otherwise) == date(2026, 12, 22)
    assert birthday.last_day(given_on, otherwise=otherwise) == otherwise
    assert birthday.last_day(given_on, otherwise=None) is None


def test_a_bonus_may_be_for_some_tiers_only():
    birthday = rules("[bonuses.birthday]\npoints = 0\ntiers = { vang = 100 }").bonuses.given[0]

    assert [birthday.points_for(key) for key in ("moi", "vang")] == [0, 100]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("vi", "Tặng 2.000 điểm đúng ngày sinh nhật; Vàng 12.500."),
        ("en", "Members get 2,000 points on the birthday; Gold 12,500."),
    ],
)
def test_many_points_are_said_in_thousands(language, sentence):
    programme = rules("[bonuses.birthday]\npoints = 2_000\ntiers = { vang = 12_500 }")

    assert bonus_sentences(programme, language=language)[0] == sentence


def test_bonuses_in_sentences():
    programme = rules(EVERYTHING)

    assert bonus_sentences(programme, language="vi") == [
        "Thành viên mới được tặng ngay 20 điểm; dùng trong 30 ngày.",
        "Tặng 50 điểm trong tháng sinh nhật; Bạc 80, Vàng 100.",
        "Tặng 1 điểm mỗi năm vào ngày bạn trở thành thành viên.",
        "Tặng 10 điểm khi đủ thông tin: tên, ngày sinh, số điện thoại hoặc email.",
        "Tặng 5 điểm khi trả lời phiếu góp ý.",
        "Điểm tặng dùng như điểm thường, nhưng không tính lên hạng.",
    ]
    assert bonus_sentences(programme, language="en") == [
        "New members get 20 points at once; usable for 30 days.",
        "Members get 50 points in the month of the birthday; Silver 80, Gold 100.",
        "Members get 1 point each year on the day they joined.",
        "Members get 10 points once we know their name, birthday, and phone or e-mail.",
        "Members get 5 points for answering a survey.",
        "Bonuses are spent like other points, but do not count towards a tier.",
    ]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[bonuses.easter]\npoints = 1", "bonuses.easter: không có khoá này"),
        ("[bonuses.welcome]", "bonuses.welcome.points: một số nguyên từ 1 đến 1000000"),
        ("[bonuses.welcome]\npoints = 0", "bonuses.welcome.points: một số nguyên từ 1 đến"),
        ("[bonuses.welcome]\npoints = 1\nwindow = 'day'", "bonuses.welcome.window: không có khoá"),
        (
            "[bonuses.birthday]\npoints = 5\nwindow = 'year'",
            'bonuses.birthday.window: "day", "week", "month"',
        ),
        (
            "[bonuses.birthday]\npoints = 5\ntiers = { bach_kim = 9 }",
            "bonuses.birthday.tiers: không có hạng nào mang khoá bach_kim",
        ),
        (
            "[bonuses.birthday]\npoints = 5\ntiers = { bac = -9 }",
            "bonuses.birthday.tiers.bac: một số nguyên từ 0",
        ),
        ("[bonuses.survey]\npoints = 5\nexpire_after_days = 0", "bonuses.survey.expire_after_days"),
        ("[bonuses]\nlate_days = 31", "bonuses.late_days: một số nguyên từ 0 đến 30"),
    ],
)
def test_a_mistake_in_bonuses_is_named(text, error):
    errors = refusals(text)

    assert len(errors) == 1
    assert errors[0].startswith(error)


def test_a_bonus_for_some_tiers_names_them():
    programme = rules(
        "[bonuses.birthday]\npoints = 0\ntiers = { vang = 100 }\nexpire_after_days = 7"
    )

    assert bonus_sentences(programme, language="vi")[0] == (
        "Vàng: Tặng 100 điểm đúng ngày sinh nhật; dùng trong 7 ngày."
    )
