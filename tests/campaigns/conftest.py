from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from campaigns.channels import sms
from loyalty.programme.models import ProgrammeVersion
from tests.campaigns.sending import Gateway
from tests.factories.shop import shop_with_programme
from tests.support.mail import HOST, MailServer, mail_server


@pytest.fixture(autouse=True)
def shop(db: None) -> ProgrammeVersion:
    return shop_with_programme()


@pytest.fixture(autouse=True)
def mailbox(settings: Settings, tmp_path: Path) -> Path:
    """SMS go to files here; e-mail to Django's `mail.outbox` unless a test asks for a server."""
    settings.SMS_BACKEND = "file"
    settings.MAILBOX_DIR = str(tmp_path)
    settings.SITE_URL = "https://ha.example"
    settings.DEFAULT_FROM_EMAIL = "the@ha.example"
    return tmp_path


@pytest.fixture
def smtp(settings: Settings) -> Iterator[MailServer]:
    """E-mail really goes over SMTP, to this server."""
    with mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = HOST, server.port
        settings.EMAIL_TIMEOUT = 5
        yield server


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    made = Gateway()
    monkeypatch.setitem(sms.BACKENDS, "file", lambda: made)
    return made
