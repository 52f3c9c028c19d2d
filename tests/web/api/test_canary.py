"""What is personal or secret stands in no log, whichever way the requests go."""

import logging

import pytest
from django.db import OperationalError

from loyalty.integrations.models import Answer
from loyalty.web.api import purchases
from tests.factories.rewards import RewardFactory
from tests.web.api.calling import Caller

PHONE, E164 = "0912 987 654", "+84912987654"
NAME, EMAIL = "Chim Hoàng Yến", "hoang.yen@example.com"
CANARIES = [PHONE, E164, "912987654", NAME, "hoang yen", EMAIL]


def fly_through_everything(till: Caller) -> list[str]:
    """Every kind of act and refusal, with the canaries in; the secrets that came to light."""
    canary = {"phone": PHONE, "name": NAME, "email": EMAIL}
    keyed = {"Idempotency_Key": "canary-0001"}
    customer = till.post("/customers", canary, **keyed).json()
    till.post("/customers", canary, **keyed)
    till.post("/customers", canary)
    till.post("/customers", canary | {"phone": PHONE + "0000"})
    till.post("/customers", canary | {NAME: PHONE})
    till.send("POST", "/customers", f'{{"{PHONE}": '.encode())
    till.get("/customers", phone=PHONE)
    till.get("/customers", q=NAME)
    till.get("/customers", q=NAME, limit=PHONE)
    till.get(f"/{PHONE}")
    sale = {"reference": "HD-1", "customer": PHONE, "total_minor": 100_000}
    till.post("/purchases", sale)
    till.post("/purchases", sale | {"total_minor": 1})
    till.post("/purchases/batch", {"purchases": [sale, {"customer": PHONE}, PHONE]})
    till.post("/quotes", {"customer": PHONE, "total_minor": 1})
    till.patch(f"/customers/{customer['id']}", canary | {"email": "nobody"})
    redeemed = till.post("/redemptions", {"customer": PHONE, "reward": "tea", "reference": "1"})
    code = redeemed.json()["voucher"]["code"]
    till.post(f"/vouchers/{code}/use")
    assert till.post(f"/vouchers/{code}/use").status_code == 409
    stranger = Caller("loy_" + "a" * 10 + "_" + "S" * 43)
    stranger.get("/customers", phone=PHONE)
    return [code, till.token, till.token[15:], stranger.token]


@pytest.mark.parametrize("broken", [None, OperationalError(PHONE), RuntimeError(f"{NAME} {PHONE}")])
def test_no_canary_is_found_in_any_log(till, monkeypatch, caplog, capfd, broken):
    RewardFactory(key="tea", cost_points=1)

    def fail(**_sale):
        raise broken

    if broken is not None:
        monkeypatch.setattr(purchases, "record_purchase", fail)
    with caplog.at_level(logging.DEBUG):
        secrets = fly_through_everything(till) if broken is None else fly_until_broken(till)

    logged = caplog.text + "".join(capfd.readouterr())
    assert [canary for canary in [*CANARIES, *secrets] if canary in logged] == []
    assert (broken is None) == ("in the API" not in logged and "refuses" not in logged)


def fly_until_broken(till: Caller) -> list[str]:
    sale = {"reference": "HD-1", "customer": PHONE, "total_minor": 100_000, "channel": "web"}
    till.post("/customers", {"phone": PHONE, "name": NAME})
    assert till.post("/purchases", sale).status_code in (500, 503)
    assert till.post("/purchases/batch", {"purchases": [sale]}).status_code in (500, 503)
    return [till.token]


def test_what_is_kept_to_answer_again_is_not_more_than_the_answer(till):
    body = {"phone": PHONE, "name": NAME}
    till.post("/customers", body, Idempotency_Key="canary-0001")
    sale = {"reference": "HD-1", "customer": PHONE, "total_minor": 100_000}
    till.post("/purchases", sale, Idempotency_Key="canary-0002")

    enrolled, sold = Answer.objects.order_by("pk")

    assert enrolled.customer is not None
    assert sold.customer is None
    assert [canary for canary in CANARIES if canary in repr(vars(sold))] == []
