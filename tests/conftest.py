from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.support import database


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """The database that tests find: migrated by its owner, used by the product's own role."""
    with database.reserve() as reservation, django_db_blocker.unblock():
        database.prepare(reservation, afresh=request.config.getoption("create_db"))
        yield
