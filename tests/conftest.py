import os
from collections.abc import Iterator

import pytest
from hypothesis import settings
from pytest_django import DjangoDbBlocker

from tests.faults.together import send_home
from tests.support import database

# A slow machine is no reason to fail; `make soak` looks much longer.
settings.register_profile("usual", deadline=None, max_examples=100)
settings.register_profile("soak", deadline=None, max_examples=5_000)
settings.load_profile("soak" if "SOAK" in os.environ else "usual")


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """The database that tests find: migrated by its owner, used by the product's own role."""
    with database.reserve() as reservation, django_db_blocker.unblock():
        database.prepare(reservation, afresh=request.config.getoption("create_db"))
        yield
        send_home()
