"""Starbucks Rewards and Sephora Beauty Insider, whole, in cents and with their own figures."""

from loyalty.programme.basket import Line
from loyalty.programme.birthdays import Birthday
from loyalty.programme.bonuses import Event
from tests.factories.published import BORN, Shop, tier

DRINK = frozenset({"drink"})


def a_drink(window: str) -> str:
    """A free one at the birthday, of up to 10 dollars."""
    return (
        '[[tiers.discounts]]\nkey = "birthday"\nname = "Birthday drink"\npercent = 100\n'
        f'cap_minor = 1_000\nlabels = ["drink"]\nbirthday = {window}\n'
    )


def double_day(day: str, *keys: str) -> str:
    tiers = f"tiers = {list(keys)}\n" if keys else ""
    return (
        f'[[earn]]\nkey = "double-{day}{len(keys)}"\nname = "Double Star Day"\nmultiplier = 2\n'
        f"from = {day}\nto = {day}\n{tiers}"
    )


DAYS_OF_GOLD = ("2026-04-15", "2026-06-10", "2026-09-16", "2026-11-11")
DAYS_OF_RESERVE = ("2026-05-20", "2026-08-05")
STARBUCKS = Shop.of(
    '[points]\nname = "Stars"\nname_en = "Stars"\nexpire_after_inactive_months = 6\n',
    '[tier_rules]\nby = "points"\nwindow = "rolling"\nmonths = 12\ndowngrade = "review"\n',
    "[pay]\nmoney_minor = 200\npoints = 60\n",  # 60 Stars: 2 dollars off.
    '[[earn]]\nkey = "buy"\nname = "Purchase"\npoints = 1\nper_minor = 100\n',
    *(double_day(day, "gold", "reserve") for day in DAYS_OF_GOLD),
    *(double_day(day, "reserve") for day in DAYS_OF_RESERVE),
    tier("green", entry_points=0, multiplier=1, more=a_drink('"day"')),
    tier(
        "gold",
        entry_points=500,
        multiplier=1.2,
        never_expire="true",
        more=a_drink("{ days = 7 }"),
    ),
    tier(
        "reserve",
        entry_points=2_500,
        multiplier=1.7,
        never_expire="true",
        more=a_drink("{ days = 30 }"),
    ),
)
LEVELS = ("green", "gold", "reserve")


def test_starbucks_gives_stars_for_dollars_by_level():
    stars = [STARBUCKS.points(1_050, tier=key, on="2026-06-11") for key in LEVELS]

    assert stars == [10, 12, 17]


def test_starbucks_doubles_them_on_four_days_for_gold_and_six_for_reserve():
    days = [*DAYS_OF_GOLD, *DAYS_OF_RESERVE]

    def doubled(key):
        usual = STARBUCKS.points(1_000, tier=key, on="2026-04-14")
        return sum(STARBUCKS.points(1_000, tier=key, on=day) == 2 * usual for day in days)

    assert [doubled(key) for key in LEVELS] == [0, 4, 6]
    assert STARBUCKS.points(1_050, tier="gold", on="2026-06-10") == 24


def test_starbucks_stars_of_green_last_six_months_and_longer_with_activity():
    assert STARBUCKS.ends("2026-12-15") == "2027-06-30"  # Gone on 1 July.
    assert STARBUCKS.kept("2027-06-20") == "2027-12-31"
    assert [STARBUCKS.ends("2026-12-15", tier=key) for key in ("gold", "reserve")] == [None, None]


def test_starbucks_levels_go_by_the_stars_of_twelve_months():
    spring, winter = ("2026-01-05", 0, 499), ("2026-12-30", 0, 1)

    assert STARBUCKS.tier("2026-12-31", spring) == "green"
    assert STARBUCKS.tier("2026-12-31", spring, winter) == "gold"
    assert STARBUCKS.tier("2027-01-05", spring, ("2027-01-05", 0, 1)) == "green"
    assert STARBUCKS.tier("2026-12-31", ("2026-01-05", 0, 2_499), winter) == "reserve"


