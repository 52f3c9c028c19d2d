"""The API's description, for programs and for people."""

import json
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from loyalty.integrations.webhooks.describing import webhooks
from loyalty.web.api.api import api
from loyalty.web.api.entering import Key
from loyalty.web.api.problems import KINDS
from loyalty.web.shared.decorators import without_shop

PREFIX = "api/v1/"
# Of what stands in an address, by its name; bodies bring their own.
_EXAMPLES: dict[str, str | int] = {
    "customer_id": "cus_wgw6kard",
    "customer": "cus_wgw6kard",
    "reference": "HD-2026-000123",
    "redemption_id": "red_7tj8z82c",
    "code": "7K3M92QD",
    "phone": "0912 345 678",
    "card": "12345674",
    "q": "thảo",
    "amount_minor": 45_000,
    "lines": "1:2,3:0.5",
    "cursor": "MTI",
    "limit": 20,
}


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """OpenAPI 3.1. Open to everybody: it says nothing about this shop."""
    return HttpResponse(_description(), content_type="application/json")


@require_safe
@without_shop
def docs(request: HttpRequest) -> HttpResponse:
    """The same to read and to try, with a key."""
    return render(request, "api/docs.html")


@cache
def _description() -> bytes:
    schema: dict[str, Any] = api.get_openapi_schema(path_prefix=PREFIX)
    parts = schema["components"]
    parts["schemas"]["Problem"] = _PROBLEM
    # What a key finds on its way in is no matter of the program's.
    parts["securitySchemes"] = {"Key": parts["securitySchemes"]["Key"]}
    schema["webhooks"] = webhooks()
    said = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for (method, path), operation in api.operations().items():
        route = schema["paths"][f"/{PREFIX}{path.lstrip('/')}".replace("{path:", "{")]
        told = route[method.lower()]
        for one in told["parameters"]:
            one.setdefault("example", _EXAMPLES.get(one["name"]))
        told["responses"]["default"] = {"description": "A refusal", "content": said}
        told["security"] = [
            {"Key": [str(key.scope) for key in operation.auth_callbacks if isinstance(key, Key)]}
        ]
    return json.dumps(schema, ensure_ascii=False).encode()


_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"enum": [f"urn:loyalty:problem:{kind}" for kind in KINDS]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
    "example": {
        "type": "urn:loyalty:problem:invalid",
        "title": KINDS["invalid"][1],
        "status": 422,
        "detail": "phone: Số này thiếu 1 chữ số. Số di động có 10 chữ số.",
        "errors": [{"field": "phone", "detail": "Số này thiếu 1 chữ số. Số di động có 10 chữ số."}],
    },
}
