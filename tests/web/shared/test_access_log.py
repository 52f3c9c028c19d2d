"""What the web server writes down about a request."""

import logging
import runpy
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from gunicorn.config import Config

ROOT = Path(__file__).resolve().parents[3]


def line_for(address: str, caplog: pytest.LogCaptureFixture) -> str:
    settings = runpy.run_path(str(ROOT / "gunicorn.conf.py"))
    config = Config()
    config.set("accesslog", "-")
    config.set("access_log_format", settings["access_log_format"])
    logger = settings["logger_class"](config)
    logger.access_log.propagate = True
    environ = {
        "REQUEST_METHOD": "GET",
        "RAW_URI": address,
        "PATH_INFO": address.partition("?")[0],
        "QUERY_STRING": address.partition("?")[2],
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_REFERER": f"http://localhost{address}",
    }
    answer = SimpleNamespace(status="200 OK", headers=[], sent=10)
    with caplog.at_level(logging.INFO, logger="gunicorn.access"):
        logger.access(answer, SimpleNamespace(headers=[]), environ, timedelta())
    return caplog.messages[-1]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("/admin/customers/customer/?q=0912345678", "GET /admin/customers/customer/ HTTP/1.1"),
        ("/u/0912345678:signature", "GET /u/… HTTP/1.1"),
        ("/api/v1/vouchers/0912345678/use", "GET /api/v1/vouchers/…/use HTTP/1.1"),
        ("/a%0ab", "GET /a%0ab HTTP/1.1"),
    ],
)
def test_the_access_log_tells_pages_and_not_people(
    address: str, shown: str, caplog: pytest.LogCaptureFixture
) -> None:
    line = line_for(address, caplog)

    assert shown in line
    assert "0912345678" not in line
