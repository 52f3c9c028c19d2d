"""
Rules that eleven Vietnamese shops publish, whole, with their own figures. What belongs to the
catalogue (which reward costs how many points, in which tier, how often) stands in a comment.
"""

from loyalty.programme.basket import Line
from loyalty.programme.benefit_sentences import pay_sentences
from loyalty.programme.bonuses import Event
from loyalty.programme.paying import Limit
from loyalty.programme.sentences import earn_sentence
from tests.factories.published import BORN, Shop, birthday, members_price, tier


def bought(points, per_minor):
    return f'[[earn]]\nkey = "mua"\nname = "Mua"\npoints = {points}\nper_minor = {per_minor}\n'


PROMOTION = frozenset({"khuyen-mai"})
PROMOTIONS_EARN_NOTHING = (
    '[[marks]]\nname = "Hàng khuyến mãi"\nlabels = ["khuyen-mai"]\nearns = false\n'
)


def test_aotanica():
    """1.000đ received = 1 point; 0 to 20 % by points; 30 % at the birthday, capped by tier."""
    percents = {"member": 0, "bac": 5, "vang": 10, "bach-kim": 15, "kim-cuong": 20}
    entries = (0, 1_000, 2_000, 5_000, 10_001)
    caps = (100_000, 200_000, 300_000, 400_000, 500_000)
    shop = Shop.of(
        '[basis]\ndiscounts = "net"\ntax = "without"\nshipping = "without"\n',
        '[tier_rules]\nby = "points"\n',
        bought(1, 1_000),
        *(
            tier(
                key,
                entry_points=entry,
                more=(members_price(percent) if percent else "")
                + birthday(30, "{ days = 30 }", cap),
            )
            for (key, percent), entry, cap in zip(percents.items(), entries, caps, strict=True)
        ),
    )

    assert earn_sentence(shop.programme, currency="VND", language="vi") == "1.000đ = 1 điểm"
    # 1.188.000đ with 88.000đ of tax, after a voucher of 108.000đ with 8.000đ of it.
    assert shop.points(Line(1_296_000, discount_minor=108_000, tax_minor=88_000)) == 1_100
    reached = [
        shop.programme.tier_for(n).key for n in (1, 999, 1_000, 2_000, 5_000, 10_000, 10_001)
    ]
    assert reached == [
        *("member", "member", "bac", "vang", "bach-kim", "bach-kim", "kim-cuong"),
    ]
    assert [shop.off(1_000_000, tier=key) for key in percents] == [
        *(0, 50_000, 100_000, 150_000, 200_000),
    ]
    # 30 % of 1.000.000đ would be 300.000đ; the two do not combine.
    assert [shop.off(1_000_000, tier=key, on="2026-10-20", born=BORN) for key in percents] == [
        *(100_000, 200_000, 300_000, 300_000, 300_000),
    ]
    assert [shop.off(2_000_000, tier=key, on="2026-10-20", born=BORN) for key in percents] == [
        *caps,
    ]
    days = ("2026-10-19", "2026-10-20", "2026-11-18", "2026-11-19")
    assert [shop.off(100_000, on=day, born=BORN) for day in days] == [0, 30_000, 30_000, 0]
    once = frozenset({"sinh-nhat:2026"})
    assert shop.off(100_000, on="2026-10-21", born=BORN, used=once) == 0
    # "A returned order loses its points": that is what every return does.


