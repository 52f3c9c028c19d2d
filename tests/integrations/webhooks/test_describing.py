"""What the API's description and docs/api.md say of events is what is sent."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from customers.services import enrol_customer, rename_customer
from loyalty.care.merging import merge_customers
from loyalty.integrations.models import Event, EventType
from loyalty.integrations.webhooks.describing import SAID, schema_of
from loyalty.integrations.webhooks.payloads import body_of
from loyalty.purchases.refunds import void_purchase
from loyalty.shop.models import User
from rewards.cancelling import cancel_redemption
from rewards.models import Redemption, Voucher
from rewards.redemption import redeem_reward
from rewards.vouchers import use_voucher
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, customer_with_points
from tests.factories.programmes import line
from tests.factories.rewards import RewardFactory
from tests.factories.sales import give_back, sell
from tests.factories.shop import StaffFactory
from tests.factories.vouchers import shared_voucher
from tests.factories.webhooks import sweep, webhook

API = (Path(__file__).resolve().parents[3] / "docs" / "api.md").read_text(encoding="utf-8")


def all_that_can_happen() -> None:
    """Every kind of event, once at least."""
    manager, reward = StaffFactory(role=User.Role.MANAGER), RewardFactory(cost_points=100)
    thao = enrol_customer(phone="0912 345 678", at=NOON, by=None)
    rename_customer(customer=thao, name="Thảo", salutation="", by=None)
    sale = sell(thao, line(3_000_000)).purchase
    give_back(sale, amount_minor=10_000)
    void_purchase(
        purchase=sell(thao, line(50_000), reference="R-2").purchase,
        source="till",
        reference="void-2",
        reason="",
        at=NOON,
        recorded_at=NOON,
        by=None,
    )
    sell(None, total_minor=50_000, reference="R-3")
    sell(None, total_minor=50_000, reference="R-4", vouchers=(shared_voucher().code,))
    for number in range(2):
        redeem_reward(
            customer=thao, reward=reward, source="till", reference=f"D-{number}", at=NOON, by=None
        )
    used, cancelled = Redemption.objects.order_by("pk")
    use_voucher(
        voucher=Voucher.objects.get(redemption=used),
        reference="U-1",
        branch=None,
        at=NOON + timedelta(hours=1),
        by=manager,
    )
    cancel_redemption(redemption=cancelled, source="till", reason="", at=NOON, by=None)
    merge_customers(kept=thao, duplicate=customer_with_points(5), reason="x", at=NOON, by=manager)


def test_every_event_is_as_it_is_described():
    webhook()
    sweep()
    all_that_can_happen()
    CustomerFactory()
    sweep()

    bodies = [json.loads(body_of(event)) for event in Event.objects.order_by("pk")]

    assert {body["type"] for body in bodies} == {*EventType.values}
    for body in bodies:
        Draft202012Validator(schema_of(body["type"])).validate(body)


@pytest.mark.parametrize("event", EventType.values)
def test_nothing_else_is_described(event):
    Draft202012Validator.check_schema(schema_of(event))

    rows = re.findall(
        r"^\| (`[a-z]+\.[a-z]+`(?:, `[a-z]+\.[a-z]+`)*) \| (.*) \|$", API, re.MULTILINE
    )
    told = {one: words for kinds, words in rows for one in re.findall(r"`(.+?)`", kinds)}

    assert {*told} == {*SAID} == {*EventType.values}
    fields = [name for shape in SAID[event] for name in shape]
    assert sorted(re.findall(r"`(\w+)`", told[event])) == sorted(fields)


def test_the_api_s_description_has_them_all(client):
    described = client.get("/api/v1/openapi.json").json()["webhooks"]

    assert {*described} == {*EventType.values}
    body = described["points.changed"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"] == json.loads(json.dumps(schema_of("points.changed")))
