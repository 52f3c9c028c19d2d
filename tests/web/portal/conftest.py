from collections.abc import Iterator

import pytest
import time_machine

from customers import signin
from customers.models import Customer
from loyalty.programme.models import ProgrammeVersion
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.shop import shop_with_programme
from tests.support.pages import PageClient


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def shop(db: None) -> ProgrammeVersion:
    return shop_with_programme()


@pytest.fixture
def member(shop: ProgrammeVersion) -> Customer:
    return CustomerFactory(name="Nguyễn Thu Thảo", phone="+84912345678", email="thao@example.com")


@pytest.fixture
def browser(client: PageClient, member: Customer) -> PageClient:
    """A browser on which `member` is signed in."""
    client.cookies["member"] = signin.open_session(customer=member, at=NOON)
    return client


@pytest.fixture
def english(browser: PageClient) -> PageClient:
    browser.cookies["language"] = "en"
    return browser