def test_myphamhq():
    """10.000đ = 1; points die every 4/4; VIP 1.000, VVIP 2.000 a year, kept at 500 and 1.000."""
    shop = Shop.of(
        '[points]\nexpire_each_year_on = "4/4"\n',
        '[tier_rules]\nby = "points"\nwindow = "calendar_year"\ndowngrade = "review"\n',
        bought(1, 10_000),
        tier("thuong", entry_points=0, more=birthday(10, '"week"')),
        tier("vip", entry_points=1_000, renewal_points=500, more=birthday(13, '"week"')),
        tier("vvip", entry_points=2_000, renewal_points=1_000, more=birthday(15, '"month"')),
    )

    assert shop.points(159_000) == 15
    assert [shop.ends(day) for day in ("2026-04-04", "2026-04-05")] == ["2026-04-04", "2027-04-04"]
    vip, vvip = ("2025-05-01", 0, 1_000), ("2025-05-01", 0, 2_000)
    assert shop.tier("2027-01-01", vip, ("2026-05-01", 0, 500)) == "vip"
    assert shop.tier("2027-01-01", vip, ("2026-05-01", 0, 499)) == "thuong"
    assert shop.tier("2027-01-01", vvip, ("2026-05-01", 0, 1_000)) == "vvip"
    assert shop.tier("2027-01-01", vvip, ("2026-05-01", 0, 999)) == "vip"
    # 20/10/2026 is a Tuesday: its week is 19/10 to 25/10, its month 1/10 to 31/10.
    days = ("2026-10-01", "2026-10-18", "2026-10-19", "2026-10-25", "2026-10-26", "2026-10-31")

    def off(key):
        return [shop.off(1_000_000, tier=key, on=day, born=BORN) for day in days]

    assert off("thuong") == [0, 0, 100_000, 100_000, 0, 0]
    assert off("vip") == [0, 0, 130_000, 130_000, 0, 0]
    assert off("vvip") == [150_000] * 6
    assert shop.off(1_000_000, tier="vvip", on="2026-11-01", born=BORN) == 0


def test_onways():
    """
    5, 7 and 10 % of the bill in points of 1.000đ, from 50 points on; reset 31/03, the tier kept;
    what is on promotion counts for the tier and takes points, but earns none.
    """
    percents = "".join(
        f'[[earn]]\nname = "{key}"\npoints = {percent}\nper_minor = 100_000\ntiers = ["{key}"]\n'
        for key, percent in (("member", 5), ("vip", 7), ("vvip", 10))
    )
    shop = Shop.of(
        '[points]\nexpire_each_year_on = "31/3"\n[rounding]\nstage = "end"\n',
        "[pay]\nmoney_minor = 1_000\nminimum = 50\nstep = 1\n",
        PROMOTIONS_EARN_NOTHING,
        percents,
        tier("member", entry_minor=0),
        tier("vip", entry_minor=10_000_000),
        tier("vvip", entry_minor=30_000_000),
    )

    # 17.5, 24.5 and 35 thousand đồng, whole points.
    assert [shop.points(350_000, tier=key) for key in ("member", "vip", "vvip")] == [17, 24, 35]
    assert shop.ends("2026-11-22") == "2027-03-31"
    assert shop.tier("2039-01-01", ("2026-01-01", 10_000_000, 0)) == "vip"
    reduced = Line(1_000_000, labels=PROMOTION)
    assert (shop.points(reduced), shop.points(reduced, 1_000_000)) == (0, 50)
    assert shop.priced(reduced, 1_000_000).tier_minor == 2_000_000
    assert [shop.payable(balance, reduced).most for balance in (49, 50, 51, 2_000)] == [
        *(0, 50, 51, 1_000),
    ]
    assert shop.payable(51, reduced).most_minor == 51_000
    assert shop.payable(49, reduced).limit is Limit.MINIMUM
    assert shop.points(1_000_000, with_points=400) == 30  # 5 % of the 600.000đ paid in money.


def test_onways_during_a_promotion_of_the_whole_shop():
    shop = Shop.of(
        '[[marks]]\nname = "Tuần khuyến mãi"\nearns = false\nfrom = 2026-11-23\nto = 2026-11-29\n',
        bought(5, 100_000),
        tier("member", entry_minor=0),
    )

    days = ("2026-11-22", "2026-11-23", "2026-11-29", "2026-11-30")
    assert [shop.points(1_000_000, on=day) for day in days] == [50, 0, 0, 50]
    assert shop.priced(1_000_000, on="2026-11-23").tier_minor == 1_000_000


