"""
Requests that are almost right, from the description's own examples: whatever is put into them, the
answer is a document of the promised kind, never an error of ours, and a refusal has written nothing.
"""

import copy
import json
import random
import re
from typing import Any

import pytest

from loyalty.integrations.ids import public_id
from loyalty.ledger import proof
from tests.factories.customers import customer_with_points
from tests.factories.rewards import RewardFactory
from tests.factories.shop import BranchFactory
from tests.support.rounds import rounds
from tests.web.api.calling import every_row, problem

SPICE: list[Any] = [
    *(None, True, False, 0, -1, 1, 1.5, 2**31, 2**53, 2**63, 10**40, float("nan"), float("inf")),
    *("", " ", "a\x00b", "\ud800", "١٢٣", "1e400", "NaN", "x" * 10_000, "🍵" * 300, "a\u202eb"),
    *("0912345678", "+84 912 345 678", "cus_00000000", "12345674", "7K3M92QD", "anh"),
    *("'; DROP TABLE customers_customer; --", "{{ 7*7 }}", "<script>", "../../etc/passwd"),
    *("9999-12-31T23:59:59+14:00", "0001-01-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-11-22"),
    *([], {}, [[]], [None], {"day": 29, "month": 2, "year": 2023}, {"$ne": 1}, ["a"] * 1_001),
]
KEYS = ["fuzzed-0001", "fuzzed-0002", "short", "x" * 101, "có dấu", ""]


def places(document: Any) -> list[tuple[Any, ...]]:
    """Where in a document a value stands, the whole of it included."""
    inside = document.items() if isinstance(document, dict) else []
    inside = enumerate(document) if isinstance(document, list) else inside
    return [()] + [(step, *rest) for step, value in inside for rest in places(value)]


def spice(chance: random.Random) -> Any:
    """One of them, new each time: it may be spoiled further."""
    return copy.deepcopy(chance.choice(SPICE))


def spoiled(document: Any, chance: random.Random) -> Any:
    """The document with one or two values replaced, added, doubled or left out."""
    document = copy.deepcopy(document)
    for _turn in range(chance.choice([0, 1, 1, 2])):
        place = chance.choice(places(document))
        if not place:
            return chance.choice([document, spice(chance)])
        *way, last = place
        at = document
        for step in way:
            at = at[step]
        act = chance.choice(["replace", "replace", "replace", "remove", "add"])
        if act == "remove":
            del at[last]
        elif act == "add" and isinstance(at, dict):
            at[str(spice(chance))[:50]] = spice(chance)
        else:
            at[last] = spice(chance)
    return document


@pytest.fixture
def known() -> dict[str, list[str]]:
    """What stands in addresses, right ones first."""
    BranchFactory(key="ha-noi")
    RewardFactory(key="tra-sen-vang", cost_points=1)
    customer = customer_with_points(1_000_000, phone="+84912345678")
    strange = ["0", "cus_zzzzzzzz", "%00", "%F0%9F%8D%B5", "١", "a%2Fb", "x" * 300]
    return {
        "customer_id": [public_id("cus", customer.pk)] * 7 + strange,
        "reference": ["HD-2026-000123"] * 7 + strange,
        "redemption_id": [public_id("red", 1)] + strange,
        "code": ["7K3M92QD"] + strange,
    }


def address(path: str, known: dict[str, list[str]], chance: random.Random) -> str:
    path = path.removeprefix("/api/v1")
    return re.sub(r"{(\w+)}", lambda found: chance.choice(known[found[1]]), path)


def test_nothing_that_is_almost_right_breaks_the_api(till, known, client):
    description = client.get("/api/v1/openapi.json").json()
    schemas = description["components"]["schemas"]
    routes = [
        (path, method, operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]
    seed = random.randrange(2**32)
    chance, seen = random.Random(seed), set()
    for turn in range(rounds(usual=250, soak=20_000)):
        path, method, operation = chance.choice(routes)
        where = address(path, known, chance)
        body, headers = None, {}
        if "requestBody" in operation:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            name = json.dumps(schema).rpartition("/")[2].partition('"')[0]
            body = spoiled(schemas[name]["example"], chance)
            headers = chance.choice([{}, {}, {"Idempotency_Key": chance.choice(KEYS)}])
            headers = {name: key.encode().decode("latin-1") for name, key in headers.items()}
        before = every_row()

        if body is None and method == "get":
            names = [one["name"] for one in operation["parameters"] if one["in"] == "query"]
            query = {name: spice(chance) for name in names if chance.random() < 0.6}
            shown = {name: str(value).replace("\ud800", "?") for name, value in query.items()}
            answer = till.get(where, **shown)
        else:
            answer = till.send(method.upper(), where, body, **headers)

        told = f"seed {seed}, turn {turn}: {method} {where} {str(body)[:300]}"
        seen.add(answer.status_code)
        assert answer.status_code < 500, told
        if answer.status_code >= 400:
            assert problem(answer)[0] == answer.status_code, told
            assert every_row() == before, told
        else:
            assert json.loads(answer.content) is not None, told

    assert {200, 201, 404, 422} <= seen
    assert proof.verify().problems == ()
