"""`manage.py rehearse_programme`: what it says, to people and programs, and that it writes nothing."""

import json
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.db.models import Max

from customers.models import Customer
from loyalty.care.merging import merge_customers
from loyalty.ledger.models import Entry
from loyalty.programme.basket import Line
from loyalty.programme.models import ProgrammeVersion
from loyalty.purchases.imports.undoing import undo_import
from loyalty.reports.rehearsal import rehearsing
from rewards.redemption import redeem_reward
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.rewards import RewardFactory
from tests.factories.sales import give_back, sell
from tests.factories.shop import STARTERS, StaffFactory, shop_with_programme
from tests.purchases.sales_files import bring_in, file_of

CAFE = (STARTERS / "cafe.toml").read_text(encoding="utf-8")
DOUBLE = CAFE.replace("points = 1\n", "points = 2\n")
AT = "--at=2026-11-22T12:00:00+07:00"
YESTERDAY, WEEKS_AGO = NOON - timedelta(days=1), NOON - timedelta(days=120)


@pytest.fixture
def draft(tmp_path):
    def write(document):
        path = tmp_path / "draft.toml"
        path.write_text(document, encoding="utf-8")
        return path

    return write


@pytest.fixture
def shop(db):
    return shop_with_programme(CAFE)


def rehearsed(path, *arguments):
    out = StringIO()
    call_command("rehearse_programme", path, AT, *arguments, stdout=out)
    return out.getvalue()


def told(path, *arguments):
    return json.loads(rehearsed(path, "--json", *arguments))


def test_the_rules_in_force_change_nothing(shop, draft):
    sell(CustomerFactory(), Line(350_000), at=YESTERDAY)

    said = told(draft(CAFE))

    assert said["today"] == said["draft"]
    assert (said["today"]["earned"], said["moves"], said["sales"]) == (35, [], [])


def test_a_draft_that_gives_twice_as_much(shop, draft):
    sell(CustomerFactory(), Line(350_000), at=YESTERDAY)

    said = told(draft(DOUBLE))

    assert (said["today"]["issued"], said["draft"]["issued"]) == (35, 70)
    assert [
        (sale["reference"], sale["today_points"], sale["draft_points"]) for sale in said["sales"]
    ] == [("R-1", 35, 70)]


def test_who_would_move_is_named(shop, draft):
    sell(CustomerFactory(name="Trần Bảo"), Line(1_200_000), at=YESTERDAY)

    said = told(draft(CAFE.replace("= 1_000_000", "= 1_500_000")))

    assert said["moves"] == [{"today": "bac", "draft": "moi", "customers": 1}]
    assert [(one["name"], one["up"]) for one in said["moved"]] == [("Trần Bảo", False)]


def test_only_whole_days_count_and_customers_start_where_they_stood(shop, draft):
    customer = CustomerFactory()
    sell(customer, Line(1_000_000), reference="old", at=WEEKS_AGO)
    sell(customer, Line(100_000), reference="within", at=YESTERDAY)
    sell(customer, Line(100_000), reference="today", at=NOON)

    said = told(draft(DOUBLE), "--days=90")

    # Silver by the old sale: 10 × 1.2; the old points stay what they are.
    assert (said["from"], said["to"]) == ("2026-08-24", "2026-11-21")
    assert (said["today"]["earned"], said["draft"]["earned"]) == (12, 24)
    assert (said["today"]["outstanding"], said["draft"]["outstanding"]) == (112, 124)


def test_the_twelve_months_after_go_on_like_the_days_and_points_end(shop, draft):
    sell(CustomerFactory(), Line(100_000), at=YESTERDAY)

    never = CAFE.replace("expire_after_months = 12", "never_expire = true")
    soon = CAFE.replace("expire_after_months = 12", "expire_after_days = 45")

    # Every 30 days such a sale: 13 of them, silver from the tenth on; 45 days keep two.
    assert told(draft(never), "--days=30")["draft"]["outstanding_later"] == 136
    assert told(draft(soon), "--days=30")["draft"]["outstanding_later"] == 24


def test_goods_that_come_back_take_the_drafts_points_along(shop, draft):
    bought = sell(CustomerFactory(), Line(200_000), Line(100_000), at=YESTERDAY).purchase
    give_back(bought, at=YESTERDAY + timedelta(hours=1), lines=((1, Decimal(1)),))

    said = told(draft(DOUBLE))

    assert (said["draft"]["earned"], said["draft"]["taken_back"]) == (60, 40)


def test_a_code_that_gave_something_is_named_again(draft, db):
    coded = CAFE + '\n[[discounts]]\nkey = "ma"\nname = "Mã"\npercent = 10\ncode = "TET"\n'
    shop_with_programme(coded)
    sell(CustomerFactory(), Line(100_000), at=YESTERDAY, codes=frozenset({"tet"}))
    sell(CustomerFactory(), Line(100_000), at=YESTERDAY, reference="R-2")

    said = told(draft(coded.replace("percent = 10", "percent = 20")))

    assert (said["today"]["discount_minor"], said["draft"]["discount_minor"]) == (10_000, 20_000)


def test_what_a_mark_withheld_is_earned_again_without_it(draft, db):
    marked = CAFE + '\n[[marks]]\nname = "Bánh"\ncategories = ["cake"]\nearns = false\n'
    shop_with_programme(marked)
    cake = Line(100_000, category="cake")
    sell(CustomerFactory(), cake, Line(50_000, earns=False), at=YESTERDAY)

    said = told(draft(CAFE))

    assert (said["today"]["earned"], said["draft"]["earned"]) == (0, 10)


