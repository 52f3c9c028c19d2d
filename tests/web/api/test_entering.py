"""No key, no answer; another scope, no effect; too much, a pause. On every route there is."""

import logging
import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.test import override_settings
from django.urls import URLPattern
from django.utils import timezone
from redis.exceptions import ConnectionError as NoValkey

from loyalty.integrations.keys import revoke_key
from loyalty.shop.models import User
from loyalty.web.api import limits, urls
from loyalty.web.api.api import api
from loyalty.web.api.entering import Key
from tests.factories.integrations import ALL_SCOPES, api_key
from tests.factories.shop import StaffFactory
from tests.web.api.calling import Caller, caller, every_row, problem

# What each route asks of a key. A route that is not here fails.
EXPECTED = {
    "POST /customers": "customers",
    "GET /customers": "read",
    "GET /customers/{customer_id}": "read",
    "PATCH /customers/{customer_id}": "customers",
    "GET /customers/{customer_id}/points": "read",
    "GET /customers/{customer_id}/entries": "read",
    "POST /customers/{customer_id}/adjustments": "adjust",
    "POST /purchases": "earn",
    "POST /purchases/batch": "earn",
    "POST /purchases/{path:reference}/refunds": "refund",
    "POST /purchases/{path:reference}/void": "refund",
    "GET /purchases/{path:reference}/refund-preview": "refund",
    "GET /purchases/{path:reference}": "read",
    "POST /quotes": "earn",
    "GET /rewards": "read",
    "POST /redemptions": "redeem",
    "POST /redemptions/{redemption_id}/cancel": "redeem",
    "POST /vouchers/{code}/use": "redeem",
}
OPERATIONS = {f"{method} {path}": one for (method, path), one in api.operations().items()}


def call(program: Caller, route: str):
    method, path = route.split()
    return program.send(method, re.sub(r"{[^}]*}", "cus_00000000", path), b"{}")


def test_every_route_has_a_line_here_and_a_scope():
    assert set(OPERATIONS) == set(EXPECTED)
    for route, operation in OPERATIONS.items():
        [key] = operation.auth_callbacks
        assert isinstance(key, Key)
        assert key.scope == EXPECTED[route]


def test_the_description_alone_is_open():
    outside = [one for one in urls.urlpatterns if isinstance(one, URLPattern)]
    assert [str(one.pattern) for one in outside] == ["openapi.json", "docs"]


@pytest.mark.parametrize("route", EXPECTED)
def test_without_a_key_nothing_is_said_or_done(route):
    before = every_row()

    answer = call(Caller(), route)

    assert problem(answer) == (401, "unauthenticated", [])
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert every_row() == before


@pytest.mark.parametrize("route", EXPECTED)
def test_every_other_scope_together_does_not_open_a_route(route):
    needed = EXPECTED[route]
    program = caller(*[scope for scope in ALL_SCOPES if scope != needed])
    before = every_row()

    answer = call(program, route)

    assert problem(answer) == (403, "scope-missing", [])
    assert answer.json()["scope"] == needed
    assert every_row() == before


@pytest.mark.parametrize("route", EXPECTED)
def test_its_own_scope_opens_a_route(route):
    assert call(caller(EXPECTED[route]), route).status_code not in (401, 403, 405, 500)


@pytest.mark.parametrize("route", EXPECTED)
def test_a_field_no_address_takes_is_refused_by_name(till, route):
    method, path = route.split()
    path = re.sub(r"{[^}]*}", "cus_00000000", path)

    answer = till.send(method, f"{path}?dry_run=true", b"{}")

    assert problem(answer) == (422, "invalid", ["dry_run"])


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic abc", "loy_abc", "Bearer loy_abc_def", "Bearer \x7f"]
)
def test_what_is_no_key_opens_nothing(header):
    program = Caller()

    answer = program.client.get("/api/v1/customers?q=an", headers={"Authorization": header})

    assert problem(answer) == (401, "unauthenticated", [])


def test_who_is_signed_in_as_staff_still_needs_a_key():
    program = Caller()
    program.client.force_login(StaffFactory(role=User.Role.OWNER))

    assert problem(program.get("/customers", q="an")) == (401, "unauthenticated", [])


def test_a_key_in_the_address_opens_nothing(till):
    assert Caller().get("/customers", q="an", key=till.token).status_code == 401


def test_ended_and_revoked_keys_open_nothing():
    end = timezone.now() + timedelta(days=1)
    ending, revoked = Caller(api_key(name="Ending", expires_at=end).token), api_key(name="Revoked")

    assert ending.get("/customers", q="an").status_code == 200
    with time_machine.travel(end, tick=False):
        assert ending.get("/customers", q="an").status_code == 401
    revoke_key(key_id=revoked.key.pk, at=timezone.now(), by=None)
    assert Caller(revoked.token).get("/customers", q="an").status_code == 401


@override_settings(API_REQUESTS_A_MINUTE=3)
def test_a_key_that_asks_too_often_waits_and_others_do_not(till, monkeypatch):
    monkeypatch.setattr(limits, "time", SimpleNamespace(time=lambda: 1_800_000_012.5))
    other = caller(name="Other")

    answers = [till.get("/customers", q="an") for _turn in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert problem(answers[3]) == (429, "too-many-requests", [])
    assert answers[3].headers["Retry-After"] == "48"
    assert other.get("/customers", q="an").status_code == 200


@override_settings(API_REQUESTS_A_MINUTE=0)
def test_without_valkey_nobody_waits(till, monkeypatch, caplog):
    def silent(_name, _times):
        raise NoValkey

    monkeypatch.setattr(limits, "_tell", silent)
    monkeypatch.setattr(limits, "_silence", limits._Silence())

    assert till.get("/customers", q="an").status_code == 200
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


@override_settings(API_REQUESTS_A_MINUTE=0)
def test_a_valkey_that_is_silent_is_left_alone_for_a_while(till, monkeypatch):
    """It might take its whole patience to find out, with every request of every till."""
    asked, clock = [], iter([0.0, 1.0, 4.9, 5.0, 9.9, 10.0])

    def silent(_name, _times):
        asked.append(True)
        raise NoValkey

    monkeypatch.setattr(limits, "_tell", silent)
    monkeypatch.setattr(limits, "_silence", limits._Silence())
    monkeypatch.setattr(limits, "time", SimpleNamespace(time=lambda: next(clock)))

    heard = [till.get("/customers", q="an").status_code for _turn in range(6)]

    assert (heard, len(asked)) == ([200] * 6, 3)


@override_settings(API_REQUESTS_A_MINUTE=3 * limits.REPORTS)
def test_valkey_hears_of_several_requests_at_once_and_of_each(till, monkeypatch):
    heard = []
    monkeypatch.setattr(limits, "_tell", lambda _name, times: heard.append(times) or sum(heard))
    monkeypatch.setattr(limits, "time", SimpleNamespace(time=lambda: 1_800_000_000.0))

    for _turn in range(8):
        till.get("/customers", q="an")

    assert heard == [1, 3, 3]  # The last one waits for two more.


@override_settings(API_REQUESTS_A_MINUTE=3 * limits.REPORTS)
def test_what_other_processes_let_in_counts_too(till, monkeypatch):
    monkeypatch.setattr(limits, "_tell", lambda _name, _times: 3 * limits.REPORTS)
    monkeypatch.setattr(limits, "time", SimpleNamespace(time=lambda: 1_800_000_060.0))

    assert till.get("/customers", q="an").status_code == 200
    assert till.get("/customers", q="an").status_code == 429
