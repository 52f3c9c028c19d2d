"""Which problem each refusal is. Every error of the API passes here; what nobody foresaw is 500."""

import logging
import traceback
from collections.abc import Callable
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import Error, InterfaceError, InternalError, OperationalError
from django.http import Http404, UnreadablePostError
from pydantic import ValidationError

from customers.services import AlreadyEnrolled
from loyalty.errors import Conflict, DomainError, InvalidInput
from loyalty.integrations.ids import public_id
from loyalty.ledger.adjustments import NotAllowed
from loyalty.ledger.services import InsufficientPoints
from loyalty.programme.paying import PointsRefused
from loyalty.programme.tickets import TicketRefused
from loyalty.programme.versions import NoProgramme
from loyalty.purchases.refunds import UnknownPurchase
from loyalty.shop.queries import ShopMissing
from loyalty.web.api.problems import FieldError, Problem
from loyalty.web.shared.guessing import WINDOW, TooManyCodes
from rewards.redemption import RewardUnavailable
from rewards.vouchers import UnknownVoucher

logger = logging.getLogger(__name__)

MOST_ERRORS = 20  # Of one body; who sends more mistakes than that learns nothing from them.
_LOCK_TIMEOUT, _READ_ONLY = "55P03", "25006"


def problem_of(error: Exception) -> Problem:
    """The problem that `error` is, for whoever asked."""
    if isinstance(error, Problem):
        return error
    for kind, read in _READERS:
        if isinstance(error, kind):
            return read(error)
    _log(error)
    return Problem("internal")


def _of_fields(error: ValidationError) -> Problem:
    wrong = error.errors(include_url=False, include_input=False)
    found = [FieldError(_place_of(one["loc"]) or "body", one["msg"]) for one in wrong[:MOST_ERRORS]]
    return Problem("invalid", f"{found[0].field}: {found[0].detail}", found)


def _place_of(steps: tuple[Any, ...]) -> str:
    """
    >>> _place_of(("lines", 0, "quantity"))
    'lines[0].quantity'
    """
    place = ""
    for step in steps:
        place += f"[{step}]" if isinstance(step, int) else f".{step}" if place else str(step)
    return place


def _of_input(error: InvalidInput) -> Problem:
    return Problem.of_field(error.field, str(error))


def _of_points(error: InsufficientPoints) -> Problem:
    more = {"needed": error.needed, "available": error.available}
    return Problem("insufficient-points", str(error), more=more)


def _of_paying(error: PointsRefused) -> Problem:
    return Problem("refused", str(error), more={"limit": str(error.limit), "most": error.most})


def _of_reward(error: RewardUnavailable) -> Problem:
    return Problem("refused", str(error), more={"reason": error.reason.code})


def _of_codes(error: TooManyCodes) -> Problem:
    return Problem("too-many-requests", str(error), headers={"Retry-After": str(WINDOW)})


def _of_unknown(error: UnknownVoucher) -> Problem:
    return Problem.of_field(error.field, str(error)) if error.field else Problem("not-found")


def _of_ticket(error: TicketRefused) -> Problem:
    if not error.field:
        return Problem("refused", str(error))
    return Problem.of_field(error.field, str(error), kind="refused")


def _of_enrolled(error: AlreadyEnrolled) -> Problem:
    more = {"customer": public_id("cus", error.customer.pk)}
    return Problem("already-enrolled", str(error), more=more)


def _of_database(error: Error) -> Problem:
    state = getattr(error.__cause__, "sqlstate", None)
    if state == _LOCK_TIMEOUT:
        return Problem("busy", headers={"Retry-After": "1"})
    if isinstance(error, OperationalError | InterfaceError) or state == _READ_ONLY:
        logger.error("The database refuses: %s", type(error.__cause__).__name__)
        return Problem("unavailable", headers={"Retry-After": "5"})
    _log(error)
    return Problem("internal")


def _log(error: Exception) -> None:
    """Where it broke and how it is called, but not its text: that may hold a phone number."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    logger.error("%s in the API\n%s", type(error).__name__, frames)


# The first that fits counts.
_READERS: tuple[tuple[type[Exception], Callable[[Any], Problem]], ...] = (
    (ValidationError, _of_fields),
    (Http404, lambda error: Problem("not-found")),
    (RequestDataTooBig, lambda error: Problem("too-large")),
    (UnreadablePostError, lambda error: Problem("not-json")),  # Who sent it is gone, half-way.
    (InvalidInput, _of_input),
    (InsufficientPoints, _of_points),
    (PointsRefused, _of_paying),
    (RewardUnavailable, _of_reward),
    (AlreadyEnrolled, _of_enrolled),
    (UnknownPurchase, lambda error: Problem("unknown-purchase", str(error))),
    (TooManyCodes, _of_codes),
    (UnknownVoucher, _of_unknown),
    (TicketRefused, _of_ticket),
    (NotAllowed, lambda error: Problem("not-allowed", str(error))),
    (Conflict, lambda error: Problem("conflict", str(error))),
    (ShopMissing, lambda error: Problem("not-ready", str(error))),
    (NoProgramme, lambda error: Problem("not-ready", str(error))),
    (DomainError, lambda error: Problem("refused", str(error))),
    (OperationalError, _of_database),
    (InterfaceError, _of_database),
    (InternalError, _of_database),
)


def unauthenticated() -> Problem:
    """What a request without a key hears, and one whose key is none of ours or has ended."""
    return Problem("unauthenticated", headers={"WWW-Authenticate": "Bearer"})
