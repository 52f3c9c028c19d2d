"""What is bought decides: rules for some goods, units, caps, marks, and what of a bill earns."""

from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.programme.basket import Buyer
from loyalty.programme.birthdays import Birthday
from loyalty.programme.document import InvalidProgramme
from loyalty.programme.earning import earn
from tests.factories.programmes import EVERYDAY, ONE_TIER, SILVER, basket, line, programme

NEW = Buyer("moi")
TEA = '[[earn]]\nkey = "tra"\nname = "Trà ×2"\nmultiplier = 2\ncategories = ["trà"]\n'
BEANS = '[[earn]]\nkey = "hat"\nname = "Hạt"\npoints = 5\nper = "unit"\nskus = ["HAT-1"]\n'
TEA_LINE, CAKE_LINE = line(25_000, category="trà"), line(43_000, category="bánh")


def rules(*more, **sections):
    return programme(earn=EVERYDAY + "".join(more), **sections)


def points(earning_rules, *lines, buyer=NEW, paid=0, **more):
    bill = basket(*lines, **more)
    return earn(earning_rules, basket=bill, buyer=buyer, paid_with_points_minor=paid).points


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ('skus = ["a-1"]', [1, 0, 0]),
        ('categories = ["trà"]', [1, 1, 0]),
        ('labels = ["mới", "hè"]', [1, 0, 1]),
        ('categories = ["trà"]\nlabels = ["mới"]', [1, 0, 0]),
        ('not_skus = ["a-1"]', [0, 1, 1]),
        ('not_categories = ["trà", "bánh"]', [0, 0, 0]),
        ('not_labels = ["hè"]', [1, 1, 0]),
        ('categories = ["trà"]\nnot_labels = ["mới"]', [0, 1, 0]),
    ],
)
def test_a_rule_names_the_goods_it_is_about_or_not_about(scope, expected):
    only = programme(
        earn=f'[[earn]]\nname = "X"\npoints = 1\nper_minor = 10_000\n{scope}\n',
    )
    lines = [
        line(10_000, sku="A-1", category="Trà", labels="mới"),
        line(10_000, sku="A-2", category="trà"),
        line(10_000, sku="B-1", category="bánh", labels="hè x"),
    ]

    assert [points(only, one) for one in lines] == expected
    assert points(only, *lines) == sum(expected)


def test_a_till_that_tells_only_the_sum_has_goods_in_no_list():
    unnamed = line(100_000)

    assert points(rules(TEA), unnamed) == 10
    assert points(rules(TEA.replace("categories", "not_categories")), unnamed) == 20


def test_goods_of_one_rule_are_added_up_before_the_steps():
    assert points(rules(), line(6_000), line(6_000)) == 1


def test_points_for_every_unit_bought():
    beans = line(150_000, quantity="2", sku="hat-1")

    assert points(rules(BEANS), beans) == 40  # 30 for the money, 2 × 5.
    assert points(rules(BEANS), replace(beans, discount_minor=300_000)) == 0  # A gift.
    half = line(100_000, quantity="1.500", sku="HAT-1")
    assert points(rules(BEANS), half) == 20  # 15 and one whole unit.


def test_some_goods_earn_so_many_times_more():
    earning = earn(rules(TEA), basket=basket(TEA_LINE, CAKE_LINE), buyer=NEW)

    assert earning.points == 8  # 6 for 68.000đ, and 2 once more for the tea.
    assert [(row["key"], row["gives"]) for row in earning.explanation["rules"]] == [
        ("mua", "6"),
        ("tra", "2"),
    ]
    assert earning.explanation["rules"][1]["lines"] == [{"line": 1, "amount_minor": 25_000}]
    assert earning.explanation["multipliers"] == []
    assert earning.line_points == (4, 4)


def test_multipliers_for_goods_add_up_and_those_for_the_bill_multiply():
    new = TEA.replace('"tra"', '"moi"').replace('categories = ["trà"]', 'labels = ["mới"]')
    day = '[[earn]]\nkey = "ngay"\nname = "Ngày vui"\nmultiplier = 2\n'
    new_tea = line(100_000, category="trà", labels="mới")

    assert points(rules(TEA, new.replace("= 2", "= 3")), new_tea) == 40  # 10 + 10 + 20.
    assert points(rules(TEA, day), new_tea, line(100_000)) == 60  # (20 + 10) × 2.


def test_rules_that_do_not_stack_compete_for_the_same_goods_only():
    better = (
        '[[earn]]\nkey = "tra"\nname = "Trà"\npoints = 1\nper_minor = 5_000\n'
        'categories = ["trà"]\npriority = 5\n'
    )
    tea, cake = line(50_000, category="trà"), line(50_000)

    assert points(rules(better + "stackable = false\n"), tea, cake) == 15
    assert points(rules(better + "stop = true\n"), tea, cake) == 15
    assert points(rules(better), tea, cake) == 20


