"""Numbers at and beyond every edge, in every field that takes one: refused by name, nothing written."""

import json
import re

import pytest

from loyalty.integrations.ids import public_id
from tests.factories.customers import customer_with_points
from tests.web.api.calling import every_row, problem
from tests.web.api.numeric_fields import numeric_fields

# As they stand in JSON.
NO_INTEGERS = [
    "1.0",
    "1.5",
    "1e2",
    "1e400",
    "-1e400",
    "NaN",
    "Infinity",
    "-Infinity",
    '"1"',
    '"١٢٣"',
    '"1e400"',
    "true",
    "[1]",
    '{"n": 1}',
    "9" * 5_000,
    "-" + "9" * 5_000,
]
TOO_BIG = ["2147483648000000", "9007199254740993", "9223372036854775807", "9223372036854775808"]
NEGATIVE = ["-1", "-2147483649", "-9223372036854775809"]
# Never a number of ours, whichever field it is.
NO_NUMBERS = [
    *("NaN", "Infinity", "-Infinity", "1e400", "-1e400", "9223372036854775808"),
    *("-9223372036854775809", "1" * 40, '"١٢٣"', '"１２"', '"1e400"', '"x"', '"1_000"'),
]
DAY = "birthday"  # The whole of it, where it is no day of the calendar.
SALE = '{"reference": "HD-1", "customer": "0912345678", %s}'
# Where it is sent, the body with @ for the number, the field, and what else that field refuses.
WHOLE = [
    ("/purchases", SALE % '"total_minor": @', "total_minor", ["0"]),
    ("/purchases", SALE % '"total_minor": 1, "shipping_minor": @', "shipping_minor", []),
    ("/purchases", SALE % '"total_minor": 1, "spend_points": @', "spend_points", []),
    ("/purchases", SALE % '"lines": [{"unit_price_minor": @}]', "lines[0].unit_price_minor", []),
    (
        "/purchases",
        SALE % '"lines": [{"unit_price_minor": 10, "discount_minor": @}]',
        "lines[0].discount_minor",
        ["11"],
    ),
    (
        "/purchases",
        SALE % '"lines": [{"unit_price_minor": 10, "tax_minor": @}]',
        "lines[0].tax_minor",
        ["11"],
    ),
    (
        "/purchases",
        SALE % '"total_minor": 1, "payments": [{"method": "cash", "amount_minor": @}]',
        "payments[0].amount_minor",
        [],
    ),
    ("/quotes", '{"total_minor": @}', "total_minor", ["0"]),
    ("/purchases/HD-0/refunds", '{"reference": "R", "amount_minor": @}', "amount_minor", ["0"]),
    (
        "/purchases/HD-0/refunds",
        '{"reference": "R", "lines": [{"line": @, "quantity": 1}]}',
        "lines[0].line",
        ["0", "1001"],
    ),
    (
        "/customers/{id}/adjustments",
        '{"reference": "DC-1", "reason": "vì", "points": @}',
        "points",
        ["0", "1000000001", "-1000000001"],
    ),
    ("/customers", '{"phone": "0987654321", "birthday": {"day": @, "month": 2}}', DAY, ["0", "30"]),
    ("/customers", '{"phone": "0987654321", "birthday": {"day": 1, "month": @}}', DAY, ["0", "13"]),
    (
        "/customers",
        '{"phone": "0987654321", "birthday": {"day": 1, "month": 2, "year": @}}',
        DAY,
        ["0", "1899", "2101"],
    ),
]
QUANTITIES = [
    *("0", "-1", "0.0001", "1000000.001", "1e400", "1e-400", "NaN", "Infinity"),
    *("9223372036854775808", '"1"', '"١"', "true", "null", "9" * 5_000, "0." + "1" * 5_000),
]
QUANTITY_PLACES = [
    ("/purchases", SALE % '"lines": [{"unit_price_minor": 10, "quantity": @}]'),
    ("/quotes", '{"lines": [{"unit_price_minor": 10, "quantity": @}]}'),
    (
        "/purchases/HD-0/refunds",
        '{"reference": "R", "lines": [{"line": 1, "quantity": @}]}',
    ),
]


