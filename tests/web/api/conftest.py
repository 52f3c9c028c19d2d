import pytest

from tests.factories.shop import shop_with_programme
from tests.web.api.calling import Caller, caller


@pytest.fixture(autouse=True)
def shop(db):
    return shop_with_programme()


@pytest.fixture
def till() -> Caller:
    """A program that may do everything."""
    return caller(name="Till")