def test_a_voucher_takes_its_money_off_again_where_its_points_sufficed(shop, draft):
    customer = CustomerFactory()
    sell(customer, Line(100_000), reference="first", at=YESTERDAY)
    reward = RewardFactory(kind="discount_amount", cost_points=8, value_minor=30_000)
    how = {"source": "till", "reference": "r", "at": YESTERDAY, "by": None}
    voucher = redeem_reward(customer=customer, reward=reward, **how).voucher
    later = YESTERDAY + timedelta(hours=1)
    sell(customer, Line(80_000), reference="second", at=later, vouchers=(voucher.code,))

    same = told_of(draft(CAFE))
    dearer = told_of(draft(CAFE.replace("per_minor = 10_000", "per_minor = 20_000")))

    # Half the points buy no voucher, so the second bill is paid whole: 80.000đ for 4 points.
    assert (same["discount_minor"], same["earned"], same["unaffordable"]) == (30_000, 15, 0)
    assert (dearer["discount_minor"], dearer["earned"], dearer["unaffordable"]) == (0, 9, 1)


def told_of(path):
    return told(path)["draft"]


def test_two_rows_of_one_customer_are_rehearsed_as_one(shop, draft):
    kept, other = CustomerFactory(name="Trần Bảo"), CustomerFactory(name="Tran Bao")
    for number, customer in enumerate((kept, other)):
        sell(customer, Line(600_000), reference=f"old{number}", at=WEEKS_AGO)
    manager = StaffFactory(role="manager")
    merge_customers(kept=kept, duplicate=other, reason="Same", at=WEEKS_AGO, by=manager)
    sell(other, Line(100_000), reference="new", at=YESTERDAY)

    said = told(draft(CAFE))

    # Silver together, 1.2 times: 12 points for the new bill, beside 60 and 60.
    assert (said["customers"], said["draft"]["earned"], said["draft"]["outstanding"]) == (
        1,
        12,
        132,
    )


def test_an_import_that_was_taken_back_never_happened(shop, draft, tmp_path):
    rows = ("KH-1,0912345678,,2026-01-05 10:00,1500000,", "KH-1,,,2026-11-20 10:00,900000,")
    batch = bring_in(file_of(tmp_path, *rows))
    undo_import(batch=batch, at=NOON, by=None)
    sell(Customer.objects.get(), Line(100_000), at=YESTERDAY)

    said = told(draft(CAFE))

    figures = said["draft"]
    assert (figures["sales"], figures["earned"], figures["outstanding"]) == (1, 10, 10)


def test_people_read_a_table_and_the_names(shop, draft):
    sell(CustomerFactory(name="Trần Bảo"), Line(1_200_000), at=YESTERDAY)

    text = rehearsed(draft(DOUBLE.replace("= 1_000_000", "= 1_500_000")))

    lines = {line[:46].strip(): line[46:].split() for line in text.splitlines()}
    assert lines["points for sales"] == ["120", "240", "120"]
    assert "  down Trần Bảo: bac → moi" in text.splitlines()
    assert "  2026-11-21  R-1: 120 → 240" in text.splitlines()


@pytest.mark.parametrize(
    ("document", "why"),
    [("earn = 1", "earn"), (CAFE + "\n[pays]\n", "pays")],
)
def test_a_draft_that_cannot_be_is_refused_by_line(shop, draft, document, why):
    with pytest.raises(CommandError, match=why):
        rehearsed(draft(document))


@pytest.mark.parametrize("days", ["0", "367", "-1", "x"])
def test_impossible_days_are_refused(shop, draft, days):
    with pytest.raises(CommandError, match="days"):
        rehearsed(draft(CAFE), f"--days={days}")


def test_nothing_is_written(shop, draft):
    sell(CustomerFactory(), Line(350_000), at=YESTERDAY)
    before = Entry.objects.aggregate(newest=Max("pk")), ProgrammeVersion.objects.count()

    rehearsed(draft(DOUBLE))

    assert before == (Entry.objects.aggregate(newest=Max("pk")), ProgrammeVersion.objects.count())


@pytest.mark.django_db(transaction=True)
def test_the_database_itself_refuses_to_write_meanwhile(draft, monkeypatch):
    shop_with_programme(CAFE)

    def writes(_days):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE shop_shop SET name = 'other'")
        return iter(())

    monkeypatch.setattr(rehearsing, "people", writes)
    with pytest.raises(DatabaseError, match="read-only"):
        rehearsed(draft(CAFE))


@pytest.mark.parametrize("customers", [1, 3])
def test_a_chunk_of_customers_takes_as_many_queries_as_one(
    shop, draft, customers, django_assert_num_queries
):
    for number in range(customers):
        bought = sell(CustomerFactory(), Line(90_000), reference=f"S{number}", at=YESTERDAY)
        give_back(bought.purchase, f"B{number}", at=YESTERDAY, lines=((1, Decimal(1)),))

    path = draft(CAFE)
    with django_assert_num_queries(28):
        rehearsed(path)


def test_what_the_draft_changes_and_nobody_plays_is_said(shop, draft):
    sell(CustomerFactory(), Line(350_000), at=YESTERDAY)
    card = '\n[[stamp_cards]]\nkey = "t"\nname = "T"\nneeded = 5\nreward = "tra"\n'
    coupon = '\n[[coupons]]\nkey = "c"\nname = "C"\nreward = "tra"\n'

    assert told(draft(CAFE))["not_played"] == []
    said = told(draft(CAFE + card + coupon))
    assert said["not_played"] == ["stamp_cards", "coupons"]
    assert said["today"] == said["draft"]
    line = "The draft also changes [coupons]: not played, what they gave is as it was."
    assert line in rehearsed(draft(CAFE + coupon)).splitlines()
