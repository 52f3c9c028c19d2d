"""Whatever stands behind a key, the document is read or refused by line; reading never breaks."""

import re

from loyalty.programme.document import InvalidProgramme, parse

EVERYTHING = """
[points]
name = "điểm"
name_en = "points"
expire_each_year_on = "31/12"
last_at_least_days = 60
unless_active = true
pending_days = 7

[basis]
discounts = "gross"
tax = "without"
shipping = "with"
paid_with_points = "with"

[rounding]
mode = "round"
stage = "end"

[[earn]]
key = "mua"
name = "Mua"
name_en = "Buy"
enabled = true
points = 1
per_minor = 10_000
from = 2026-01-01
to = 2027-12-31
weekdays = ["mon"]
hours = ["08:00-12:00"]
branches = ["quan-1"]
tiers = ["moi"]
min_order_minor = 5
code = "TET26"
birthday = "month"
skus = ["a"]
categories = ["b"]
labels = ["c"]
not_skus = ["d"]
not_categories = ["e"]
not_labels = ["f"]
cap_points = 10
cap_per = "week"
priority = 3
stackable = false
stop = true

[[earn]]
name = "Món"
points = 2
per = "unit"

[[earn]]
name = "Nhân"
multiplier = 1.5

[[marks]]
name = "Khuyến mãi"
name_en = "Promotion"
enabled = true
discounted = true
earns = false
counts_for_tier = false
pay_with_points = false

[[discounts]]
key = "sale"
name = "Giảm"
name_en = "Off"
enabled = true
percent = 12.5
cap_minor = 100
priority = 1
stackable = true
stop = false
birthday = { before = 3, after = 3 }

[pay]
enabled = true
money_minor = 100
points = 2
step = 4
minimum = 8
keep_at_least = 1
most_percent = 50

[birthdays]
leap_day = "01/03"

[refunds]
clawback = "negative"
lowest = -10
spent_points = "full_only"

[referral]
referrer_points = 5
friend_points = 5

[bonuses.birthday]
points = 5
window = "week"

[tier_rules]
by = "spend"
and_by = "visits"
window = "rolling"
months = 12
downgrade = "review"
steps = "one"
grace_days = 5

[[tiers]]
key = "moi"
name = "Mới"
entry_minor = 0
entry_visits = 0

[[tiers]]
key = "bac"
name = "Bạc"
name_en = "Silver"
entry_minor = 10
renewal_minor = 5
entry_visits = 2
renewal_visits = 1
multiplier = 1.2
expire_after_days = 300
free_shipping = true
perks = ["a"]
perks_en = ["b"]

[[tiers.discounts]]
key = "bac"
name = "Bạc"
percent = 5
"""
VALUES = (
    *("-1", "10_000_000_000_000_000", "1.5", "nan", "true", '""', '"x"', "2026-01-01T00:00:00Z"),
    *("[]", "[1]", '[["a"]]', "[{}]", "{ a = 1 }", "{ days = 0 }"),
)
HEADER = re.compile(r"^\[+[\w.]+\]+$", flags=re.MULTILINE)
PAIR = re.compile(r"^(\w+) = .*$", flags=re.MULTILINE)


def refusals(text: str) -> list[str]:
    try:
        parse(text)
    except InvalidProgramme as refused:
        return refused.errors
    return []


def test_the_whole_of_it_is_fine():
    assert refusals(EVERYTHING) == []


def test_no_value_behind_any_key_breaks_the_reading():
    for pair in PAIR.finditer(EVERYTHING):
        before, after = EVERYTHING[: pair.start()], EVERYTHING[pair.end() :]
        for value in VALUES:
            errors = refusals(f"{before}{pair[1]} = {value}{after}")
            assert all(error.startswith("dòng ") for error in errors)


def test_no_section_that_is_something_else_breaks_the_reading():
    sections = {header.strip("[]").split(".")[0] for header in HEADER.findall(EVERYTHING)}
    for name in sections:
        rest = re.sub(rf"(?ms)^\[+{name}[\].].*?(?=^\[+(?!{name})|\Z)", "", EVERYTHING)
        assert all(refusals(f"{name} = {value}\n{rest}") for value in VALUES if value != "[]")
