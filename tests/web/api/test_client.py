"""The thirty lines of docs/till.py against a real server."""

import subprocess
import sys
from pathlib import Path

import pytest

from customers.models import Customer
from loyalty.ledger.models import Account
from tests.factories.integrations import api_key
from tests.factories.shop import shop_with_programme

TILL = Path(__file__).resolve().parents[3] / "docs" / "till.py"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def shop(transactional_db):
    shop_with_programme()


def test_it_has_thirty_lines():
    assert sum(bool(line.strip()) for line in TILL.read_text("utf-8").splitlines()) <= 30


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, TILL, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_it_enrols_sells_and_knows_the_customer_the_next_time(live_server):
    key = api_key("customers", "earn").token

    first = run(live_server.url, key, "0912 345 678", "350000")
    second = run(live_server.url, key, "+84912345678", "50000")

    assert (first.stdout, first.stderr) == ("35 points, balance 35\n", "")
    assert second.stdout == "5 points, balance 40\n"
    assert Account.objects.get(pk=Customer.objects.get().pk).balance == 40
