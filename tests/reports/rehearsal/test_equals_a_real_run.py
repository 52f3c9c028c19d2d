"""
A rehearsal says what a real run says: the shop is copied as it stood, the draft takes effect when
the days begin, every deed is done again through the product's services, and the tables are asked.
"""

from dataclasses import asdict

import pytest
from django.db import transaction

from loyalty.reports.rehearsal.rehearsing import rehearse
from tests.factories.clock import NOON
from tests.reports.rehearsal.lives import CAFE, DAYS, PAY, SINCE, TODAY, UNTIL, Copy, moves, plan
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db

GENEROUS = TODAY.replace("per_minor = 10_000", "per_minor = 8_000").replace("= 1.2\n", "= 1.25\n")
DRAFTS = {
    "more points, dearer tiers": GENEROUS.replace("= 3_000_000", "= 4_500_000"),
    "points end sooner": TODAY.replace("after_months = 12", "after_days = 45"),
    "buying keeps points": TODAY.replace("after_months", "after_inactive_months"),
    "discounts, and tiers to renew": CAFE
    + PAY
    + '\n[tier_rules]\nwindow = "rolling"\nmonths = 6\ndowngrade = "at_once"\n'
    + '\n[[discounts]]\nkey = "uong"\nname = "Uống"\npercent = 10\ncategories = ["drink"]\n'
    + '\n[[discounts]]\nkey = "bo"\nname = "Bộ"\nbuy = 1\nget = 1\npercent = 50\nstackable = true\n'
    + '\n[refunds]\nclawback = "clamp"\nspent_points = "full_only"\n',
    "a cap, points that wait": TODAY.replace(
        "per_minor = 10_000\n", 'per_minor = 5_000\ncap_points = 60\ncap_per = "month"\n'
    ).replace("[points]\n", "[points]\npending_days = 3\n"),
}
CUSTOMERS, ACTS = rounds(usual=3, soak=6), rounds(usual=18, soak=30)


def history(seed, draft):
    """What could be done in the shop's own past, and what the rehearsal of the draft says."""
    copy = Copy()
    with transaction.atomic():
        copy.open(CUSTOMERS)
        copy.play(plan(seed, CUSTOMERS, acts=ACTS))
        told = rehearse(document=draft, days=DAYS, at=NOON)
        transaction.set_rollback(True)
    return copy.done, told


def real_run(acts, document):
    """What the same deeds come to in a copy, by those rules from the first of the days on."""
    copy = Copy()
    with transaction.atomic():
        copy.open(CUSTOMERS)
        copy.change(document)
        copy.play(acts)
        copy.settle(UNTIL)
        figures, tiers, points = copy.figures(), copy.tiers(), copy.points()
        copy.again([act for act in acts if act.at >= SINCE])
        figures["outstanding_later"] = copy.outstanding()
        transaction.set_rollback(True)
    return figures, tiers, points


def said(figures):
    return {key: value for key, value in asdict(figures).items() if key != "unaffordable"}


@pytest.mark.parametrize("name", DRAFTS)
def test_a_rehearsal_equals_a_real_run_on_a_copy(name):
    for round_number in range(rounds(usual=1, soak=40)):
        seed = round_number * len(DRAFTS) + [*DRAFTS].index(name)
        done, told = history(seed, DRAFTS[name])

        today, tiers_today, points_today = real_run(done, TODAY)
        draft, tiers_draft, points_draft = real_run(done, DRAFTS[name])

        assert said(told.today) == today, f"seed {seed}"
        assert said(told.draft) == draft, f"seed {seed}"
        assert told.moves == moves(tiers_today, tiers_draft)
        assert {(one.reference, one.today_points, one.draft_points) for one in told.differing} <= {
            (reference, points_today[reference], points)
            for reference, points in points_draft.items()
        }
