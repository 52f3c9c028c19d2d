"""
Sales with vouchers that are sent twice, whose answer is lost, that are cut off or killed in the
middle: each voucher is used in one sale, that sale is whole, and no voucher without its sale.
"""

import os
import random
import signal
import threading
import time
from contextlib import suppress
from functools import partial

import pytest
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from loyalty.ledger.proof import verify
from loyalty.purchases.models import Purchase
from loyalty.purchases.proof import verify as verify_sales
from rewards.models import Voucher, VoucherUse
from tests.factories.customers import CustomerFactory
from tests.factories.shop import shop_with_programme
from tests.factories.vouchers import reward_of, voucher_of
from tests.faults.deeds import buy_with
from tests.faults.programs import start
from tests.faults.test_database_faults import cut_connections
from tests.faults.together import together
from tests.support.rounds import rounds
from tests.web.api.calling import Caller, caller

pytestmark = pytest.mark.django_db(transaction=True)
SOLD_BY_ONE = 15  # Before it is killed, at most: more than it has time for.


@pytest.fixture(autouse=True)
def shop(transactional_db):
    shop_with_programme()


def vouchers(number, customer=None):
    customer, reward = customer or CustomerFactory(phone="+84912345678"), reward_of()
    return [voucher_of(customer, reward) for _number in range(number)]


def nothing_is_half():
    used = Voucher.objects.filter(state="used").count()
    assert Purchase.objects.filter(discount_minor=20_000).count() == used
    assert Purchase.objects.count() == VoucherUse.objects.count() == used
    assert verify().problems == verify_sales().problems == ()


def body(voucher):
    return {
        "reference": voucher.code,
        "customer": "0912345678",
        "total_minor": 100_000,
        "vouchers": [voucher.code],
    }


def test_of_the_same_sale_sent_six_times_at_once_all_hear_the_same():
    token = caller(name="Till").token
    for voucher in vouchers(rounds(usual=20, soak=300)):
        acts = [partial(Caller(token).post, "/purchases", body(voucher)) for _twin in range(6)]

        answers = together(*acts)

        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
    nothing_is_half()


def test_an_answer_that_was_lost_after_the_commit_is_heard_at_the_next_try():
    token = caller(name="Till").token
    for voucher in vouchers(rounds(usual=20, soak=200)):
        headers = {"Idempotency_Key": f"sale-{voucher.code}"}
        lost = Caller(token).post("/purchases", body(voucher), **headers)
        connection.close()

        heard = Caller(token).post("/purchases", body(voucher), **headers)

        assert (heard.status_code, heard.content) == (201, lost.content)
    nothing_is_half()


def test_tills_that_are_cut_off_in_the_middle_use_each_voucher_once():
    mine = [vouchers(rounds(usual=20, soak=250), CustomerFactory()) for _till in range(2)]
    sold, retries = [], []

    def till(own):
        try:
            for voucher in own:
                _sell_stubbornly(voucher, retries)
                sold.append(voucher.code)
        finally:
            connection.close()

    tills = [threading.Thread(target=till, args=(own,)) for own in mine]
    for thread in tills:
        thread.start()
    cut_connections(tills, sold, random.Random(11))

    assert retries
    connection.close()
    assert Voucher.objects.filter(state="used").count() == len(sold) == sum(map(len, mine))
    nothing_is_half()


def _sell_stubbornly(voucher, retries):
    while True:
        try:
            buy_with(voucher)
            return
        except (OperationalError, InterfaceError):
            retries.append(voucher.code)
            connection.close()


def test_a_web_worker_killed_at_any_moment_leaves_no_half_sale():
    kills, chance = rounds(usual=20, soak=200), random.Random(13)
    address, _, _name = os.environ["DATABASE_URL"].rpartition("/")
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "loyalty.settings",
        "DATABASE_URL": f"{address}/{settings.DATABASES['default']['NAME']}",
    }
    customer = CustomerFactory()
    server = start("voucher_seller", env=env)
    for _kill in range(kills):
        codes = [voucher.code for voucher in vouchers(SOLD_BY_ONE, customer)]
        print(*codes, file=server.stdin, flush=True)
        worker = int(server.stdout.readline())
        time.sleep(chance.uniform(0.02, 0.15))
        with suppress(ProcessLookupError):  # It may have sold them all.
            os.kill(worker, signal.SIGKILL)
    server.communicate()

    connection.close()
    _until_nobody_sells()
    nothing_is_half()
    assert 0 < Purchase.objects.count() < SOLD_BY_ONE * kills
    for voucher in Voucher.objects.select_related("customer"):
        buy_with(voucher)  # The till never heard of those, and sends all of them again.
    assert Purchase.objects.count() == SOLD_BY_ONE * kills
    nothing_is_half()


def _until_nobody_sells():
    """The server may be busy yet with what the killed one had sent."""
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
    )
    for _time in range(100):
        with connection.cursor() as cursor:
            cursor.execute(others)
            if cursor.fetchone()[0] == 0:
                return
        time.sleep(0.05)
