"""
From a request to the function that answers it. django-ninja knows what each function asks for, and
describes it; here it is read.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja.operation import Operation, PathView
from pydantic import TypeAdapter

from loyalty.integrations.keys import Holder
from loyalty.web.api.entering import KeyRequest
from loyalty.web.api.problems import Problem
from loyalty.web.api.reading import asked_by, once_each

Read = Callable[[KeyRequest], Any]


@dataclass(frozen=True)
class Act:
    """What one method does at an address."""

    key: Callable[[HttpRequest], Holder]
    function: Callable[..., HttpResponse]
    reads: tuple[tuple[str, Read], ...]  # The arguments that do not stand in the path.


class Route:
    """One address of the API, a view of Django's. What refuses a request is raised for `ShortChain`."""

    csrf_exempt = True  # A key in the header is nothing that another site's page could send.

    def __init__(self, view: PathView) -> None:
        self.acts = {
            method: _act(operation) for operation in view.operations for method in operation.methods
        }

    def __call__(self, request: KeyRequest, **named: str) -> HttpResponse:
        act = self.acts.get(request.method or "")
        if act is None:
            raise Problem("method-not-allowed", headers={"Allow": ", ".join(self.acts)})
        request.auth = act.key(request)
        for name, read in act.reads:
            named[name] = read(request)
        return act.function(request, **named)


def _act(operation: Operation) -> Act:
    (key,) = operation.auth_callbacks
    return Act(key, operation.view_func, tuple(_reads(operation)))


def _reads(operation: Operation) -> Iterator[tuple[str, Read]]:
    """Of a body and of what stands behind the ?, each a model; what the path names is text as it is."""
    for model in operation.models:
        for name, field in model.model_fields.items():
            kind = TypeAdapter(field.annotation)
            if model.__ninja_param_source__ == "body":
                yield name, partial(_of_body, kind, field.is_required())
            elif model.__ninja_param_source__ == "query":
                yield name, partial(_of_address, kind)


def _of_body(kind: TypeAdapter[Any], required: bool, request: KeyRequest) -> Any:
    if request.body:
        if request.content_type != "application/json":
            raise Problem("not-json-type")
        return kind.validate_python(asked_by(request))
    if required:
        raise Problem.of_field("body", "Field required")
    return None


def _of_address(kind: TypeAdapter[Any], request: KeyRequest) -> Any:
    return kind.validate_python(once_each(request))
