"""Rules that real shops publish, as far as the document can say them, with their own figures."""

from datetime import date, datetime, time

from loyalty.programme.basket import Basket, Buyer
from loyalty.programme.document import parse
from loyalty.programme.earning import earn, last_day
from loyalty.programme.sentences import earn_sentence
from loyalty.programme.versions import Rules
from loyalty.tiers.rules import Course, recount
from loyalty.tiers.windows import Event
from tests.factories.clock import SAIGON

NOON = time(12)


def shop(rules, tiers, *, by="minor", points=1, per_minor=1_000):
    """A document with one everyday rule (none for 0 points) and (key, entry, more lines) tiers."""
    document = rules
    if points:
        document += f'\n[[earn]]\nname = "Mua"\npoints = {points}\nper_minor = {per_minor}\n'
    for key, entry, *more in tiers:
        document += f'[[tiers]]\nkey = "{key}"\nname = "{key}"\nentry_{by} = {entry}\n'
        document += "".join(f"{line}\n" for line in more)
    return parse(document)


def points(programme, total_minor, *, tier=None, on="2026-06-10"):
    at = datetime.combine(date.fromisoformat(on), NOON, tzinfo=SAIGON)
    chosen = programme.tier(tier) if tier else programme.tiers[0]
    return earn(programme, basket=Basket.of_total(total_minor, at), buyer=Buyer(chosen.key)).points


def ends(programme, earned_on, *, tier=None):
    chosen = programme.tier(tier) if tier else programme.tiers[0]
    day = last_day(programme, earned_on=date.fromisoformat(earned_on), tier=chosen)
    return day and day.isoformat()


def tier(programme, day, *events):
    """The tier on that day after (day, spend, points) events."""
    course = Course(((datetime(1990, 1, 1, tzinfo=SAIGON), Rules(1, 1, programme)),), SAIGON)
    happened = [(date.fromisoformat(on), spend, earned) for on, spend, earned in events]
    rows = [
        Event(datetime.combine(on, NOON, tzinfo=SAIGON), on, spend, earned)
        for on, spend, earned in happened
    ]
    return recount(1, rows, through=date.fromisoformat(day), course=course).tier_key


def test_aotanica():
    programme = shop(
        '[tier_rules]\nby = "points"\n',
        [("member", 0), ("bac", 1_000), ("vang", 2_000), ("bach-kim", 5_000), ("kim", 10_001)],
        by="points",
    )

    assert earn_sentence(programme, currency="VND", language="vi") == "1.000đ = 1 điểm"
    assert points(programme, 1_234_567) == 1_234
    reached = [programme.tier_for(n).key for n in (1, 999, 1_000, 2_000, 5_000, 10_000, 10_001)]
    assert reached == ["member", "member", "bac", "vang", "bach-kim", "bach-kim", "kim"]


def test_myphamhq():
    programme = shop(
        '[points]\nexpire_each_year_on = "4/4"\n'
        '[tier_rules]\nby = "points"\nwindow = "calendar_year"\ndowngrade = "review"\n',
        [
            ("thuong", 0),
            ("vip", 1_000, "renewal_points = 500"),
            ("vvip", 2_000, "renewal_points = 1_000"),
        ],
        by="points",
        per_minor=10_000,
    )

    assert points(programme, 159_000) == 15
    assert ends(programme, "2026-04-04") == "2026-04-04"
    assert ends(programme, "2026-04-05") == "2027-04-04"
    vip, vvip = ("2025-05-01", 0, 1_000), ("2025-05-01", 0, 2_000)
    assert tier(programme, "2027-01-01", vip, ("2026-05-01", 0, 500)) == "vip"
    assert tier(programme, "2027-01-01", vip, ("2026-05-01", 0, 499)) == "thuong"
    assert tier(programme, "2027-01-01", vvip, ("2026-05-01", 0, 1_000)) == "vvip"
    assert tier(programme, "2027-01-01", vvip, ("2026-05-01", 0, 999)) == "vip"


