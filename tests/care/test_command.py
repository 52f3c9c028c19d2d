"""Merging from the command line."""

import json

import pytest
from django.core.management import CommandError, call_command

from customers.models import Customer
from loyalty.care.models import Merge
from tests.factories.customers import customer_with_points

WHY = ("--reason", "two phones", "--by")


@pytest.fixture
def pair():
    return customer_with_points(10), customer_with_points(20)


def test_two_customers_are_merged_and_parted(pair, owner, capsys):
    kept, duplicate = pair

    call_command("merge_customers", kept.pk, duplicate.pk, *WHY, owner.username)
    merge = Merge.objects.get()
    assert capsys.readouterr().out == (
        f"Merge {merge.pk}: {duplicate.pk} means {kept.pk} from now on.\n"
    )
    assert (merge.reason, merge.merged_by) == ("two phones", owner)

    call_command("merge_customers", "--undo", merge.pk, *WHY, owner.username, "--json")
    assert json.loads(capsys.readouterr().out) == {
        "merge": merge.pk,
        "kept": kept.pk,
        "duplicate": duplicate.pk,
        "undone": True,
    }
    assert Customer.objects.get(pk=duplicate.pk).merged_into is None


@pytest.mark.parametrize("names", [(), (1,), (1, 2, "--undo", 3)])
def test_it_wants_two_customers_or_a_merge(names, owner):
    with pytest.raises(CommandError, match="Name two customers, or --undo and a merge"):
        call_command("merge_customers", *names, *WHY, owner.username)


def test_refusals_are_one_line(pair, owner):
    with pytest.raises(CommandError, match="matching query does not exist"):
        call_command("merge_customers", pair[0].pk, 10**8, *WHY, owner.username)
    with pytest.raises(CommandError, match="one and the same"):
        call_command("merge_customers", pair[0].pk, pair[0].pk, *WHY, owner.username)
    with pytest.raises(CommandError, match="User matching query"):
        call_command("merge_customers", pair[0].pk, pair[1].pk, *WHY, "nobody")
