"""The API tells truly how to use it, with nothing from outside."""

import json
from importlib import import_module

import jsonschema
import pytest

from loyalty.web.api.api import api
from loyalty.web.api.problems import KINDS
from loyalty.web.api.reading import Body, read_json
from tests.support.pages import PageClient

BODIES = {
    name: model
    for noun in {operation.view_func.__module__ for operation in api.operations().values()}
    for name, model in vars(import_module(noun)).items()
    if isinstance(model, type) and issubclass(model, Body) and model is not Body
}


@pytest.fixture
def description(client):
    return client.get("/api/v1/openapi.json").json()


def test_it_is_openapi_3_1_with_every_route(description):
    told = {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in description["paths"].items()
        for method in methods
    }

    assert description["openapi"].startswith("3.1.")
    plain = {(method, path.replace("{path:", "{")) for method, path in api.operations()}
    assert told == plain


def test_every_route_says_what_it_is_who_may_and_how_it_refuses(description):
    operations = [one for methods in description["paths"].values() for one in methods.values()]

    for operation in operations:
        assert operation["summary"]
        assert operation["security"][0]["Key"]
        refusal = operation["responses"]["default"]["content"]["application/problem+json"]
        assert refusal["schema"]["$ref"] == "#/components/schemas/Problem"
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    assert set(description["components"]["securitySchemes"]) == {"Key"}


def test_every_post_takes_an_idempotency_key(description):
    for path, methods in description["paths"].items():
        if "post" in methods and not path.endswith("/quotes"):
            names = [one["name"] for one in methods["post"]["parameters"]]
            assert "Idempotency-Key" in names, path


@pytest.mark.parametrize(
    "name", [name for name in sorted(BODIES) if BODIES[name].model_config.get("json_schema_extra")]
)
def test_the_examples_are_right(name, description):
    example = description["components"]["schemas"][name]["example"]

    assert BODIES[name].model_validate(read_json(json.dumps(example).encode()))


def test_every_body_has_an_example(description):
    for methods in description["paths"].values():
        for operation in methods.values():
            if "requestBody" in operation:
                schema = operation["requestBody"]["content"]["application/json"]["schema"]
                if "anyOf" in schema:  # A body that may be left out.
                    schema = schema["anyOf"][0]
                name = schema["$ref"].rpartition("/")[2]
                assert "example" in description["components"]["schemas"][name], name


def test_every_parameter_has_an_example_of_its_own_kind(description):
    for methods in description["paths"].values():
        for operation in methods.values():
            for one in operation["parameters"]:
                jsonschema.validate(one["example"], one["schema"])


def test_every_kind_of_problem_is_listed(description):
    listed = description["components"]["schemas"]["Problem"]["properties"]["type"]["enum"]

    assert listed == [f"urn:loyalty:problem:{kind}" for kind in KINDS]


def test_the_page_is_ours_alone_under_the_strict_policy():
    answer = PageClient().get("/api/v1/docs")

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "https://" not in page
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
