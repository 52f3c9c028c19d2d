"""Sales taken back over the API."""

import pytest

from loyalty.ledger import proof
from loyalty.purchases.models import Refund
from tests.factories.customers import CustomerFactory
from tests.web.api.calling import caller, every_row, problem

LINES = [{"unit_price_minor": 50_000, "quantity": 4}, {"unit_price_minor": 100_000}]


@pytest.fixture
def sale(till):
    CustomerFactory(phone="+84912345678")
    body = {"reference": "HD/2026/1", "customer": "0912345678", "lines": LINES}
    return till.post("/purchases", body).json()


def refund(till, **body):
    return till.post("/purchases/HD/2026/1/refunds", {"reference": "TH-1"} | body)


def test_a_refund_by_amount_takes_its_part_of_the_points(till, sale):
    answer = refund(till, amount_minor=100_000, reason="Khách đổi ý")

    assert answer.status_code == 201
    told = answer.json()
    assert (told["kind"], told["purchase"], told["amount_minor"]) == (
        "refund",
        "HD/2026/1",
        100_000,
    )
    assert (told["points_due"], told["points_taken"], told["balance"]) == (10, 10, 20)


def test_a_refund_by_lines(till, sale):
    told = refund(till, lines=[{"line": 1, "quantity": 1}, {"line": 2, "quantity": 1}]).json()

    assert told["lines"] == [
        {"line": 1, "quantity": 1.0, "amount_minor": 50_000},
        {"line": 2, "quantity": 1.0, "amount_minor": 100_000},
    ]
    assert (told["amount_minor"], told["balance"]) == (150_000, 15)


@pytest.mark.parametrize("keys", [(None, None), ("back-0001", "back-0001"), (None, "back-0002")])
def test_the_same_refund_gets_the_first_answer(till, sale, keys):
    def send(key):
        headers = {"Idempotency_Key": key} if key else {}
        body = {"reference": "TH-1", "amount_minor": 100_000}
        return till.post("/purchases/HD/2026/1/refunds", body, **headers)

    first, again = (send(key) for key in keys)

    assert again.content == first.content
    assert Refund.objects.count() == 1


def test_another_refund_under_the_same_reference_is_refused(till, sale):
    refund(till, amount_minor=100_000)
    before = every_row()

    assert problem(refund(till, amount_minor=99_999)) == (409, "conflict", [])
    assert every_row() == before


def test_a_void_undoes_the_whole_sale_once(till, sale):
    first, again = (till.post("/purchases/HD/2026/1/void") for _turn in range(2))

    assert first.status_code == 201
    assert (first.json()["kind"], first.json()["balance"]) == ("void", 0)
    assert again.content == first.content
    assert proof.verify().problems == ()


def test_a_void_whose_reason_comes_in_chunks_is_refused_not_done_without_it(till, sale):
    before = every_row()

    answer = till.post("/purchases/HD/2026/1/void", Transfer_Encoding="chunked")

    assert problem(answer) == (411, "length-required", [])
    assert every_row() == before


@pytest.mark.parametrize("length", [85, 86, 100])
def test_sales_with_long_numbers_are_voided_each_for_itself(till, length):
    numbers = ["x" * (length - 1) + end for end in "ab"]
    for number in numbers:
        till.post("/purchases", {"reference": number, "total_minor": 10_000})

    voids = [till.post(f"/purchases/{number}/void") for number in numbers]

    assert [void.status_code for void in voids] == [201, 201]
    assert [void.json()["purchase"] for void in voids] == numbers


def test_the_preview_tells_what_the_refund_does_and_writes_nothing(till, sale):
    before = every_row()

    by_amount = till.get("/purchases/HD/2026/1/refund-preview", amount_minor=100_000).json()
    by_lines = till.get("/purchases/HD/2026/1/refund-preview", lines="1:0.5,2:1").json()
    all_of_it = till.get("/purchases/HD/2026/1/refund-preview").json()

    assert every_row() == before
    assert (by_lines["amount_minor"], all_of_it["balance"]) == (125_000, 0)
    made = refund(till, amount_minor=100_000).json()
    shared = set(by_amount) & set(made)
    assert {name: by_amount[name] for name in shared} == {name: made[name] for name in shared}


def test_a_refund_before_its_sale_is_sent_again_later(till):
    early = refund(till, amount_minor=1)

    assert problem(early) == (404, "unknown-purchase", [])


def test_a_refusal_is_not_kept_so_the_same_request_under_the_same_key_succeeds_later(till):
    """As when a refund overtakes its sale: a till asks again as it asked before."""
    body, key = {"reference": "TH-1", "amount_minor": 100_000}, {"Idempotency_Key": "refund-0001"}
    early = till.post("/purchases/HD-7/refunds", body, **key)
    till.post("/purchases", {"reference": "HD-7", "total_minor": 300_000})

    later, again = (till.post("/purchases/HD-7/refunds", body, **key) for _turn in range(2))

    assert [one.status_code for one in (early, later, again)] == [404, 201, 201]
    assert "Idempotency-Replayed" not in later.headers
    assert (again.headers["Idempotency-Replayed"], again.content) == ("true", later.content)


def test_nobody_takes_back_the_sale_of_another_program(till, sale):
    assert problem(refund(caller(name="Web"), amount_minor=1)) == (404, "unknown-purchase", [])


@pytest.mark.parametrize(
    ("body", "status", "fields"),
    [
        ({}, 422, ["amount_minor"]),
        ({"amount_minor": 1, "lines": [{"line": 1, "quantity": 1}]}, 422, ["amount_minor"]),
        ({"amount_minor": 300_001}, 409, []),
        ({"lines": [{"line": 3, "quantity": 1}]}, 422, ["lines[0].line"]),
        ({"lines": [{"line": 1, "quantity": 5}]}, 422, ["lines[0].quantity"]),
        ({"lines": [{"line": 1}]}, 422, ["lines[0].quantity"]),
        (
            {"lines": [{"line": 1, "quantity": 1, "amount_minor": 5}]},
            422,
            ["lines[0].amount_minor"],
        ),
        ({"amount_minor": 1, "reference": ""}, 422, ["reference"]),
        ({"amount_minor": 1, "reference": " "}, 422, ["reference"]),
        ({"amount_minor": 1, "points": 5}, 422, ["points"]),
        ({"amount_minor": 1, "occurred_at": "2199-01-01T00:00:00Z"}, 422, ["occurred_at"]),
    ],
)
def test_a_refund_that_cannot_be_writes_nothing(till, sale, body, status, fields):
    before = every_row()

    told_status, _kind, told_fields = problem(refund(till, **body))

    assert (told_status, told_fields) == (status, fields)
    assert every_row() == before


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"amount_minor": "0"}, "amount_minor"),
        ({"amount_minor": "1.5"}, "amount_minor"),
        ({"amount_minor": "1e400"}, "amount_minor"),
        ({"lines": "1"}, "lines"),
        ({"lines": "1:0.0001"}, "lines"),
        ({"lines": "٢:1"}, "lines"),
        ({"amount_minor": "5", "lines": "1:1"}, "amount_minor"),
    ],
)
def test_a_preview_that_cannot_be_understood_names_what_is_wrong(till, sale, query, field):
    answer = till.get("/purchases/HD/2026/1/refund-preview", **query)

    assert problem(answer) == (422, "invalid", [field])