def test_catsa():
    """20.000đ = 1 point = 1.000đ; used in fifties; reset 31/10; promotions earn nothing."""
    shop = Shop.of(
        '[points]\nexpire_each_year_on = "31/10"\n',
        "[pay]\nmoney_minor = 1_000\nstep = 50\n",
        PROMOTIONS_EARN_NOTHING,
        bought(1, 20_000),
        tier("member", entry_minor=0),
    )

    assert [shop.points(bill) for bill in (19_999, 20_000, 1_000_000)] == [0, 1, 50]
    assert shop.points(Line(400_000, labels=PROMOTION), 40_000) == 2
    assert shop.ends("2026-10-31") == "2026-10-31"
    assert shop.ends("2026-11-01") == "2027-10-31"
    assert [shop.payable(balance, 1_000_000).most for balance in (49, 50, 149, 150)] == [
        *(0, 50, 100, 150),
    ]
    assert shop.payable(50, 1_000_000).most_minor == 50_000
    assert [shop.payable(1_000, bill).most for bill in (49_999, 50_000, 149_999)] == [0, 50, 100]
    assert pay_sentences(shop.programme, currency="VND", language="vi")[0] == (
        "Khi thanh toán, 1 điểm = 1.000đ, dùng theo bội số của 50 điểm."
    )


def test_routine():
    """Kept for 12 months with 500, 1.000 or 2.000; else down one. The entries are examples."""
    shop = Shop.of(
        '[tier_rules]\nby = "points"\nwindow = "rolling"\nmonths = 12\n'
        'downgrade = "review"\nsteps = "one"\n',
        bought(1, 1_000),
        tier("member", entry_points=0),
        tier("bac", entry_points=1_000, renewal_points=500),
        tier("vang", entry_points=2_000, renewal_points=1_000),
        tier("kim-cuong", entry_points=4_000, renewal_points=2_000),
    )
    top = ("2024-03-10", 0, 4_000)

    assert shop.tier("2026-03-09", top) == "kim-cuong"
    assert shop.tier("2026-03-10", top) == "vang"
    assert shop.tier("2027-03-10", top) == "bac"
    assert shop.tier("2026-03-10", top, ("2025-06-01", 0, 1_999)) == "vang"
    assert shop.tier("2026-03-10", top, ("2025-06-01", 0, 2_000)) == "kim-cuong"
    for key, entry, enough in (("bac", 1_000, 500), ("vang", 2_000, 1_000)):
        reached = ("2025-03-10", 0, entry)
        assert shop.tier("2027-03-09", reached, ("2026-06-01", 0, enough)) == key
        assert shop.tier("2027-03-10", reached, ("2026-06-01", 0, enough)) == key
        assert shop.tier("2027-03-10", reached, ("2026-06-01", 0, enough - 1)) != key


def test_hyundaihatinh():
    """Visits and points together; up at once, reviewed after 12 months, down one."""
    shop = Shop.of(
        '[tier_rules]\nby = "points"\nand_by = "visits"\nwindow = "rolling"\nmonths = 12\n'
        'downgrade = "review"\nsteps = "one"\n',
        bought(1, 1_000),
        tier("member", entry_points=0, entry_visits=0),
        tier("bac", entry_points=1_000, entry_visits=2),
        tier("vang", entry_points=1_500, entry_visits=4),
    )
    visits = [(f"2025-0{month}-01", 500_000, 500) for month in (1, 2, 3, 4)]

    assert [shop.tier("2025-04-01", *visits[:count]) for count in (1, 2, 3, 4)] == [
        *("member", "bac", "bac", "vang"),
    ]
    one_day = ("2025-01-01", 2_000_000, 2_000)
    assert shop.tier("2025-04-01", one_day) == "member"  # Points for gold, but one visit.
    small = [(f"2025-0{month}-01", 1_000, 1) for month in (1, 2, 3, 4)]
    assert shop.tier("2025-04-01", *small) == "member"  # Visits for gold, but four points.
    days = ("2026-03-31", "2026-04-01", "2027-03-31", "2027-04-01")
    assert [shop.tier(day, *visits) for day in days] == ["vang", "bac", "bac", "member"]
    again = [(f"2025-{month}-01", 500_000, 500) for month in (11, 12)]
    assert shop.tier("2026-04-01", *visits, *again) == "bac"  # Enough points, a visit short.
    assert shop.tier("2026-04-01", *visits, *again, ("2026-01-01", 1, 0)) == "vang"


