"""Codes of vouchers cannot be guessed by a program."""

from uuid import uuid4

import pytest
from pytest_django import Settings

from rewards.models import Voucher
from rewards.redemption import redeem_reward
from tests.factories.clock import NOON
from tests.factories.customers import customer_with_points
from tests.factories.rewards import RewardFactory
from tests.web.api.calling import Caller, caller, problem


@pytest.fixture(autouse=True)
def counters_of_this_test_alone(settings: Settings) -> None:
    memory = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {"default": {"BACKEND": memory, "LOCATION": str(uuid4())}}


@pytest.fixture
def voucher() -> Voucher:
    made = redeem_reward(
        customer=customer_with_points(1_000),
        reward=RewardFactory(),
        source="test",
        reference="r",
        at=NOON,
        by=None,
    )
    return made.voucher


def test_after_thirty_wrong_codes_a_key_waits_and_another_does_not(
    till: Caller, voucher: Voucher
) -> None:
    for number in range(30):
        answer = till.post(f"/vouchers/AAAA{number:04d}/use")
        assert problem(answer) == (404, "not-found", [])

    refused = till.post(f"/vouchers/{voucher.code}/use")

    assert problem(refused) == (429, "too-many-requests", [])
    assert refused.headers["Retry-After"] == "900"
    voucher.refresh_from_db()
    assert voucher.state == Voucher.State.ISSUED
    assert caller(name="Another").post(f"/vouchers/{voucher.code}/use").status_code == 200


def test_a_voucher_that_was_used_already_is_no_guess(till: Caller, voucher: Voucher) -> None:
    till.post(f"/vouchers/{voucher.code}/use")

    for _time in range(40):
        assert till.post(f"/vouchers/{voucher.code}/use").status_code == 409
