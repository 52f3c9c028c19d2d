"""Every refusal is a problem document that names what is wrong, and nothing else comes out."""

import json
import logging
import time

import pytest
from django.db import DataError, InternalError, OperationalError
from django.test import override_settings

from loyalty.programme.models import ProgrammeVersion
from loyalty.programme.versions import NoProgramme
from loyalty.shop.models import Shop
from loyalty.shop.queries import ShopMissing
from loyalty.web.api import customers
from tests.factories.customers import customer_with_points
from tests.factories.rewards import RewardFactory
from tests.web.api.calling import Caller, every_row, problem

GOOD = {"phone": "0912 345 678", "name": "Nguyễn Thu Thảo"}
CANARY = "0909123987"


def refused(till: Caller, body: bytes | dict, **headers: str) -> tuple[int, str, list[str]]:
    """What enrolling says to `body`, having written nothing."""
    before = every_row()
    answer = till.post("/customers", body, **headers)
    assert every_row() == before
    return problem(answer)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{}{}",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        '{"name": "a"}'.encode("utf-16"),
        b'{"name": "\xff"}',
        b"[" * 100_000,
        b'{"phone": 09}',
        b"{'phone': '1'}",
        b'{"phone": "1",}',
    ],
)
def test_what_is_not_json_is_refused(till, body):
    status, _kind, _fields = refused(till, body)
    assert status in (400, 422)


class BrokenLine:
    def read(self, *_size: int) -> bytes:
        raise ConnectionResetError

    readline = read


@pytest.mark.parametrize("path", ["/purchases", "/customers"])
def test_a_line_that_breaks_within_the_body_is_no_fault_of_ours(till, path, caplog):
    place, token = f"/api/v1{path}", {"Authorization": f"Bearer {till.token}"}
    sent = {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": 9, "wsgi.input": BrokenLine()}

    answer = till.client.generic("POST", place, headers=token, **sent)

    assert problem(answer) == (400, "not-json", [])
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"phone": "0912345678", "phone": "0912345679"}', "phone"),
        (b'{"birthday": {"day": 1, "month": 2, "day": 3}}', "day"),
    ],
)
def test_a_name_that_stands_twice_is_refused(till, body, field):
    assert refused(till, body) == (400, "not-json", [field])


def test_finding_it_takes_no_longer_for_many_names(till):
    names = "".join(f'"{number}":1,' for number in range(100_000))
    began = time.process_time()

    assert refused(till, f'{{{names}"z":1,"z":2}}'.encode()) == (400, "not-json", ["z"])
    assert time.process_time() - began < 10  # Each name against all of them: minutes.


@pytest.mark.parametrize("body", [b"[]", b"null", b"1", b'"text"', b"true"])
def test_json_that_is_no_object_is_refused(till, body):
    assert refused(till, body) == (422, "invalid", ["body"])


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"points": 1_000_000} | GOOD, ["points"]),
        ({"id": "cus_00000000", "card_number": "12345674"} | GOOD, ["id", "card_number"]),
        ({"birthday": {"day": 1, "month": 2, "hour": 3}} | GOOD, ["birthday.hour"]),
        ({"phone": 912345678}, ["phone"]),
        ({"name": "a\x00b"} | {"phone": "0912345678"}, ["name"]),
        ({"phone": "0912345678", "name": "a" * 201}, ["name"]),
        ({"phone": "0912345678", "language": "fr"}, ["language"]),
        ({"phone": "0912345678", "birthday": {"day": "1", "month": 2}}, ["birthday.day"]),
        ({"phone": "0912345678", "birthday": {"day": True, "month": 2}}, ["birthday.day"]),
        ({"phone": "0912345678", "birthday": {"day": 31, "month": 2}}, ["birthday"]),
        ({"phone": "0912345678", "email": "nobody"}, ["email"]),
        ({"phone": "0912345678", "branch": "nowhere"}, ["branch"]),
        ({"phone": "12345"}, ["phone"]),
        ({}, ["phone"]),
    ],
)
def test_the_field_that_is_wrong_is_named(till, body, fields):
    status, kind, named = refused(till, body)
    assert (status, kind, named) == (422, "invalid", fields)


def test_half_of_a_letter_is_refused_and_so_is_a_field_of_that_name(till):
    assert refused(till, b'{"phone": "0912345678", "name": "\\ud800"}') == (
        422,
        "invalid",
        ["name"],
    )
    assert refused(till, b'{"\\ud800": 1}')[:2] == (422, "invalid")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_a_body_that_is_not_called_json_is_refused(till, kind):
    assert refused(till, GOOD, Content_Type=kind) == (415, "not-json-type", [])