def test_florasvanity():
    """A tier by the calendar year; points end on 31/12 unless something was bought."""
    shop = Shop.of(
        '[points]\nexpire_each_year_on = "31/12"\nunless_active = true\n',
        '[tier_rules]\nwindow = "calendar_year"\ndowngrade = "review"\n',
        bought(1, 1_000),
        tier("member", entry_minor=0),
        tier("vip", entry_minor=5_000_000),
    )

    assert shop.ends("2026-06-10") == "2026-12-31"
    assert shop.kept("2026-06-10") == "2027-12-31"  # And with one in 2027, a year more.
    assert shop.kept("2027-12-31") == "2028-12-31"
    spent = ("2026-06-10", 5_000_000, 0)
    assert [shop.tier(day, spent) for day in ("2027-12-31", "2028-01-01")] == ["vip", "member"]
    # "Points returned keep their old expiry": that is what every return does.


def test_tony4men():
    """3, 5 and 8 % by all that was ever spent; −10 % three days around the birthday. The
    entries are examples."""
    shop = Shop.of(
        bought(1, 1_000),
        *(
            tier(
                key,
                entry_minor=entry,
                more=members_price(percent) + birthday(10, "{ before = 3, after = 3 }"),
            )
            for key, entry, percent in (
                ("member", 0, 3),
                ("bac", 2_000_000, 5),
                ("vang", 5_000_000, 8),
            )
        ),
    )

    assert shop.tier("2039-01-01", ("2024-01-01", 1_999_999, 0), ("2026-01-01", 1, 0)) == "bac"
    assert [shop.off(1_000_000, tier=key) for key in ("member", "bac", "vang")] == [
        *(30_000, 50_000, 80_000),
    ]
    days = ("2026-10-16", "2026-10-17", "2026-10-23", "2026-10-24")
    assert [shop.off(1_000_000, on=day, born=BORN) for day in days] == [
        *(30_000, 100_000, 100_000, 30_000),
    ]


def test_trf():
    """
    100 points for a friend brought along, 200 at the birthday. How many vouchers a month, the
    catalogue says.
    """
    shop = Shop.of(
        "[referral]\nreferrer_points = 100\n[bonuses.birthday]\npoints = 200\n",
        bought(1, 10_000),
        tier("member", entry_minor=0),
    )

    assert shop.points(255_000) == 25
    referral = shop.programme.referral
    assert referral is not None
    assert (referral.referrer_points, referral.friend_points) == (100, 0)
    gift = shop.programme.bonuses.of(Event.BIRTHDAY)
    assert gift is not None
    assert gift.points_for("member") == 200
    # One card per phone: customers.enrol refuses a number that is known.


def test_toys4kids():
    """
    Everything ends on 31/12 but what was ordered in the last days of the year. Its vouchers of
    30.000đ, 50.000đ and 100.000đ for 60, 100 and 200 points are rewards of the catalogue.
    """
    shop = Shop.of(
        '[points]\nexpire_each_year_on = "31/12"\nlast_at_least_days = 7\n',
        bought(1, 10_000),
        tier("member", entry_minor=0),
    )

    assert shop.ends("2026-12-24") == "2026-12-31"
    assert shop.ends("2026-12-25") == "2027-12-31"
    assert [shop.points(bill) for bill in (600_000, 1_000_000, 2_000_000)] == [60, 100, 200]


def test_the_coffee_house():
    """Members, gold and diamond (the entries are examples); who may redeem what, the catalogue says."""
    shop = Shop.of(
        '[tier_rules]\nby = "points"\n',
        bought(1, 1_000),
        tier("member", entry_points=0),
        tier("gold", entry_points=500),
        tier("diamond", entry_points=3_000),
    )

    assert shop.tier("2026-01-01", ("2026-01-01", 0, 500)) == "gold"
    programme = shop.programme
    assert programme.tier_after(programme.tier("gold")) == programme.tier("diamond")
    assert [programme.rank(key) for key in ("member", "gold", "diamond")] == [0, 1, 2]
