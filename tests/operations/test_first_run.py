"""A new shop is set up once; doing it again changes no meaning of what is recorded."""

import json
from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command

from campaigns.models import Campaign
from loyalty.errors import Conflict, InvalidInput
from loyalty.operations.first_run import Plan, set_up_shop
from loyalty.programme.models import ProgrammeVersion
from loyalty.shop.models import Branch, Shop, User
from tests.factories.clock import NOON
from tests.factories.customers import customer_with_points
from tests.factories.shop import STARTERS

pytestmark = pytest.mark.django_db
PLAN = Plan(
    name="Quán Mơ",
    currency="VND",
    time_zone="Asia/Ho_Chi_Minh",
    branches={"cho-lon": "Chợ Lớn"},
    programme=(STARTERS / "cafe.toml").read_text("utf-8"),
    owner="chu-quan",
    owner_password="ba-chiec-la-xanh",
)


def state():
    return [
        list(model.objects.order_by("pk").values())
        for model in (Shop, Branch, ProgrammeVersion, User, Campaign)
    ]


def test_a_first_run_makes_everything_a_shop_begins_with():
    set_up_shop(PLAN, at=NOON)

    shop = Shop.objects.get()
    assert (shop.name, shop.currency, shop.time_zone) == ("Quán Mơ", "VND", "Asia/Ho_Chi_Minh")
    assert list(Branch.objects.values_list("key", "name")) == [("cho-lon", "Chợ Lớn")]
    assert ProgrammeVersion.objects.get().number == 1
    owner = User.objects.get()
    assert (owner.username, owner.role, owner.is_staff) == ("chu-quan", "owner", True)
    assert owner.check_password("ba-chiec-la-xanh")
    assert Campaign.objects.count() == 2


def test_a_second_run_changes_nothing():
    set_up_shop(PLAN, at=NOON)
    before = state()

    set_up_shop(replace(PLAN, owner_password="khac"), at=NOON)

    assert state() == before


def test_the_currency_may_change_until_points_exist():
    set_up_shop(PLAN, at=NOON)
    set_up_shop(replace(PLAN, currency="USD"), at=NOON)
    set_up_shop(PLAN, at=NOON)
    customer_with_points(10)
    before = state()

    for change in ({"currency": "USD"}, {"time_zone": "Asia/Tokyo"}):
        with pytest.raises(Conflict):
            set_up_shop(replace(PLAN, **change), at=NOON)

    assert state() == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"currency": "XQX"}, "currency"),
        ({"currency": "XXX"}, "currency"),
        ({"currency": "XAU"}, "currency"),
        ({"name": "Q" * 400}, "name"),
        ({"branches": {"q5": "Q" * 101}}, "name"),
        ({"details": {"hotline": "0" * 21}}, "hotline"),
        ({"owner": "chu quan"}, "username"),
        ({"time_zone": "Asia/Atlantis"}, "time_zone"),
        ({"name": " "}, "name"),
        ({"owner_password": ""}, "owner"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(change, field):
    with pytest.raises(InvalidInput) as error:
        set_up_shop(replace(PLAN, **change), at=NOON)

    assert error.value.field == field
    assert Shop.objects.count() == 0


def test_the_command_takes_the_password_from_the_environment(monkeypatch, capsys):
    monkeypatch.setenv("OWNER_PASSWORD", "ba-chiec-la-xanh")
    asked = ["--name=Quán Mơ", "--currency=vnd", "--branch=q5=Quận 5", "--owner=chu", "--json"]

    call_command("set_up_shop", *asked)

    assert json.loads(capsys.readouterr().out) == {
        "name": "Quán Mơ",
        "currency": "VND",
        "time_zone": "Asia/Ho_Chi_Minh",
        "created": ["shop", "branch q5", "owner chu", "birthday campaigns (2)"],
        "changed": [],
        "kept": [],
    }
    assert User.objects.get().check_password("ba-chiec-la-xanh")


def test_the_command_refuses_a_weak_password(monkeypatch):
    monkeypatch.setenv("OWNER_PASSWORD", "1234567")

    with pytest.raises(CommandError):
        call_command("set_up_shop", "--name=Quán", "--owner=chu")

    assert Shop.objects.count() == 0


def test_running_it_again_keeps_what_is_not_named_and_says_so(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("OWNER_PASSWORD", "ba-chiec-la-xanh")
    rules = f"--programme={STARTERS / 'cafe.toml'}"
    first = ["--name=Quán", "--currency=usd", "--time-zone=Asia/Tokyo", rules, "--owner=chu"]
    call_command("set_up_shop", *first, "--branch=q1=Một", "--branch=q2=Hai")
    assert capsys.readouterr().out == (
        "Quán: USD, Asia/Tokyo\ncreated: shop\ncreated: branch q1\ncreated: branch q2\n"
        "created: rules, version 1\ncreated: owner chu\ncreated: birthday campaigns (2)\n"
    )

    monkeypatch.setenv("OWNER_PASSWORD", "mot-chiec-la-khac")
    again = ["--name=Quán Mới", "--hotline=19001234", rules, "--owner=chu"]
    call_command("set_up_shop", *again, "--branch=q1=Một", "--branch=q2=Hai Mới")

    assert capsys.readouterr().out == (
        "Quán Mới: USD, Asia/Tokyo\nchanged: name\nchanged: hotline\nchanged: branch q2\n"
        "kept: branch q1\n"
        "kept: the rules; `manage.py load_programme FILE` publishes new ones\n"
        "kept: owner chu and the password; `manage.py changepassword chu` changes it\n"
    )
    assert User.objects.get().check_password("ba-chiec-la-xanh")


def test_a_name_of_400_letters_is_one_line():
    with pytest.raises(CommandError, match=r"^name: .*100"):
        call_command("set_up_shop", f"--name={'Q' * 400}")


def test_a_branch_given_twice_is_refused():
    with pytest.raises(CommandError) as error:
        call_command("set_up_shop", "--name=Quán", "--branch=q1=Một", "--branch=q1=Hai")

    assert str(error.value) == "--branch: each branch needs a key of its own."
    assert Shop.objects.count() == 0


def test_a_cashier_does_not_become_the_owner():
    set_up_shop(PLAN, at=NOON)
    User.objects.update(role=User.Role.MANAGER)

    with pytest.raises(InvalidInput):
        set_up_shop(PLAN, at=NOON)
