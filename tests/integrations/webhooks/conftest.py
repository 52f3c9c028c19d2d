from collections.abc import Iterator

import pytest
from django.utils import translation
from pytest_django import Settings

from tests.factories.shop import shop_with_programme
from tests.factories.webhooks import webhook
from tests.support.receiver import Receiver, receiving


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def shop(db: None, settings: Settings) -> None:
    settings.WEBHOOKS_ALLOW_HTTP_LOOPBACK = True
    shop_with_programme()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def hook(receiver: Receiver):
    return webhook("points.changed", url=receiver.url)