def test_a_code_is_asked_for():
    coded = rules('[[earn]]\nname = "Tết"\nmultiplier = 2\ncode = "TET26"\n')

    assert points(coded, line(100_000)) == 10
    assert points(coded, line(100_000), codes="TET26") == 20


def test_a_cap_counts_what_was_given_within_its_period():
    capped = rules(BEANS + 'cap_points = 12\ncap_per = "month"\n')
    bill = basket(line(1, quantity="2", sku="HAT-1"))

    def given(before):
        buyer = Buyer("moi", given=MappingProxyType({"hat": before}))
        earning = earn(capped, basket=bill, buyer=buyer)
        return earning.points, dict(earning.given)

    assert [given(before) for before in (0, 4, 9, 12, 13)] == [
        (10, {"hat": 10}),
        (8, {"hat": 8}),
        (3, {"hat": 3}),
        (0, {}),
        (0, {}),
    ]


def test_a_cap_on_a_sale_needs_nothing_kept():
    capped = rules(BEANS + 'cap_points = 7\ncap_per = "sale"\n')
    bill = basket(line(1, quantity="2", sku="HAT-1"))

    earning = earn(capped, basket=bill, buyer=Buyer("moi", given={"hat": 99}))

    assert (earning.points, earning.given) == (7, {})
    assert earning.explanation["rules"][1] == {
        "key": "hat",
        "name": "Hạt",
        "name_en": "",
        "points": 5,
        "per": "unit",
        "units": "2",
        "lines": [{"line": 1, "amount_minor": 2, "units": "2"}],
        "gives": "7",
        "wanted": "10",
    }


def test_a_multiplier_with_a_cap_gives_extra_points_up_to_it():
    capped = rules(
        '[[earn]]\nkey = "vui"\nname = "Ngày vui"\nmultiplier = 3\n'
        'cap_points = 50\ncap_per = "day"\n'
    )

    first = earn(capped, basket=basket(line(200_000)), buyer=NEW)
    later = earn(capped, basket=basket(line(200_000)), buyer=Buyer("moi", given={"vui": 40}))

    assert (first.points, first.given) == (60, {"vui": 40})
    assert (later.points, later.given) == (30, {"vui": 10})


def test_a_rule_whose_cap_is_used_up_keeps_no_other_out():
    first = (
        '[[earn]]\nkey = "dau"\nname = "Đầu"\npoints = 2\nper_minor = 10_000\npriority = 1\n'
        'stackable = false\ncap_points = 20\ncap_per = "ever"\n'
    )

    assert points(rules(first), line(100_000)) == 20
    assert points(rules(first), line(100_000), buyer=Buyer("moi", given={"dau": 20})) == 10


MARK = '[[marks]]\nname = "Hàng khuyến mãi"\nlabels = ["km"]\nearns = false\n'


def test_marked_goods_earn_nothing_but_count_for_the_tier():
    marked = programme(MARK)
    promo, plain = line(100_000, labels="km"), line(50_000)

    earning = earn(marked, basket=basket(promo, plain), buyer=NEW)

    assert (earning.points, earning.tier_points, earning.line_points) == (5, 15, (0, 5))
    assert earning.explanation["amount_minor"] == 50_000
    assert earning.explanation["total_minor"] == 150_000
    assert earning.explanation["lines"] == [{"line": 2, "amount_minor": 50_000}]


def test_a_mark_may_be_about_reduced_goods_or_for_some_days():
    reduced = programme(MARK.replace('labels = ["km"]', "discounted = true"))
    days = programme(MARK.replace('labels = ["km"]', "from = 2026-11-24\nto = 2026-11-24"))
    off = programme(MARK + "enabled = false\n")

    assert points(reduced, line(100_000, discount_minor=1), line(50_000)) == 5
    assert points(days, line(100_000)) == 0
    assert points(off, line(100_000, labels="km")) == 10


def test_what_the_till_marks_no_rule_unmarks():
    gift_card = line(500_000, earns=False, counts_for_tier=False)

    earning = earn(programme(MARK), basket=basket(gift_card, line(50_000)), buyer=NEW)

    assert (earning.points, earning.tier_points) == (5, 5)


def test_a_bill_of_marked_goods_only_gives_not_even_the_points_for_a_bill():
    per_bill = '[[earn]]\nname = "Ghé"\npoints = 3\nper = "order"\n'
    marked = programme(MARK, earn=per_bill)

    assert points(marked, line(100_000, labels="km")) == 0
    assert points(marked, line(100_000, labels="km"), line(1)) == 3


