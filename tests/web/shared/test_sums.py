"""An earning's sum, told line by line."""

from loyalty.programme.basket import Buyer
from loyalty.programme.earning import earn
from loyalty.web.shared import currency
from loyalty.web.shared.sums import earning_steps
from tests.factories.programmes import EVERYDAY, ONE_TIER, basket, line, programme


def test_rules_about_goods_say_how_much_of_the_bill_they_count():
    rules = programme(
        earn=EVERYDAY
        + '[[earn]]\nname = "Trà vui"\nmultiplier = 2\ncategories = ["trà"]\n'
        + '[[earn]]\nname = "Bánh mới"\npoints = 1\nper_minor = 20_000\ncategories = ["bánh"]\n'
        + '[[earn]]\nname = "Hạt"\npoints = 5\nper = "unit"\nskus = ["HAT"]\n'
        + 'cap_points = 12\ncap_per = "sale"\n',
        tiers=ONE_TIER + "multiplier = 1.5\n",
    )
    bill = basket(
        line(25_000, category="trà"),
        line(43_000, category="bánh"),
        line(10_000, quantity="3", sku="HAT"),
    )

    currency.activate("VND")
    try:
        steps = earning_steps(earn(rules, basket=bill, buyer=Buyer("moi")).explanation)
    finally:
        currency.deactivate()

    assert [(step.words, step.figure) for step in steps] == [
        ("98.000đ, cứ 10.000đ = 1 điểm", "9 điểm"),
        ("Bánh mới: 43.000đ, cứ 20.000đ = 1 điểm", "2 điểm"),
        ("Hạt: 3 × 5 điểm, chạm mức tối đa", "12 điểm"),
        ("Trà vui, cộng thêm cho 25.000đ", "2 điểm"),
        ("Hạng Mới, làm tròn xuống", "× 1,5 = 37,5"),
    ]