def test_json_may_name_its_encoding(till):
    kind = "application/json; charset=utf-8"
    assert till.post("/customers", GOOD, Content_Type=kind).status_code == 201


@override_settings(API_LARGEST_BODY=100)
def test_a_body_that_is_too_large_is_refused(till):
    assert refused(till, GOOD | {"name": "a" * 100}) == (413, "too-large", [])


def test_what_does_not_exist(till):
    for path in (
        "/nothing",
        "/purchases/%00/refund-preview",
        "/customers/cus_00000000",
        "/customers/17",
        "/customers/1/2/3",
    ):
        assert problem(till.get(path)) == (404, "not-found", [])


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE"])
def test_methods_that_do_not_exist(till, method):
    answer = till.send(method, "/customers")

    assert problem(answer) == (405, "method-not-allowed", [])
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "POST"}


def test_the_reader_chooses_the_language(till):
    body = {"phone": "091234567"}

    told = till.post("/customers", body)
    in_english = till.post("/customers", body, Accept_Language="en-GB,en;q=0.9")

    assert told.json()["errors"][0]["detail"].startswith("Số này thiếu 1 chữ số")
    assert in_english.json()["errors"][0]["detail"].startswith("1 digit is missing")
    assert [told.headers["Content-Language"], in_english.headers["Content-Language"]] == [
        "vi",
        "en",
    ]


class _Cause(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__(f"Key (phone)=({CANARY}) …")
        self.sqlstate = sqlstate


def _database(kind: type[Exception], sqlstate: str) -> Exception:
    error = kind(f"Key (phone)=({CANARY}) …")
    error.__cause__ = _Cause(sqlstate)
    return error


@pytest.mark.parametrize(
    ("error", "status", "kind", "retry"),
    [
        (_database(OperationalError, "55P03"), 409, "busy", "1"),
        (_database(OperationalError, "57014"), 503, "unavailable", "5"),
        (_database(OperationalError, "08006"), 503, "unavailable", "5"),
        (_database(InternalError, "25006"), 503, "unavailable", "5"),
        (_database(InternalError, "XX000"), 500, "internal", None),
        (_database(DataError, "22003"), 500, "internal", None),
        (ZeroDivisionError(CANARY), 500, "internal", None),
        (ShopMissing(), 503, "not-ready", None),
        (NoProgramme(), 503, "not-ready", None),
    ],
)
def test_what_goes_wrong_on_our_side_is_told_without_details(
    till, monkeypatch, caplog, error, status, kind, retry
):
    def fail(**_asked):
        raise error

    monkeypatch.setattr(customers, "enrol_customer", fail)

    with caplog.at_level(logging.DEBUG):
        answer = till.post("/customers", GOOD)

    assert problem(answer) == (status, kind, [])
    assert answer.headers.get("Retry-After") == retry
    assert CANARY not in answer.content.decode() + caplog.text
    assert (status == 500) == ("fail" in caplog.text)


def test_a_shop_without_rules_is_not_ready(till):
    assert ProgrammeVersion.objects.exists()
    assert json.loads(till.get("/customers", q="an").content) == {"customers": []}


@pytest.mark.parametrize("name", ["refund:TH-1", "spend:HD-1"])
def test_names_that_our_own_rows_bear_are_not_for_programs(till, name):
    """A sale of that name would stand where the refund TH-1 or the points of HD-1 have to."""
    customer_with_points(100, phone="+84912345678")
    RewardFactory(key="tea", cost_points=1)
    sale = {"reference": name, "customer": "0912345678", "total_minor": 10_000}
    redeemed = {"customer": "0912345678", "reward": "tea"}
    before = every_row()

    refused = [
        till.post("/purchases", sale),
        till.post("/redemptions", redeemed | {"reference": name}),
        till.post("/redemptions", redeemed, Idempotency_Key=name),
    ]

    assert [problem(one) for one in refused] == [(422, "invalid", ["reference"])] * 3
    assert every_row() == before


def test_before_there_is_a_shop_no_sale_can_be(till):
    Shop.objects.all().delete()

    answer = till.post("/purchases", {"reference": "R-1", "total_minor": 50_000})

    assert problem(answer) == (503, "not-ready", [])