@pytest.mark.parametrize(
    ("basis", "expected"),
    [
        ("", 72),  # 1.080.000 − 360.000 of points.
        ('discounts = "gross"', 80),  # 1.200.000 × 2/3.
        ('tax = "without"', 66),  # (1.080.000 − 81.000) × 2/3.
        ('shipping = "with"', 75),
        ('paid_with_points = "with"', 108),
        ('tax = "without"\npaid_with_points = "with"\nshipping = "with"', 102),
    ],
)
def test_the_basis_says_what_of_a_bill_earns(basis, expected):
    bill = line(1_200_000, discount_minor=120_000, tax_minor=81_000)
    shop = programme(f"[basis]\n{basis}\n")

    assert points(shop, bill, shipping_minor=30_000, paid=360_000) == expected


def test_points_that_pay_are_shared_out_over_the_goods_they_may_pay_for():
    mark = '[[marks]]\nname = "Thẻ quà"\nlabels = ["the"]\npay_with_points = false\n'
    tea_only = programme(mark, earn=EVERYDAY + 'not_labels = ["the"]\n')
    bill = (line(100_000), line(300_000, labels="the"), line(100_000))

    assert points(tea_only, *bill, paid=100_000) == 10
    with pytest.raises(ValueError, match="200001 of 200000"):
        points(tea_only, *bill, paid=200_001)


AMOUNTS = st.integers(0, 10**9)
TEA_OR_NOT = st.sampled_from(["trà", "bánh", ""])
BILLS = st.lists(
    st.builds(lambda price, category: line(price, category=category), AMOUNTS, TEA_OR_NOT),
    min_size=1,
    max_size=6,
)
MANY = rules(
    TEA,
    BEANS,
    '[[earn]]\nkey = "cap"\nname = "C"\nmultiplier = 1.5\nnot_categories = ["trà"]\n'
    'cap_points = 99\ncap_per = "sale"\n',
    '[[earn]]\nkey = "vui"\nname = "V"\nmultiplier = 1.2\n',
    tiers=ONE_TIER + SILVER + "multiplier = 1.3\n",
)


@given(BILLS, st.integers(0, 5), AMOUNTS, st.sampled_from(["moi", "bac"]))
def test_more_money_never_earns_fewer_points(bill, place, more, tier):
    dearer = list(bill)
    place %= len(bill)
    dearer[place] = replace(bill[place], unit_price_minor=bill[place].unit_price_minor + more)

    assert points(MANY, *bill, buyer=Buyer(tier)) <= points(MANY, *dearer, buyer=Buyer(tier))


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        (
            'multiplier = 0.5\nlabels = ["x"]',
            "dòng 8: earn[2].multiplier: ít nhất là 1 trong quy tắc cho một số món"
            " hoặc có mức tối đa",
        ),
        (
            'points = 1\nper_minor = 1\ncap_points = 5\ncap_per = "day"',
            "dòng 6: earn[2].key: cần có khi mức tối đa kéo dài hơn một hoá đơn",
        ),
        ("points = 1\nper_minor = 1\ncap_points = 5", "dòng 6: earn[2].cap_per: một trong: sale"),
        (
            'points = 1\nper_minor = 1\ncap_per = "day"',
            "dòng 10: earn[2].cap_per: chỉ đi cùng cap_points",
        ),
        (
            'points = 1\nper_minor = 1\ncap_points = 5\ncap_per = "hour"',
            "dòng 11: earn[2].cap_per: một trong: sale, day, week, month, year, ever",
        ),
        ("points = 1\nper_minor = 1\nlabels = [5]", "dòng 10: earn[2].labels: một danh sách chữ"),
    ],
)
def test_a_mistake_is_named_by_line_and_key(rule, error):
    with pytest.raises(InvalidProgramme) as refused:
        rules(f'[[earn]]\nname = "X"\n{rule}\n')

    assert refused.value.errors[0].startswith(error)


def test_a_mark_must_withdraw_something():
    with pytest.raises(InvalidProgramme, match=r"marks\[1\]\.earns: ít nhất một khoá phải là"):
        programme('[[marks]]\nname = "X"\nlabels = ["x"]\n')


def test_points_may_be_doubled_in_the_month_of_the_birthday():
    doubled = rules('[[earn]]\nname = "Tháng sinh nhật"\nmultiplier = 2\nbirthday = "month"\n')

    assert points(doubled, line(100_000), buyer=Buyer("moi", birthday=Birthday(30, 11))) == 20
    assert points(doubled, line(100_000), buyer=Buyer("moi", birthday=Birthday(1, 12))) == 10
    assert points(doubled, line(100_000)) == 10
