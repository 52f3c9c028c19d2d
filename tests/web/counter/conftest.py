from collections.abc import Iterator

import pytest
import time_machine

from customers.models import Customer
from loyalty.programme.models import ProgrammeVersion
from loyalty.purchases.bill import Bill
from loyalty.purchases.recording import record_purchase
from loyalty.shop.models import Branch, User
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.shop import BranchFactory, StaffFactory, shop_with_programme
from tests.support.pages import PageClient


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def shop(db: None) -> ProgrammeVersion:
    return shop_with_programme()


@pytest.fixture
def branch(shop: ProgrammeVersion) -> Branch:
    return BranchFactory(key="nguyen-trai", name="Hạ – Nguyễn Trãi")


@pytest.fixture
def lan(branch: Branch) -> User:
    return StaffFactory(username="lan", branch=branch)


@pytest.fixture
def till(client: PageClient, lan: User) -> PageClient:
    """A browser at which the cashier Lan is signed in."""
    client.force_login(lan)
    return client


@pytest.fixture
def english(till: PageClient) -> PageClient:
    till.cookies["language"] = "en"
    return till


@pytest.fixture
def thao(shop: ProgrammeVersion) -> Customer:
    """Silver, 298 points, 350.000đ from Gold."""
    customer = CustomerFactory(
        name="Nguyễn Thu Thảo", salutation="chị", phone="+84912345678", email="thao@example.com"
    )
    for number, amount_minor in enumerate([1_000_000, 1_550_000, 100_000]):
        record_purchase(
            source="test",
            reference=f"before-{number}",
            customer=customer,
            branch=None,
            bill=Bill.of_total(amount_minor),
            at=NOON,
            recorded_at=NOON,
            by=None,
        )
    return customer