def test_onways():
    """5, 7 and 10 % of the bill in points of 1.000đ."""
    percents = "".join(
        f'[[earn]]\nname = "{key}"\npoints = {percent}\nper_minor = 100_000\ntiers = ["{key}"]\n'
        for key, percent in (("member", 5), ("vip", 7), ("vvip", 10))
    )
    programme = shop(
        '[points]\nexpire_each_year_on = "31/3"\n[rounding]\nstage = "end"\n' + percents,
        [("member", 0), ("vip", 10_000_000), ("vvip", 30_000_000)],
        points=0,
    )

    bills = [points(programme, 350_000, tier=key) for key in ("member", "vip", "vvip")]
    assert bills == [17, 24, 35]  # 17.5, 24.5 and 35 thousand đồng, whole points.
    assert ends(programme, "2026-11-22") == "2027-03-31"
    assert tier(programme, "2039-01-01", ("2026-01-01", 10_000_000, 0)) == "vip"


def test_catsa():
    programme = shop('[points]\nexpire_each_year_on = "31/10"\n', [("member", 0)], per_minor=20_000)

    assert [points(programme, bill) for bill in (19_999, 20_000, 1_000_000)] == [0, 1, 50]
    assert ends(programme, "2026-10-31") == "2026-10-31"
    assert ends(programme, "2026-11-01") == "2027-10-31"


def test_routine():
    """Kept for 12 months with 500, 1.000 or 2.000; else down one. The entries are examples."""
    programme = shop(
        '[tier_rules]\nby = "points"\nwindow = "rolling"\nmonths = 12\n'
        'downgrade = "review"\nsteps = "one"\n',
        [
            ("member", 0),
            ("bac", 1_000, "renewal_points = 500"),
            ("vang", 2_000, "renewal_points = 1_000"),
            ("kim-cuong", 4_000, "renewal_points = 2_000"),
        ],
        by="points",
    )
    top = ("2024-03-10", 0, 4_000)

    assert tier(programme, "2026-03-09", top) == "kim-cuong"
    assert tier(programme, "2026-03-10", top) == "vang"
    assert tier(programme, "2027-03-10", top) == "bac"
    assert tier(programme, "2026-03-10", top, ("2025-06-01", 0, 1_999)) == "vang"
    assert tier(programme, "2026-03-10", top, ("2025-06-01", 0, 2_000)) == "kim-cuong"


def test_hyundaihatinh():
    """Up at once, reviewed after 12 months, down one: counted in visits."""
    programme = shop(
        '[tier_rules]\nby = "visits"\nwindow = "rolling"\nmonths = 12\n'
        'downgrade = "review"\nsteps = "one"\n',
        [("member", 0), ("bac", 2), ("vang", 4)],
        by="visits",
    )
    visits = [(f"2025-0{month}-01", 500_000, 0) for month in (1, 2, 3, 4)]

    assert [tier(programme, "2025-04-01", *visits[:count]) for count in (1, 2, 4)] == [
        "member",
        "bac",
        "vang",
    ]
    days = ("2026-03-31", "2026-04-01", "2027-03-31", "2027-04-01")
    assert [tier(programme, day, *visits) for day in days] == ["vang", "bac", "bac", "member"]


def test_florasvanity():
    programme = shop(
        '[points]\nexpire_each_year_on = "31/12"\n'
        '[tier_rules]\nwindow = "calendar_year"\ndowngrade = "review"\n',
        [("member", 0), ("vip", 5_000_000)],
    )

    assert ends(programme, "2026-06-10") == "2026-12-31"
    spent = ("2026-06-10", 5_000_000, 0)
    assert [tier(programme, day, spent) for day in ("2027-12-31", "2028-01-01")] == [
        "vip",
        "member",
    ]


