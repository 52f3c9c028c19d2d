"""The rules of tiers, in memory: what counts, when a tier is lost, and what changes nothing."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.programme.document import InvalidProgramme, parse
from loyalty.programme.tier_sentences import standing_sentences
from loyalty.programme.versions import Rules
from loyalty.tiers.rules import Climb, Course, recount
from loyalty.tiers.windows import Event
from tests.factories.clock import SAIGON

EARN = '[[earn]]\nname = "Mua"\npoints = 1\nper_minor = 1_000\n'
LIFETIME = ""
ROLLING_REVIEW = 'window = "rolling"\nmonths = 12\ndowngrade = "review"\n'
ROLLING_AT_ONCE = 'window = "rolling"\nmonths = 12\ndowngrade = "at_once"\n'
YEAR = 'window = "calendar_year"\ndowngrade = "review"\n'
LADDERS = [
    LIFETIME,
    'downgrade = "at_once"\n',
    'window = "rolling"\nmonths = 3\n',
    ROLLING_REVIEW,
    ROLLING_REVIEW + 'steps = "one"\ngrace_days = 15\n',
    ROLLING_AT_ONCE + "grace_days = 7\n",
    YEAR,
    YEAR + 'carry_over = false\nsteps = "one"\n',
    'by = "points"\n' + YEAR,
    'by = "visits"\n' + ROLLING_AT_ONCE,
]


def programme(ladder="", *, silver=(1_000, None), gold=(2_000, None)):
    ending = next((by for by in ("points", "visits") if f'"{by}"' in ladder), "minor")
    tiers = f'[[tiers]]\nkey = "moi"\nname = "Mới"\nentry_{ending} = 0\n'
    for key, name, (entry, renewal) in (("bac", "Bạc", silver), ("vang", "Vàng", gold)):
        tiers += f'[[tiers]]\nkey = "{key}"\nname = "{name}"\nentry_{ending} = {entry}\n'
        tiers += f"renewal_{ending} = {renewal}\n" if renewal is not None else ""
    return parse(EARN + f"[tier_rules]\n{ladder}" + tiers)


def course(*programmes):
    """The first from ever, each other one from 2026, 2027 …"""
    moments = [datetime(1990 if not n else 2025 + n, 1, 1, tzinfo=SAIGON) for n in range(9)]
    rules = [Rules(number, number, one) for number, one in enumerate(programmes, 1)]
    return Course(tuple(zip(moments, rules, strict=False)), SAIGON)


def event(day, spend_minor=0, points=0, *, hour=12):
    on = date.fromisoformat(day) if isinstance(day, str) else day
    return Event(datetime.combine(on, time(hour), tzinfo=SAIGON), on, spend_minor, points)


def tiers(rules, events, *days):
    """The tier on each of these days."""
    ends = [date.fromisoformat(day) for day in days]
    return [
        recount(1, [one for one in events if one.on <= end], through=end, course=rules).tier_key
        for end in ends
    ]


def test_by_default_lifetime_spend_counts_and_a_tier_is_kept():
    rules = course(programme())

    assert tiers(
        rules, [event("2020-01-01", 999), event("2025-01-01", 1)], "2025-01-01", "2039-01-01"
    ) == [
        "bac",
        "bac",
    ]


def test_points_count_where_the_shop_says_so():
    rules = course(programme('by = "points"\n'))

    assert tiers(rules, [event("2026-01-01", 10**9, 999)], "2026-01-01") == ["moi"]
    assert tiers(rules, [event("2026-01-01", 1, 1_000)], "2026-01-01") == ["bac"]


def test_a_visit_is_a_day_with_a_sale():
    rules = course(programme('by = "visits"\n', silver=(2, None), gold=(3, None)))
    twice = [event("2026-01-01", 5), event("2026-01-01", 5, hour=18)]

    assert tiers(rules, twice, "2026-01-01") == ["moi"]
    assert tiers(rules, [*twice, event("2026-01-02", 5)], "2026-01-02") == ["bac"]
    assert tiers(rules, [*twice, event("2026-01-02", -5)], "2026-01-02") == ["moi"]


def test_a_rolling_window_forgets_and_at_once_means_that_day():
    rules = course(programme(ROLLING_AT_ONCE))
    events = [event("2025-03-10", 600), event("2025-06-01", 400)]

    assert tiers(rules, events, "2025-05-31", "2025-06-01", "2026-03-09", "2026-03-10") == [
        "moi",
        "bac",
        "bac",
        "moi",
    ]


def test_days_of_grace_let_purchases_count_longer_for_keeping():
    rules = course(programme(ROLLING_AT_ONCE + "grace_days = 10\n"))
    events = [event("2025-03-10", 1_000)]

    assert tiers(rules, events, "2026-03-19", "2026-03-20") == ["bac", "moi"]
    assert tiers(rules, [*events, event("2026-03-19", 1_000)], "2026-03-20") == ["bac"]


def test_at_the_review_a_tier_is_kept_with_less_than_it_took():
    rules = course(programme(ROLLING_REVIEW, silver=(1_000, 500)))
    reached = event("2025-03-10", 1_000)

    assert tiers(rules, [reached], "2026-03-09", "2026-03-10") == [
        "bac",
        "bac",
    ]  # It counts itself.
    assert tiers(rules, [reached], "2027-03-09", "2027-03-10") == ["bac", "moi"]
    assert tiers(rules, [reached, event("2026-05-01", 500)], "2027-03-10", "2028-03-10") == [
        "bac",
        "moi",
    ]
    assert tiers(rules, [reached, event("2026-05-01", 499)], "2027-03-10") == ["moi"]


def test_a_review_may_go_down_one_tier_or_straight():
    reached = [event("2025-03-10", 2_000)]
    days = ("2027-03-09", "2027-03-10", "2028-03-10")

    assert tiers(course(programme(ROLLING_REVIEW)), reached, *days) == ["vang", "moi", "moi"]
    one = course(programme(ROLLING_REVIEW + 'steps = "one"\n'))
    assert tiers(one, reached, *days) == ["vang", "bac", "moi"]


def test_straight_down_is_to_the_tier_that_what_counts_keeps():
    rules = course(programme(ROLLING_REVIEW, silver=(1_000, 300), gold=(2_000, 1_500)))
    events = [event("2025-03-10", 2_000), event("2026-06-01", 300)]

    assert tiers(rules, events, "2027-03-10") == ["bac"]


def test_grace_after_a_review_counts_the_purchases_of_those_days():
    rules = course(programme(ROLLING_REVIEW + "grace_days = 30\n"))
    reached = event("2025-03-10", 1_000)

    assert tiers(rules, [reached], "2027-04-08", "2027-04-09") == ["bac", "moi"]
    saved = [reached, event("2027-04-08", 1_000)]
    assert tiers(rules, saved, "2027-04-09", "2028-04-08") == ["bac", "bac"]


def test_a_calendar_year_carries_over_through_the_whole_next_one():
    rules = course(programme(YEAR))
    reached = event("2025-11-20", 1_000)

    assert tiers(rules, [reached], "2025-12-31", "2026-12-31", "2027-01-01") == [
        "bac",
        "bac",
        "moi",
    ]
    again = [reached, event("2026-01-01", 1_000)]
    assert tiers(rules, again, "2027-01-01", "2027-12-31", "2028-01-01") == ["bac", "bac", "moi"]
    halves = [event("2025-12-31", 500), event("2026-01-01", 500)]
    assert tiers(rules, halves, "2026-01-01") == ["moi"]


def test_without_carry_over_everybody_starts_again_on_new_year():
    rules = course(programme(YEAR + "carry_over = false\n"))

    assert tiers(rules, [event("2025-01-05", 2_000)], "2025-12-31", "2026-01-01") == ["vang", "moi"]


def test_a_refund_takes_a_tier_at_once_or_never():
    events = [event("2026-01-01", 1_000), event("2026-01-02", -1)]

    assert tiers(course(programme()), events, "2026-01-02") == ["bac"]
    assert tiers(course(programme('downgrade = "at_once"\n')), events, "2026-01-02") == ["moi"]


def test_a_version_that_asks_for_more_takes_nobodys_tier():
    rules = course(programme(), programme(silver=(1_500, None)))

    assert tiers(rules, [event("2025-06-01", 1_000)], "2026-06-01") == ["bac"]
    late = [event("2025-06-01", 500), event("2026-06-01", 700)]
    assert tiers(rules, late, "2026-06-01") == ["moi"]


def test_where_reviews_are_new_their_time_begins_on_that_day():
    rules = course(programme(), programme(ROLLING_REVIEW))
    events = [event("2020-06-01", 1_000)]

    assert tiers(rules, events, "2026-12-31", "2027-01-01") == ["bac", "moi"]


sale = st.tuples(
    st.integers(0, 900),
    st.sampled_from([-400, 100, 400, 1_000, 2_000]),
    st.sampled_from([1, 500, 1_100]),
)


def events_of(sales):
    first = date(2025, 1, 1)
    return [event(first + timedelta(days=day), spend, points) for day, spend, points in sales]


def facts(climb):
    return (climb.tier_key, climb.earned_key, climb.held_through, climb.spend_minor, climb.visits)


@given(
    st.sampled_from(LADDERS),
    st.sampled_from(LADDERS),
    st.lists(sale, max_size=12, unique_by=lambda one: one[0]),
    st.lists(st.integers(0, 1_300), max_size=6),
    st.randoms(use_true_random=False),
)
def test_neither_the_order_of_learning_nor_the_days_of_reviewing_matter(
    first, second, sales, reviews, random
):
    rules = course(programme(first), programme(second))
    if programme(first).tier_rules.by is not programme(second).tier_rules.by:
        rules = course(programme(first))
    events = events_of(sorted(sales))
    end = date(2029, 1, 1)
    wanted = recount(1, events, through=end, course=rules)

    climb, shuffled = Climb(1), list(events)
    random.shuffle(shuffled)
    days = sorted(reviews)
    for one in shuffled:
        climb = climb.qualify(one, rules)
        if days:
            climb = climb.advance(date(2025, 1, 1) + timedelta(days=days.pop(0)), rules)
    assert facts(climb.advance(end, rules)) == facts(wanted)


@given(st.sampled_from(LADDERS), st.sampled_from(LADDERS), st.lists(sale, max_size=12))
def test_a_window_needs_no_more_than_the_events_it_is_given(first, second, sales):
    """A climb from the store holds the newest events only; it comes to the same."""
    rules = course(programme(first), programme(second))
    whole = stored = Climb(1)
    for one in events_of(sorted(sales)):
        whole = whole.qualify(one, rules)
        horizon = rules.horizon or timedelta(0)
        newest = tuple(
            old
            for old in stored.events
            if stored.counted_at and old.at >= stored.counted_at - horizon
        )
        stored = stored._replace(events=newest, complete=not stored.counted_at)
        stored = stored.qualify(one, rules)
    end = date(2029, 1, 1)
    assert facts(stored.advance(end, rules)) == facts(whole.advance(end, rules))


def test_tiers_in_sentences():
    rules = programme(ROLLING_REVIEW + 'steps = "one"\ngrace_days = 15\n', silver=(1_000, 500))

    assert standing_sentences(rules, currency="VND", language="vi") == [
        "Hạng tính theo 12 tháng gần nhất.",
        "Hạng được giữ 12 tháng rồi xét lại; chưa đủ thì xuống một hạng.",
        "Bạc: giữ hạng từ 500đ.",
        "Mua trong 15 ngày sau đó vẫn được tính để giữ hạng.",
    ]
    assert standing_sentences(programme(YEAR), currency="VND", language="en") == [
        "A tier counts what falls into one year, from 1 January to 31 December.",
        "A tier is held through the end of the next year and then reviewed;"
        " who falls short goes down to the highest tier they still qualify for.",
    ]


@pytest.mark.parametrize(
    ("ladder", "error"),
    [
        ("months = 12\n", 'dòng 6: tier_rules.months: chỉ dùng khi window = "rolling"'),
        (
            'downgrade = "review"\n',
            "dòng 6: tier_rules.downgrade: xét lại hạng thì khoảng tính phải có hạn",
        ),
        (
            'window = "calendar_year"\ndowngrade = "at_once"\n',
            'dòng 7: tier_rules.downgrade: hạng theo năm chỉ mất khi xét lại: downgrade = "review"',
        ),
        ("grace_days = 5\n", "dòng 6: tier_rules.grace_days: chỉ dùng khi hạng có thể mất"),
        (
            'window = "rolling"\n',
            "dòng 5: tier_rules.months: một số nguyên từ 1 đến 60",
        ),
        ('by = "money"\n', "dòng 6: tier_rules.by: một trong: spend, points, visits"),
    ],
)
def test_a_mistake_in_the_tier_rules_is_named(ladder, error):
    with pytest.raises(InvalidProgramme) as refused:
        programme(ladder)

    assert refused.value.errors[0] == error


def test_thresholds_are_in_what_counts():
    with pytest.raises(InvalidProgramme, match=r"tiers\[1\]\.entry_minor: không có khoá này"):
        parse(
            EARN
            + '[tier_rules]\nby = "points"\n[[tiers]]\nkey = "a"\nname = "A"\nentry_minor = 0\n'
        )


@pytest.mark.parametrize(
    ("ladder", "silver", "error"),
    [
        (LIFETIME, (1_000, 500), "chỉ dùng khi hạng có thể mất"),
        (ROLLING_REVIEW, (1_000, 1_001), "không nhiều hơn mức để lên hạng"),
    ],
)
def test_a_renewal_must_make_sense(ladder, silver, error):
    with pytest.raises(InvalidProgramme, match=rf"tiers\[2\]\.renewal_minor: {error}"):
        programme(ladder, silver=silver)