@pytest.fixture
def customer(till):
    customer = customer_with_points(100, phone="+84912345678")
    lines = [{"unit_price_minor": 10_000, "quantity": 3}]
    body = {"reference": "HD-0", "customer": "0912345678", "lines": lines}
    assert till.post("/purchases", body).status_code == 201
    return customer


def refusal(till, customer, path, body):
    before = every_row()
    path = path.replace("{id}", public_id("cus", customer.pk))
    answer = till.post(path, body.encode())
    assert every_row() == before
    return problem(answer)


@pytest.mark.parametrize(("path", "body", "field", "wrong"), WHOLE, ids=lambda one: str(one)[:40])
def test_a_whole_number_beyond_its_bounds_is_refused_by_name(
    till, customer, path, body, field, wrong
):
    signed = "-1" not in wrong and field == "points"
    numbers = NO_INTEGERS + TOO_BIG + ([] if signed else NEGATIVE) + wrong
    for number in numbers:
        status, kind, fields = refusal(till, customer, path, body.replace("@", number))
        assert (status, kind) == (422, "invalid"), number[:20]
        assert fields[0].startswith(field), number[:20]


@pytest.mark.parametrize(("path", "body"), QUANTITY_PLACES)
def test_a_quantity_beyond_its_bounds_is_refused_by_name(till, customer, path, body):
    for number in QUANTITIES:
        expected = (422, "invalid", ["lines[0].quantity"])
        assert refusal(till, customer, path, body.replace("@", number)) == expected, number[:20]


def test_the_largest_of_everything_is_taken_whole(till, customer):
    body = {"reference": "HD-1", "customer": "0912345678", "total_minor": 10**12}

    told = till.post("/purchases", body).json()

    assert (told["amount_minor"], told["points"]["earned"]) == (10**12, 10**8)
    assert json.loads(json.dumps(told))["balance"] == 100 + 3 + 10**8


def asked(till, field, customer, number):
    """What the API says to that number, as it stands in JSON or in an address."""
    path = field.path.removeprefix("/api/v1").replace(
        "{customer_id}", public_id("cus", customer.pk)
    )
    path = re.sub(r"{(reference|redemption_id|code)}", "HD-0", path)
    if field.body is None:
        return till.get(path, **{field.name: number.strip('"')})
    body = json.dumps(field.with_number("@")).replace('"@"', number)
    return till.send(field.method.upper(), path, body.encode())


def test_every_field_that_takes_a_number_refuses_what_is_none_and_what_no_column_holds(
    till, customer, client
):
    fields = list(numeric_fields(client.get("/api/v1/openapi.json").json()))
    assert len(fields) >= 30
    for field in fields:
        before = every_row()
        for number in NO_NUMBERS:
            answer = asked(till, field, customer, number)
            told = f"{field}: {number[:20]}"
            assert answer.status_code == (200 if field.path.endswith("/batch") else 422), told
            said = answer.json()
            if answer.status_code == 200:  # A batch answers each of its sales for itself.
                said = said["answers"][0]["body"]
            assert said["status"] == 422, told
            named = field.name.removeprefix("purchases[0].")
            assert named.startswith(said["errors"][0]["field"]), (told, said["errors"])
        assert every_row() == before, str(field)


def test_numbers_at_the_edges_of_machines_are_taken_or_refused_and_never_an_error_of_ours(
    till, customer, client
):
    for field in numeric_fields(client.get("/api/v1/openapi.json").json()):
        before = every_row()
        for number in ("0", "-1", "2147483647", "2147483648", "4294967296", "9007199254740993"):
            answer = asked(till, field, customer, number)
            assert answer.status_code < 500, f"{field}: {number}"
            if answer.status_code < 400:
                before = every_row()
        assert every_row() == before, str(field)