def test_tony4men():
    """The tiers of its 3, 5 and 8 %, by all that was ever spent. The entries are examples."""
    programme = shop("", [("member", 0), ("bac", 2_000_000), ("vang", 5_000_000)])

    assert (
        tier(programme, "2039-01-01", ("2024-01-01", 1_999_999, 0), ("2026-01-01", 1, 0)) == "bac"
    )


def test_trf():
    programme = shop("", [("member", 0)], per_minor=10_000)

    assert points(programme, 255_000) == 25


def test_toys4kids():
    """Everything ends on 31/12 but what was ordered in the last days of the year."""
    programme = shop(
        '[points]\nexpire_each_year_on = "31/12"\nlast_at_least_days = 7\n',
        [("member", 0)],
        per_minor=10_000,
    )

    assert ends(programme, "2026-12-24") == "2026-12-31"
    assert ends(programme, "2026-12-25") == "2027-12-31"
    assert points(programme, 600_000) == 60


def test_the_coffee_house():
    """Members, gold and diamond. The entries are examples."""
    programme = shop(
        '[tier_rules]\nby = "points"\n',
        [("member", 0), ("gold", 500), ("diamond", 3_000)],
        by="points",
    )

    assert tier(programme, "2026-01-01", ("2026-01-01", 0, 500)) == "gold"
    assert programme.tier_after(programme.tier("gold")) == programme.tier("diamond")


def test_starbucks_rewards():
    """Stars for cents; six months month by month for Green, for ever above; double days."""
    programme = shop(
        '[points]\nname = "Stars"\nname_en = "Stars"\nexpire_after_months = 6\n'
        '[tier_rules]\nby = "points"\nwindow = "rolling"\nmonths = 12\ndowngrade = "review"\n'
        '[[earn]]\nname = "Double Star Day"\nmultiplier = 2\nfrom = 2026-06-10\nto = 2026-06-10\n',
        [
            ("green", 0, "multiplier = 1"),
            ("gold", 500, "multiplier = 1.2", "never_expire = true"),
            ("reserve", 2_500, "multiplier = 1.7", "never_expire = true"),
        ],
        by="points",
        per_minor=100,
    )

    bill = {"total_minor": 1_050, "on": "2026-06-11"}
    assert [points(programme, tier=key, **bill) for key in ("green", "gold", "reserve")] == [
        10,
        12,
        17,
    ]
    assert points(programme, 1_050, tier="gold", on="2026-06-10") == 24
    assert ends(programme, "2026-12-15") == "2027-06-30"  # Gone on 1 July.
    assert (ends(programme, "2026-12-15", tier="gold")) is None
    assert tier(programme, "2026-12-31", ("2026-01-05", 0, 499)) == "green"
    assert tier(programme, "2026-12-31", ("2026-01-05", 0, 499), ("2026-12-30", 0, 1)) == "gold"
    assert tier(programme, "2027-01-05", ("2026-01-05", 0, 499), ("2027-01-05", 0, 1)) == "green"


def test_sephora_beauty_insider():
    """Status for the rest of the year and all of the next; spend counts, not the balance."""
    programme = shop(
        '[tier_rules]\nwindow = "calendar_year"\ndowngrade = "review"\n',
        [
            ("insider", 0, "multiplier = 1"),
            ("vib", 35_000, "multiplier = 1.25"),
            ("rouge", 100_000, "multiplier = 1.5"),
        ],
        per_minor=100,
    )

    assert [points(programme, 10_000, tier=key) for key in ("insider", "vib", "rouge")] == [
        100,
        125,
        150,
    ]
    spent = ("2025-11-20", 35_000, 0)
    days = ("2025-11-20", "2026-12-31", "2027-01-01")
    assert [tier(programme, day, spent) for day in days] == ["vib", "vib", "insider"]
    assert tier(programme, "2027-12-31", spent, ("2026-03-01", 35_000, 0)) == "vib"
    assert tier(programme, "2026-06-01", spent, ("2026-06-01", 100_000, 0)) == "rouge"
