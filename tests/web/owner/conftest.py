from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client

from loyalty.shop.models import User
from tests.factories.clock import NOON
from tests.factories.shop import StaffFactory, shop_with_programme


@pytest.fixture
def owner(client: Client) -> Iterator[Client]:
    """The owner's browser, in English, at noon of the tests' day."""
    shop_with_programme()
    client.cookies["language"] = "en"
    with time_machine.travel(NOON, tick=False):
        client.force_login(StaffFactory(role=User.Role.OWNER, branch=None, first_name="Hạ"))
        yield client
