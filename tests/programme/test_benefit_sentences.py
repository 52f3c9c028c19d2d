"""What the till gives besides points, as the member reads it."""

from datetime import date

from loyalty.programme.benefit_sentences import (
    basis_sentences,
    discount_sentences,
    mark_sentences,
    pay_sentences,
    perk_sentences,
)
from loyalty.programme.sentences import earn_sentence, rule_sentences
from tests.factories.programmes import EVERYDAY, ONE_TIER, SILVER, programme

BOTH = ("vi", "en")
TODAY = {"currency": "VND", "on": date(2026, 11, 22), "branch_names": {"quan-1": "Quận 1"}}
SALE = (
    '[[discounts]]\nkey = "hop"\nname = "Hội hè"\nname_en = "Fair"\npercent = 12.5\n'
    'cap_minor = 100_000\ncategories = ["son"]\nnot_labels = ["mới"]\nbranches = ["quan-1"]\n'
    "from = 2026-12-01\nto = 2026-12-24\nmin_order_minor = 300_000\n"
)
BIRTHDAY = (
    '[[tiers.discounts]]\nkey = "sinh-nhat"\nname = "Quà sinh nhật"\nname_en = "Birthday"\n'
    'percent = 10\nbirthday = "month"\ncode = "HPBD"\nstackable = true\nstop = true\n'
)


def discounts(rules, language):
    return discount_sentences(rules, language=language, **TODAY)


def test_a_discount_is_one_plain_sentence():
    rules = programme(SALE, tiers=ONE_TIER + SILVER + BIRTHDAY)

    assert discounts(rules, "vi") == [
        "Hội hè: giảm 12,5%, cho son, trừ hàng có nhãn mới, tối đa 100.000đ mỗi hoá đơn,"
        " hoá đơn từ 300.000đ, tại Quận 1, từ ngày 01/12/2026, đến hết 24/12/2026.",
        "Quà sinh nhật: giảm 10%, cho hạng Bạc, khi có mã ưu đãi, trong tháng sinh nhật,"
        " mỗi sinh nhật một lần, cộng thêm được vào ưu đãi khác, khi đó không tính thêm gì nữa.",
    ]
    assert discounts(rules, "en") == [
        "Fair: 12.5% off, for son, not for goods labelled mới, at most 100,000đ a bill,"
        " on bills from 300,000đ, at Quận 1, from 1 Dec 2026, through 24 Dec 2026.",
        "Birthday: 10% off, for Silver members, with a promotion code, in the month of the birthday,"
        " once each birthday, also on top of another discount, nothing else counts then.",
    ]


def test_several_discounts_say_that_the_best_one_counts():
    twin = SALE.replace('"hop"', '"twin"')

    assert discounts(programme(SALE, twin), "vi")[-1] == (
        "Nếu có nhiều ưu đãi giảm giá, hoá đơn được ưu đãi lợi nhất."
    )


def test_what_is_over_or_switched_off_is_not_told():
    over = SALE.replace("2026-12-01\nto = 2026-12-24", "2026-11-01\nto = 2026-11-21")

    assert discounts(programme(over), "vi") == []
    assert discounts(programme(SALE + "enabled = false\n"), "vi") == []


def test_perks_are_told_tier_by_tier():
    perks = 'free_shipping = true\nperks = ["gói quà", "ưu tiên đặt bàn"]\n'

    rules = programme(tiers=ONE_TIER + SILVER + perks)

    assert perk_sentences(rules, language="vi") == [
        "Bạc: miễn phí giao hàng; gói quà; ưu tiên đặt bàn."
    ]
    assert perk_sentences(rules, language="en") == [
        "Silver: free shipping; gói quà; ưu tiên đặt bàn."
    ]


def test_paying_with_points_is_told_with_its_limits():
    pay = (
        "[pay]\nmoney_minor = 1_000\nstep = 50\nminimum = 1_000\nkeep_at_least = 30\n"
        "most_percent = 50\n"
    )

    def told(language, *sections):
        return pay_sentences(programme(*sections), currency="VND", language=language)

    assert told("vi", pay) == [
        "Khi thanh toán, 1 điểm = 1.000đ, dùng theo bội số của 50 điểm, từ 1.000 điểm trở lên,"
        " giữ lại ít nhất 30 điểm, tối đa 50% hoá đơn.",
        "Phần trả bằng điểm không được tích điểm.",
    ]
    assert told("en", pay, '[basis]\npaid_with_points = "with"\n') == [
        "When you pay, 1 point = 1,000đ, in whole steps of 50 points, from 1,000 points on,"
        " 30 points stay on the account, at most 50% of a bill.",
        "What is paid with points earns points too.",
    ]
    assert told("vi") == told("vi", pay + "enabled = false\n") == []


def test_marks_and_the_basis_are_told():
    rules = programme(
        '[basis]\ndiscounts = "gross"\ntax = "without"\nshipping = "with"\n',
        '[[marks]]\nname = "Hàng khuyến mãi"\nname_en = "Promotions"\ndiscounted = true\n'
        "earns = false\n",
        '[[marks]]\nname = "Thẻ quà tặng"\nlabels = ["the-qua"]\nearns = false\n'
        "counts_for_tier = false\npay_with_points = false\n",
    )

    assert [mark_sentences(rules, language=language, **TODAY) for language in BOTH] == [
        [
            "Hàng khuyến mãi: không tích điểm, vẫn tính hạng.",
            "Thẻ quà tặng: không tích điểm, không tính hạng, không trả bằng điểm.",
        ],
        [
            "Promotions: no points, but it counts for the tier.",
            "Thẻ quà tặng: no points, does not count for the tier, not paid with points.",
        ],
    ]
    assert basis_sentences(rules, language="vi") == [
        "Điểm tính trên giá trước khi giảm.",
        "Điểm tính trên số tiền chưa gồm thuế.",
        "Phí giao hàng cũng được tích điểm.",
    ]
    assert basis_sentences(programme(), language="vi") == []


def test_earning_rules_tell_their_goods_and_caps():
    rules = programme(
        earn=EVERYDAY
        + '[[earn]]\nkey = "hat"\nname = "Hạt"\npoints = 1\nper = "unit"\nskus = ["HAT-1", "HAT-2"]\n'
        + 'cap_points = 1_000\ncap_per = "month"\nnot_categories = ["quà tặng"]\n'
    )

    def told(language):
        return rule_sentences(rules, language=language, **TODAY)[1]

    assert told("vi") == (
        "mỗi món = 1 điểm, cho mã hàng HAT-1, HAT-2, trừ quà tặng, tối đa 1.000 điểm mỗi tháng"
    )
    assert told("en") == (
        "each article = 1 point, for the articles HAT-1, HAT-2, not for quà tặng,"
        " at most 1,000 points a month"
    )
    assert earn_sentence(rules, currency="VND", language="vi") == "10.000đ = 1 điểm"
