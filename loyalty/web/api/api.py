"""The API as a whole: which routes it has, and how it describes itself."""

from collections.abc import Iterator

from ninja import NinjaAPI
from ninja.operation import Operation, PathView

from loyalty.web.api import (
    adjustments,
    batches,
    customers,
    points,
    purchases,
    quotes,
    refunds,
    rewards,
    sales,
)
from loyalty.web.api.entering import nobody

DESCRIPTION = """
For tills and other programs. Send `Authorization: Bearer KEY` with every request; the shop's owner
makes keys with `manage.py create_api_key`. Money is in whole minor units of the shop's currency,
points are whole, ids are texts. What is refused is answered as problem details (RFC 9457) with the
field named, and has written nothing. With an `Idempotency-Key`, and for sales by their
`reference`, asking again gets the first answer, byte for byte.
"""


class TillApi(NinjaAPI):
    def get_openapi_operation_id(self, operation: Operation) -> str:
        """What a client's generator calls the route: `customers_enrol`."""
        noun = operation.view_func.__module__.rpartition(".")[2]
        return f"{noun}_{operation.view_func.__name__}"

    def views(self) -> Iterator[tuple[str, PathView]]:
        """Every address below the API's own, as django-ninja writes it, and what is there."""
        for router in self._get_bound_routers():
            yield from router.path_operations.items()

    def operations(self) -> dict[tuple[str, str], Operation]:
        """Every route by method and path."""
        return {
            (method, path): operation
            for path, view in self.views()
            for operation in view.operations
            for method in operation.methods
        }


api = TillApi(
    title="Loyalty API",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    auth=nobody,
    openapi_url=None,
    docs_url=None,
)
# Sales last: any address below them is the name of one.
for noun in (customers, points, adjustments, purchases, batches, refunds, quotes, rewards, sales):
    api.add_router("", noun.router)
