"""From a request to the function that answers it: django-ninja reads and describes, and no more."""

from typing import cast

from django.http import HttpResponse
from ninja.operation import PathView

from loyalty.web.api.entering import KeyRequest
from loyalty.web.api.problems import Problem

_NO_ANSWER_YET = HttpResponse()  # Where a function would find headers to set; ours make their own.


class Route:
    """One address of the API, a view of Django's. What refuses a request is raised: `ShortChain` answers it."""

    csrf_exempt = True  # A key in the header is nothing that another site's page could send.

    def __init__(self, view: PathView) -> None:
        self.operations = {
            method: operation for operation in view.operations for method in operation.methods
        }

    def __call__(self, request: KeyRequest, **named: str) -> HttpResponse:
        operation = self.operations.get(request.method or "")
        if operation is None:
            raise Problem("method-not-allowed", headers={"Allow": ", ".join(self.operations)})
        (key,) = operation.auth_callbacks
        request.auth = key(request)
        values = operation._get_values(request, named, _NO_ANSWER_YET)
        return cast(HttpResponse, operation.view_func(request, **values))
