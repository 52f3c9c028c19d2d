"""[referral]: what it may say, what it means, and the words customers read."""

from datetime import date

import pytest

from loyalty.programme.document import InvalidProgramme, parse
from loyalty.programme.expiry import AfterMonths, Never
from loyalty.programme.referral import Event, Referral
from loyalty.programme.referral_sentences import referral_sentences

RULES = """
[[earn]]
name = "Mua hàng"
points = 1
per_minor = 10_000

[[tiers]]
key = "moi"
name = "Mới"
entry_minor = 0

[referral]
"""
WHOLE = """event = "first_sale"
min_order_minor = 50_000
referrer_points = 20
friend_points = 10
expire_after_days = 90
wait_days = 14
most_per_month = 5
most_per_year = 20
hold_above_per_day = 3
hold_above_per_cashier = 4
"""


def referral_of(text: str) -> Referral:
    referral = parse(RULES + text).referral
    assert referral is not None
    return referral


def sentences(text: str, language: str) -> list[str]:
    return referral_sentences(parse(RULES + text), currency="VND", language=language)


def test_the_section_reads_as_written():
    assert referral_of(WHOLE) == Referral(Event.FIRST_SALE, 50_000, 20, 10, 90, 14, 5, 20, 3, 4)


def test_what_is_left_out_is_as_the_page_says():
    assert referral_of("referrer_points = 20") == Referral(
        Event.FIRST_SALE, 0, 20, 0, None, 0, None, None, 5, 5
    )


def test_a_programme_without_the_section_pays_nothing_and_says_nothing():
    programme = parse(RULES.removesuffix("[referral]\n"))

    assert programme.referral is None
    assert referral_sentences(programme, currency="VND", language="vi") == []


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (
            'event = "second_sale"\nfriend_points = 1',
            "dòng 13: referral.event: một trong: first_sale, enrolment",
        ),
        (
            "friend_point = 1\nfriend_points = 1",
            "dòng 13: referral.friend_point: không có khoá này; được dùng: ",
        ),
        (
            "friend_points = 1.5",
            "dòng 13: referral.friend_points: một số nguyên từ 0 đến 1000000000",
        ),
        ("wait_days = -1\nfriend_points = 1", "dòng 13: referral.wait_days: một số nguyên từ 0"),
        ("most_per_month = 0\nfriend_points = 1", "dòng 13: referral.most_per_month: một số"),
        (
            "wait_days = 7",
            "dòng 12: referral: cần có referrer_points, friend_points hoặc cả hai",
        ),
        (
            'event = "enrolment"\nmin_order_minor = 1\nfriend_points = 1',
            'dòng 14: referral.min_order_minor: chỉ dùng với event = "first_sale"',
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(text, error):
    with pytest.raises(InvalidProgramme) as refused:
        parse(RULES + text)

    assert refused.value.errors[0].startswith(error)


def test_the_words_for_members_say_all_of_it():
    assert sentences(WHOLE, "vi") == [
        "Giới thiệu bạn mới: bạn được 20 điểm và bạn của bạn được 10 điểm"
        " sau lần mua đầu tiên từ 50.000đ.",
        "Điểm này đến sau đó 14 ngày, nếu đơn hàng không bị trả lại.",
        "Điểm dùng được trong 90 ngày.",
        "Mỗi tháng bạn được cộng điểm cho nhiều nhất 5 người bạn.",
        "Mỗi năm bạn được cộng điểm cho nhiều nhất 20 người bạn.",
    ]
    assert sentences(WHOLE, "en") == [
        "Bring a friend: 20 points for you and 10 points for your friend"
        " after their first purchase from 50,000đ.",
        "These points come 14 days later, if the purchase is not returned.",
        "They can be used for 90 days.",
        "You get points for at most 5 friends a month.",
        "You get points for at most 20 friends a year.",
    ]


@pytest.mark.parametrize(
    ("text", "vietnamese", "english"),
    [
        (
            "friend_points = 1",
            "Giới thiệu bạn mới: bạn của bạn được 1 điểm sau lần mua đầu tiên.",
            "Bring a friend: 1 point for your friend after their first purchase.",
        ),
        (
            'event = "enrolment"\nreferrer_points = 5',
            "Giới thiệu bạn mới: bạn được 5 điểm khi bạn ấy thành thành viên.",
            "Bring a friend: 5 points for you once they are a member.",
        ),
    ],
)
def test_one_sided_gifts_are_said_as_such(text, vietnamese, english):
    assert (sentences(text, "vi"), sentences(text, "en")) == ([vietnamese], [english])


def test_waiting_and_lasting_count_days():
    referral = referral_of(WHOLE)

    assert referral.due_on(date(2026, 11, 22)) == date(2026, 12, 6)
    assert referral.last_day(date(2026, 12, 6), otherwise=Never()) == date(2027, 3, 6)


def test_points_without_an_end_of_their_own_end_as_all_points_do():
    referral = referral_of("friend_points = 1")

    assert referral.last_day(date(2026, 11, 22), otherwise=AfterMonths(12)) == date(2027, 11, 30)
    assert referral.last_day(date(2026, 11, 22), otherwise=Never()) is None
