import pytest

from tests.support.pages import PageClient


@pytest.fixture
def client() -> PageClient:
    return PageClient()
