"""A program with a key, as the API's tests play it."""

import json
from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.test import Client

from loyalty.programme.versions import publish
from tests.factories.clock import NOON
from tests.factories.integrations import api_key
from tests.factories.programmes import EVERYDAY, ONE_TIER, SILVER

PLACE = "/api/v1"


class Caller:
    """Sends JSON with its key; what else it wants said goes into `headers`."""

    def __init__(self, token: str = "") -> None:
        self.token = token
        self.client = Client()

    def get(self, path: str, **query: Any) -> HttpResponse:
        return self.client.get(PLACE + path, query, headers=self._headers({}))

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """`body` is bytes as they are, or anything else as JSON; headers with _ for -."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body)
        spoken = {name.replace("_", "-"): value for name, value in headers.items()}
        content_type = spoken.pop("Content-Type", "application/json")
        return self.client.generic(
            method, PLACE + path, raw, content_type=content_type, headers=self._headers(spoken)
        )

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.send("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.send("PATCH", path, body, **headers)

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        return ({"Authorization": f"Bearer {self.token}"} if self.token else {}) | more


def caller(*scopes: str, **columns: Any) -> Caller:
    """A program whose key has these scopes, or all of them."""
    return Caller(api_key(*scopes, **columns).token)


def the_shop_says(*more: str) -> None:
    """From now on 10.000đ = 1 point, two tiers that multiply nothing, and what `more` says."""
    publish(
        document="\n".join([*more, EVERYDAY, ONE_TIER, SILVER]),
        effective_from=NOON.replace(year=2000),
        at=NOON,
        by=None,
    )


def problem(response: HttpResponse) -> tuple[int, str, list[str]]:
    """Status, kind and the fields named, of a proper problem document; fails on anything else."""
    document = response.json()
    assert response.headers["Content-Type"] == "application/problem+json"
    assert document["status"] == response.status_code
    assert set(document) >= {"type", "title"}
    kind = document["type"].removeprefix("urn:loyalty:problem:")
    return response.status_code, kind, [error["field"] for error in document.get("errors", [])]


def every_row() -> dict[str, int]:
    """How many rows each table has, but for what is kept about keys."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        cursor.execute(
            " UNION ALL ".join(f"SELECT '{table}', count(*) FROM \"{table}\"" for table in tables)
        )
        return dict(cursor.fetchall())