def test_starbucks_gives_a_birthday_drink_for_one_seven_or_thirty_days():
    drink = Line(650, labels=DRINK)
    days = ("2026-10-20", "2026-10-26", "2026-10-27", "2026-11-18", "2026-11-19")

    def free(key):
        return [STARBUCKS.off(drink, 500, tier=key, on=day, born=BORN) for day in days]

    assert free("green") == [650, 0, 0, 0, 0]
    assert free("gold") == [650, 650, 0, 0, 0]
    assert free("reserve") == [650, 650, 650, 650, 0]


def test_starbucks_takes_two_dollars_off_for_sixty_stars_and_pro_rates_what_is_left():
    assert [STARBUCKS.payable(stars, 1_000).most for stars in (59, 60, 119, 400)] == [
        *(0, 60, 60, 300),
    ]
    assert STARBUCKS.payable(60, 1_000).most_minor == 200
    assert STARBUCKS.points(1_000, with_points=60) == 8
    # 25, 100, 200 … Stars buy rewards of the catalogue.


SEPHORA = Shop.of(
    "[points]\nexpire_after_inactive_months = 12\n",
    '[tier_rules]\nwindow = "calendar_year"\ndowngrade = "review"\n',
    "[pay]\nmoney_minor = 1_000\npoints = 500\n",  # 500 points: 10 dollars.
    '[[earn]]\nkey = "buy"\nname = "Purchase"\npoints = 1\nper_minor = 100\n',
    # 250 points are the gift of those who do not choose the one of the catalogue; how many a
    # profile and a survey (a review) bring is not published: examples.
    '[bonuses.birthday]\npoints = 250\nwindow = "month"\n',
    "[bonuses.profile]\npoints = 50\n[bonuses.survey]\npoints = 10\n",
    '[[earn]]\nkey = "birthday"\nname = "Birthday month"\nmultiplier = 2\nbirthday = "month"\n',
    tier("insider", entry_minor=0, multiplier=1),
    tier("vib", entry_minor=35_000, multiplier=1.25),
    tier("rouge", entry_minor=100_000, multiplier=1.5),
)
RANKS = ("insider", "vib", "rouge")


def test_sephora_gives_points_by_tier_and_twice_in_the_birthday_month():
    assert [SEPHORA.points(10_000, tier=key) for key in RANKS] == [100, 125, 150]
    born = {"on": "2026-10-31", "born": BORN}
    assert [SEPHORA.points(10_000, tier=key, **born) for key in RANKS] == [200, 250, 300]
    assert SEPHORA.points(10_000, on="2026-10-31", born=Birthday(1, 11)) == 100


def test_sephora_keeps_a_tier_for_the_rest_of_the_year_and_the_whole_next():
    spent = ("2025-11-20", 35_000, 0)
    days = ("2025-11-20", "2026-12-31", "2027-01-01")

    assert [SEPHORA.tier(day, spent) for day in days] == ["vib", "vib", "insider"]
    assert SEPHORA.tier("2027-12-31", spent, ("2026-03-01", 35_000, 0)) == "vib"
    assert SEPHORA.tier("2026-06-01", spent, ("2026-06-01", 100_000, 0)) == "rouge"


def test_sephora_counts_what_is_spent_and_not_the_points_that_are_left():
    spent_and_redeemed = [("2026-03-01", 35_000, 350), ("2026-04-01", 0, -350)]

    assert SEPHORA.tier("2026-12-31", *spent_and_redeemed) == "vib"


def test_sephora_takes_ten_dollars_off_for_five_hundred_points():
    assert [SEPHORA.payable(points, 5_000).most for points in (499, 500, 999, 1_000)] == [
        *(0, 500, 500, 1_000),
    ]
    assert SEPHORA.payable(500, 5_000).most_minor == 1_000


def test_sephora_lets_points_go_after_a_year_without_a_purchase():
    assert SEPHORA.ends("2026-03-05") == "2027-03-31"
    assert SEPHORA.kept("2026-11-22") == "2027-11-30"


def test_sephora_gives_points_at_the_birthday_and_for_a_profile():
    gifts = {bonus.event: bonus.points for bonus in SEPHORA.programme.bonuses.given}

    assert gifts == {Event.BIRTHDAY: 250, Event.PROFILE: 50, Event.SURVEY: 10}
