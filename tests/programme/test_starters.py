"""What the ready starters come to, bill by bill."""

from datetime import date, datetime

import pytest

from loyalty.programme.basket import Buyer
from loyalty.programme.benefit_sentences import discount_sentences, pay_sentences
from loyalty.programme.birthdays import Birthday
from loyalty.programme.discounts import price
from loyalty.programme.document import parse
from loyalty.programme.earning import earn
from loyalty.programme.paying import offer
from loyalty.programme.sentences import earn_sentence, expiry_sentence
from loyalty.programme.term_sentences import pending_sentences
from tests.factories.programmes import basket, line
from tests.factories.shop import STARTERS


def starter(name):
    return parse((STARTERS / f"{name}.toml").read_text(encoding="utf-8"))


def till(programme, *lines, buyer, at):
    """What is taken off, and the points."""
    bill = basket(*lines, at=datetime.fromisoformat(f"{at}T10:00:00+07:00"))
    priced = price(programme, basket=bill, buyer=buyer)
    return priced.discount_minor, earn(programme, basket=priced.basket, buyer=buyer).points


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("cafe", "10.000đ = 1 điểm"),
        ("cosmetics", "10.000đ = 1 điểm"),
        ("fashion", "1.000đ = 1 điểm"),
        ("grocery", "20.000đ = 1 điểm"),
    ],
)
def test_each_is_said_in_one_sentence(name, sentence):
    assert earn_sentence(starter(name), currency="VND", language="vi") == sentence


def test_cosmetics_gives_a_capped_birthday_and_members_prices():
    shop = starter("cosmetics")
    serum, sold_off = line(1_000_000), line(1_000_000, labels=["khuyến mãi"])
    born = Birthday(20, 11)

    assert till(shop, serum, buyer=Buyer("moi"), at="2026-11-20") == (0, 100)
    assert till(shop, serum, buyer=Buyer("moi", born), at="2026-11-23") == (50_000, 95)
    assert till(shop, serum, buyer=Buyer("moi", born), at="2026-11-24") == (0, 100)
    assert till(shop, serum, sold_off, buyer=Buyer("vip"), at="2026-11-24") == (50_000, 243)
    assert till(shop, serum, buyer=Buyer("vvip", born), at="2026-11-02") == (200_000, 120)
    assert till(shop, serum, serum, serum, buyer=Buyer("vvip", born), at="2026-11-02") == (
        300_000,  # 10 % of 3.000.000đ is more than the birthday's most.
        405,
    )


def test_each_says_how_long_its_points_wait_and_last():
    def said(name):
        programme = starter(name)
        waiting = pending_sentences(programme, language="vi")
        return [*waiting, expiry_sentence(programme, language="vi")]

    assert said("cosmetics") == [
        "Điểm dùng được 12 tháng, tính đến cuối tháng. VVIP: Điểm không hết hạn."
    ]
    assert said("fashion") == [
        "Điểm của hoá đơn dùng được sau 7 ngày kể từ ngày mua.",
        "Điểm dùng được đến hết ngày 31/12 mỗi năm;"
        " điểm tích trong 60 ngày trước đó dùng được đến ngày ấy năm sau.",
    ]
    assert said("grocery") == [
        "Điểm dùng được 6 tháng kể từ lần mua gần nhất, tính đến cuối tháng."
    ]


def test_cosmetics_thanks_for_joining_for_the_profile_and_for_friends():
    shop = starter("cosmetics")

    given = {bonus.event.value: bonus.points for bonus in shop.bonuses.given}
    assert given == {"welcome": 20, "profile": 10}
    assert (shop.referral.referrer_points, shop.referral.friend_points) == (50, 20)


def test_fashion_has_sales_whose_goods_earn_nothing_and_points_that_pay():
    shop = starter("fashion")
    dress, new = line(2_000_000), line(2_000_000, labels=["mới về"])
    buyer = Buyer("member")

    assert till(shop, dress, buyer=buyer, at="2027-06-14") == (0, 2_100)
    assert till(shop, dress, new, buyer=buyer, at="2027-06-15") == (400_000, 2_100)
    assert till(shop, dress, new, buyer=buyer, at="2027-02-05") == (500_000, 0)
    found = offer(shop, basket=basket(line(50_000)), buyer=buyer, balance=9_999)
    assert [(one.points, one.worth_minor) for one in found.suggestions] == [(1_000, 20_000)]
    assert discount_sentences(shop, currency="VND", language="vi", on=date(2027, 3, 1)) == [
        "Giảm giá giữa năm: giảm 20%, trừ hàng có nhãn mới về,"
        " từ ngày 15/06/2027, đến hết 30/06/2027."
    ]


def test_grocery_leaves_out_what_may_not_be_promoted_and_doubles_greens():
    shop = starter("grocery")
    greens, rice = line(100_000, category="Rau củ"), line(60_000)
    tobacco, card = line(40_000, category="Thuốc lá"), line(100_000, labels=["thẻ cào"])
    buyer = Buyer("khach-quen")

    assert till(shop, greens, rice, tobacco, card, buyer=buyer, at="2026-11-21") == (0, 13)
    assert till(shop, greens, buyer=Buyer("khach-quen", given={"rau-cu": 18}), at="2026-11-22") == (
        0,
        7,
    )
    assert till(shop, tobacco, card, buyer=buyer, at="2026-11-23") == (0, 0)
    found = offer(shop, basket=basket(rice, tobacco), buyer=buyer, balance=1_000)
    assert (found.most, found.most_minor) == (250, 50_000)  # Half of 100.000đ.
    assert pay_sentences(shop, currency="VND", language="vi")[0] == (
        "Khi thanh toán, 1 điểm = 200đ, dùng theo bội số của 50 điểm, tối đa 50% hoá đơn."
    )
