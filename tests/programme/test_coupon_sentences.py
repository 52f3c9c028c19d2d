"""Coupons as the member reads them."""

from datetime import date

from loyalty.programme.promise_sentences import promise_sentences
from tests.factories.programmes import programme

INK = (
    '[[coupons]]\nkey = "muc"\nname = "Mực in"\nname_en = "Ink"\nreward = "muc-20"\n'
    'categories = ["máy in"]\nmin_order_minor = 500_000\nvalid_days = 30\n'
)


def told(document, language):
    rules = programme(document)
    return promise_sentences(
        rules.coupons,
        programme=rules,
        currency="VND",
        language=language,
        on=date(2026, 11, 22),
        reward_names={"muc-20": "Giảm 20%"},
    )


def test_one_plain_sentence():
    assert told(INK, "vi") == [
        "Mực in: mua hàng được tặng ưu đãi cho lần sau, cho máy in, hoá đơn từ 500.000đ: Giảm 20%;"
        " dùng trong 30 ngày; mỗi khách một lần."
    ]
    assert told(INK + "usable_after_days = 1\nrepeat = true\n", "en") == [
        "Ink: a purchase brings a voucher for the next one, for máy in, on bills from 500,000đ:"
        " Giảm 20%; usable after 1 day, good for 30 days; use it, and the next one follows."
    ]


def test_what_is_over_or_switched_off_is_not_told():
    assert told(INK + "to = 2026-11-21\n", "vi") == []
    assert told(INK + "enabled = false\n", "vi") == []
