"""Every field of the API that takes a number, read off its own description."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

NUMBERS = {"integer", "number"}
Place = tuple[str | int, ...]


@dataclass(frozen=True)
class NumericField:
    method: str
    path: str  # As in the description.
    place: Place  # In the body; the name alone in an address.
    body: Any  # An example with something at that place; None: it stands in the address.

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.name}"

    @property
    def name(self) -> str:
        """As a refusal calls it."""
        steps = (f"[{one}]" if isinstance(one, int) else f".{one}" for one in self.place)
        return "".join(steps).removeprefix(".")

    def with_number(self, mark: Any) -> Any:
        """The body with `mark` where the number stands."""
        body = copy.deepcopy(self.body)
        at = body
        for step in self.place[:-1]:
            at = at[step]
        at[self.place[-1]] = mark
        return body


def numeric_fields(description: dict[str, Any]) -> Iterator[NumericField]:
    schemas = description["components"]["schemas"]
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            for one in operation["parameters"]:
                if one["in"] == "query" and _types(one["schema"]) & NUMBERS:
                    yield NumericField(method, path, (one["name"],), None)
            if "requestBody" in operation:
                schema = operation["requestBody"]["content"]["application/json"]["schema"]
                schema = _resolved(schema, schemas)
                for place, body in _places(schema, schemas, schema["example"]):
                    yield NumericField(method, path, place, body)


def _places(
    schema: dict[str, Any], schemas: dict[str, Any], example: Any
) -> Iterator[tuple[Place, Any]]:
    """Each place below `schema` that takes a number, in an example that has something there."""
    for name, inner in schema.get("properties", {}).items():
        inner = _resolved(inner, schemas)
        known = example.get(name)
        if _types(inner) & NUMBERS:
            yield (name,), example | {name: 1}
        elif "properties" in inner:
            known = known or inner.get("example") or _least(inner, schemas)
            for place, body in _places(inner, schemas, known):
                yield (name, *place), example | {name: body}
        elif "items" in inner:
            item = _resolved(inner["items"], schemas)
            first = (known or [item.get("example") or _least(item, schemas)])[0]
            for place, body in _places(item, schemas, first):
                yield (name, 0, *place), example | {name: [body]}


def _least(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """The least that such an object can be; of texts and numbers."""
    wanted = {
        name: _resolved(schema["properties"][name], schemas) for name in schema.get("required", ())
    }
    return {name: 1 if _types(one) & NUMBERS else "x" for name, one in wanted.items()}


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """What is meant, where it is named elsewhere or may be left out."""
    for one in schema.get("anyOf", ()):
        if one.get("type") != "null":
            return _resolved(one, schemas)
    if "$ref" in schema:
        return schemas[schema["$ref"].rpartition("/")[2]]
    return schema


def _types(schema: dict[str, Any]) -> set[str]:
    return {one.get("type", "") for one in [schema, *schema.get("anyOf", ())]}
