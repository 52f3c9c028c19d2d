"""Points for joining, for a profile and for a survey: at once, and once."""

from datetime import date, timedelta

import pytest

from customers.bulk import NewCustomer, enrol_many
from customers.identity import Birthday
from customers.models import Customer
from customers.services import enrol_customer
from loyalty.ledger.models import Account, Entry, Lot
from loyalty.ledger.proof import verify
from loyalty.programme.versions import publish
from loyalty.tiers.models import Qualification
from rewards.bonuses import greet, profile, survey, welcome
from rewards.models import Welcomed
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.shop import STARTERS, StaffFactory, shop_with_programme
from tests.faults.together import together

CAFE = (STARTERS / "cafe.toml").read_text(encoding="utf-8")
BONUSES = """
[bonuses.welcome]
points = 20
expire_after_days = 30
[bonuses.profile]
points = 10
[bonuses.survey]
points = 5
tiers = { bac = 8 }
"""


@pytest.fixture(autouse=True)
def shop(db):
    return shop_with_programme(f"{CAFE}\n{BONUSES}")


def enrolled(phone="0912345678", **said):
    return enrol_customer(phone=phone, at=NOON, by=None, **said)


def balance_of(customer):
    return Account.objects.get(customer=customer).balance


def entries_of(customer):
    rows = Entry.objects.filter(account=customer.pk).order_by("number")
    return list(rows.values_list("source", "reference", "kind", "points"))


def test_a_new_member_gets_the_welcome_bonus_at_once_with_its_own_last_day():
    cashier, customer = StaffFactory(), enrolled()

    assert greet(customer=customer, at=NOON, by=cashier) == 20

    assert entries_of(customer) == [("bonus", f"welcome:{customer.pk}", "earn", 20)]
    lot = Lot.objects.get()
    assert (lot.remaining, lot.usable_from, lot.expires_on) == (20, None, date(2026, 12, 22))
    entry = Entry.objects.get()
    assert (entry.recorded_by, entry.occurred_at) == (cashier, NOON)
    assert entry.explanation["bonus"] == "welcome"


def test_welcoming_twice_gives_once():
    customer = enrolled()

    given = [welcome(customer=customer, at=NOON, by=None) for _ in range(3)]

    assert given == [20, 0, 0]
    assert balance_of(customer) == 20


def test_a_phone_number_is_welcomed_once_whoever_has_it():
    first = enrolled()
    welcome(customer=first, at=NOON, by=None)
    Customer.objects.filter(pk=first.pk).update(phone="")  # Given up, or erased.
    again = enrolled()

    assert welcome(customer=again, at=NOON, by=None) == 0
    assert entries_of(again) == []


def test_the_number_itself_is_not_kept():
    welcome(customer=enrolled(), at=NOON, by=None)

    assert "912345678" not in Welcomed.objects.get().contact_digest


def test_an_import_gives_no_welcome():
    enrol_many([NewCustomer("KV-1", "+84912345678", "Đỗ Mai", NOON, None)])

    assert Entry.objects.count() == 0


def test_a_programme_without_bonuses_gives_none_and_remembers_nobody():
    tomorrow = NOON + timedelta(days=1)
    publish(document=CAFE, effective_from=tomorrow, at=NOON, by=None)

    assert greet(customer=enrolled(), at=tomorrow, by=None) == 0
    assert (Entry.objects.count(), Welcomed.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("columns", "points"),
    [
        ({"name": "Đỗ Mai", "birth_day": 1, "birth_month": 2}, 10),
        ({"name": "Đỗ Mai", "birth_day": 1, "birth_month": 2, "phone": "", "email": "m@x.vn"}, 10),
        ({"name": "", "birth_day": 1, "birth_month": 2}, 0),
        ({"name": "Đỗ Mai"}, 0),
        ({"name": "Đỗ Mai", "birth_day": 1, "birth_month": 2, "phone": ""}, 0),
    ],
)
def test_a_profile_is_complete_with_a_name_a_birthday_and_a_way_to_be_reached(columns, points):
    customer = CustomerFactory(**columns)

    assert profile(customer=customer, at=NOON, by=None) == points
    assert profile(customer=customer, at=NOON, by=None) == 0


def test_a_complete_profile_at_the_door_brings_both():
    customer = enrolled(name="Đỗ Mai", birthday=Birthday(15, 8, lunar=True))

    assert greet(customer=customer, at=NOON, by=None) == 30
    assert [row[1].partition(":")[0] for row in entries_of(customer)] == ["welcome", "profile"]


def test_each_survey_is_thanked_for_once():
    customer = CustomerFactory()

    given = [survey(customer_id=customer.pk, key=key, at=NOON) for key in ("s1", "s1", "s2")]

    assert given == [5, 0, 5]


def test_a_bonus_counts_for_the_balance_and_for_no_tier():
    customer = enrolled()

    greet(customer=customer, at=NOON, by=None)

    assert balance_of(customer) == 20
    assert Qualification.objects.count() == 0
    assert verify().problems == ()


def test_who_was_merged_gets_nothing_a_second_time():
    old, kept = CustomerFactory(), CustomerFactory()
    survey(customer_id=old.pk, key="s1", at=NOON)
    Customer.objects.filter(pk=old.pk).update(merged_into=kept)

    assert survey(customer_id=kept.pk, key="s1", at=NOON) == 0
    assert survey(customer_id=kept.pk, key="s2", at=NOON) == 5


@pytest.mark.django_db(transaction=True)
def test_two_doors_at_once_welcome_once(transactional_db):
    shop_with_programme(f"{CAFE}\n{BONUSES}")
    customer = enrolled()

    given = together(*[lambda: welcome(customer=customer, at=NOON, by=None)] * 4)

    assert sorted(given) == [0, 0, 0, 20]
    assert balance_of(customer) == 20
