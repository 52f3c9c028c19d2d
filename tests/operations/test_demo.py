"""The demo café is there whole or not at all, and looks like a café that has been trading."""

import json

import pytest
from django.core.management import CommandError, call_command

from campaigns.models import Message
from customers.identity import normalise_phone
from customers.models import Consent, Customer
from loyalty.ledger.proof import verify
from loyalty.operations.demo.seeding import NotTheDemo, seed
from loyalty.purchases.models import Activity, Purchase
from loyalty.reports.repeat import repeat_rate
from loyalty.shop.models import Shop, User
from loyalty.tiers.models import Standing
from rewards.models import Redemption, Voucher
from tests.factories.clock import NOON
from tests.factories.shop import ShopFactory

pytestmark = pytest.mark.django_db


def counts():
    return [
        model.objects.count()
        for model in (Customer, Purchase, Activity, Redemption, Message, Consent, User)
    ]


def tier_shares():
    keys = list(Standing.objects.values_list("tier_key", flat=True))
    return {key: keys.count(key) / len(keys) for key in ("moi", "bac", "vang", "kim-cuong")}


def test_the_cafe_looks_alive_and_its_ledger_is_proven(settings, capsys):
    assert seed(at=NOON)

    customers, purchases = Customer.objects.count(), Purchase.objects.count()
    assert 1_900 <= customers <= 2_001
    assert 20_000 <= purchases <= 30_000
    assert 0.15 <= Purchase.objects.filter(customer=None).count() / purchases <= 0.25
    rate = repeat_rate()
    assert 0.5 <= rate.part / rate.whole <= 0.8
    shares = tier_shares()
    assert shares["moi"] > 0.6 > shares["bac"] > shares["vang"] > shares["kim-cuong"] > 0
    assert not Purchase.objects.filter(occurred_at__gt=NOON).exists()
    assert Purchase.objects.filter(occurred_on=NOON.date()).exists()
    assert Redemption.objects.count() == 152
    assert Voucher.objects.filter(state="used").count() > 50
    assert Message.objects.filter(occasion="birthday:2026").exists()
    assert verify().problems == ()
    for phone in Customer.objects.values_list("phone", flat=True)[:50]:
        assert normalise_phone(phone) == phone
    standing = Standing.objects.get(customer__phone="+84912345678")
    assert (standing.tier_key, standing.spend_minor) == ("bac", 2_650_000)
    kept = Voucher.objects.filter(customer=standing.customer).order_by("issued_at")
    assert [voucher.state for voucher in kept] == ["used", "issued"]
    _seeding_again_changes_nothing_and_prints_the_logins(settings, capsys)


def _seeding_again_changes_nothing_and_prints_the_logins(settings, capsys):
    before = counts()
    settings.DEMO = True

    call_command("seed_demo", "--json")

    document = json.loads(capsys.readouterr().out)
    assert counts() == before
    assert not document["seeded"]
    assert [login["role"] for login in document["logins"]] == [
        *("owner", "manager"),
        *("cashier", "cashier", "cashier"),
    ]
    for login in document["logins"]:
        assert User.objects.get(username=login["username"]).check_password(login["password"])
    assert document["member"]["phone"] == "0912 345 678"


def test_another_shop_is_left_alone():
    ShopFactory(name="Quán khác")

    with pytest.raises(NotTheDemo):
        seed(at=NOON)

    assert Shop.objects.get().name == "Quán khác"
    assert counts() == [0] * 7


def test_public_passwords_need_the_demo_setting():
    with pytest.raises(CommandError):
        call_command("seed_demo", "--json")

    assert Shop.objects.count() == 0
