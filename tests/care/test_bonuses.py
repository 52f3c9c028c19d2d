"""One person enrolled twice has one birthday: bonuses when customers are merged, and parted again."""

import pytest

from loyalty.ledger.models import Account
from rewards.bonuses import profile, survey
from rewards.occasions import give_due
from tests.factories.clock import NOON
from tests.rewards import bonus_days
from tests.rewards.bonus_days import BIRTHDAY, born, given_to, local, run
from tests.support.rounds import rounds

MORE = "[bonuses.profile]\npoints = 10\n[bonuses.survey]\npoints = 5\n"


@pytest.fixture(autouse=True)
def shop(db):
    bonus_days.shop(BIRTHDAY + MORE)


def test_what_the_duplicate_got_is_not_given_again_under_another_birthday(merge, proven):
    duplicate, kept = born(22, 11), born(23, 11)
    run("2026-11-22T00:20")

    merge(kept, duplicate)

    assert [run(f"2026-11-{day}T12:00") for day in (22, 23, 24, 25)] == [0, 0, 0, 0]
    assert Account.objects.get(customer=kept).balance == 50
    proven()


def test_once_merged_the_day_is_kept_once(merge, proven):
    duplicate, kept = born(25, 11), born(25, 11)
    merge(kept, duplicate)

    assert run("2026-11-25T00:20") == 1
    assert [row[0] for row in given_to(kept)] == [f"birthday:2026:{kept.pk}"]
    proven(local("2026-11-25T00:20"))


def test_once_parted_nobody_gets_the_same_day_twice(merge, undo, proven):
    duplicate, kept = born(22, 11), born(22, 11)
    run("2026-11-22T00:20")
    undo(merge(kept, duplicate))

    assert run("2026-11-22T13:00") == 0
    assert [Account.objects.get(customer=one).balance for one in (duplicate, kept)] == [50, 50]
    assert run("2027-11-22T00:20") == 2
    proven(local("2027-11-22T00:20"))


def test_a_profile_and_a_survey_of_the_duplicate_count_for_the_kept_one(merge, proven):
    duplicate, kept = born(1, 2), born(1, 2)
    profile(customer=duplicate, at=NOON, by=None)
    survey(customer_id=duplicate.pk, key="s1", at=NOON)
    merge(kept, duplicate)

    assert profile(customer=kept, at=NOON, by=None) == 0
    assert survey(customer_id=duplicate.pk, key="s1", at=NOON) == 0
    assert survey(customer_id=duplicate.pk, key="s2", at=NOON) == 5  # For the kept one.
    assert Account.objects.get(customer=kept).balance == 20
    proven()


def test_merging_in_any_order_with_the_job_gives_one_a_year(merge, proven):
    for number in range(rounds(usual=4, soak=100)):
        duplicate, kept = born(22, 11), born(22, 11)
        acts = [lambda: merge(kept, duplicate), lambda: give_due(at=NOON)]  # noqa: B023 (run here)
        for act in acts[:: 1 if number % 2 else -1]:
            act()
        give_due(at=NOON)

        both = given_to(duplicate) + given_to(kept)
        bonuses = [row for row in both if row[0].startswith("birthday:2026:") and row[1] == 50]
        assert len(bonuses) == (1 if number % 2 else 2)
    proven()
