"""Sales of a till that was offline: up to a thousand at once, each answered for itself."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any

from django.db import DatabaseError
from django.http import HttpResponse
from django.utils import timezone
from ninja import Router
from pydantic import BaseModel, ConfigDict, Field, SkipValidation

from customers.models import Customer
from loyalty.errors import DomainError
from loyalty.integrations.answers import Reply, keep, kept
from loyalty.purchases.together import Told, record_together
from loyalty.shop.models import Branch
from loyalty.web.api.answering import TAKES_IDEMPOTENCY_KEY, named_by, tell
from loyalty.web.api.entering import Key, KeyRequest, Scope
from loyalty.web.api.pointing import branch_named, customers_named, moment_of
from loyalty.web.api.problems import Problem
from loyalty.web.api.purchases import EXAMPLE, PurchaseIn, answered, recorded_now
from loyalty.web.api.reading import Body
from loyalty.web.api.refusing import problem_of

router = Router(tags=["Sales"])

MOST_AT_ONCE = 1_000


class BatchIn(Body):
    """Up to a thousand sales. Each is read, recorded and answered for itself."""

    model_config = ConfigDict(json_schema_extra={"example": {"purchases": [EXAMPLE]}})

    # Each is read when its turn comes, so that a wrong one does not keep the others out.
    purchases: Annotated[
        list[SkipValidation[PurchaseIn]], Field(min_length=1, max_length=MOST_AT_ONCE)
    ]


class AnswerOut(BaseModel):
    status: int
    body: dict[str, Any]  # As POST /purchases answers: a sale or a problem.


class BatchOut(BaseModel):
    answers: list[AnswerOut]  # In the order of the request.


@router.post(
    "/purchases/batch",
    auth=Key(Scope.EARN),
    response=BatchOut,
    summary="Record many sales",
    openapi_extra=TAKES_IDEMPOTENCY_KEY,
)
def record(request: KeyRequest, body: BatchIn) -> HttpResponse:
    """
    For tills that were offline. One that is refused does not keep the others out. Where the
    database gives up half-way the whole request says so: send it again, nothing counts twice.
    """
    named = named_by(request, "batch")
    known = kept(named) if named else None
    if known is not None:
        return tell(known)
    said = Reply(200, f'{{"answers":[{",".join(_answers(request, body.purchases))}]}}')
    if named and not keep(named, said, at=timezone.now()):
        said = kept(named) or said  # A twin has answered meanwhile.
    return tell(said)


def _answers(request: KeyRequest, asked: list[Any]) -> Iterator[str]:
    read = [_read(one) for one in asked]
    together = _together(request, read)
    for place, one in enumerate(read):
        yield together.get(place) or _alone(request, one)


def _read(asked: Any) -> PurchaseIn | Problem:
    try:
        return PurchaseIn.model_validate(asked)
    except Exception as error:
        return problem_of(error)


def _together(request: KeyRequest, read: list[PurchaseIn | Problem]) -> dict[int, str]:
    """The answers, by place, to those that could be recorded in one go."""
    now, key = timezone.now(), request.auth
    bodies = {place: one for place, one in enumerate(read) if isinstance(one, PurchaseIn)}
    found = customers_named({one.customer for one in bodies.values() if one.customer})
    branches: dict[str | None, Branch | None] = {}
    told: dict[int, Told] = {}
    for place, body in bodies.items():
        try:
            if body.branch not in branches:
                branches[body.branch] = branch_named(key, body.branch)
            at = moment_of(key, body.occurred_at, now=now)
        except Problem:
            continue  # Alone it says why.
        told[place] = _told(body, branches[body.branch], found, at)
    try:
        done = record_together(source=key.source, told=told, recorded_at=now, by=key.user)
    except (DomainError, DatabaseError):
        return {}  # Each alone, then, so that one does not keep the others out.
    return {
        place: _item(answered(recorded, told[place].branch, bodies[place]))
        for place, recorded in done.items()
    }


def _told(
    body: PurchaseIn, branch: Branch | None, found: Mapping[str, Customer], at: datetime
) -> Told:
    customer = found.get(body.customer or "")
    return Told(body.reference, customer.pk if customer else None, branch, body.bill(), at)


def _alone(request: KeyRequest, one: PurchaseIn | Problem) -> str:
    try:
        if isinstance(one, Problem):
            raise one
        return _item(recorded_now(request, one))
    except Exception as error:
        problem = problem_of(error)
        if problem.status >= 500:
            raise problem from error
        return f'{{"status":{problem.status},"body":{problem.text()}}}'


def _item(said: Reply) -> str:
    return f'{{"status":{said.status},"body":{said.body}}}'
