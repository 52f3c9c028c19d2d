"""Where the next page of a list begins: signed, so that nobody makes one up."""

from typing import Any

from django.core.signing import BadSignature, Signer

from loyalty.web.api.problems import Problem

MOST_A_PAGE = 100
USUAL_A_PAGE = 20


def write_cursor(place: str, after: Any) -> str:
    """`place` names the list; the cursor of one list opens no other."""
    return _signer(place).sign_object(after)


def read_cursor(place: str, cursor: str) -> Any:
    """What `write_cursor` was given. Raises Problem for anything else."""
    try:
        return _signer(place).unsign_object(cursor)
    except (BadSignature, ValueError) as error:
        raise Problem.of_field("cursor", "Take it from `next` of the page before.") from error


def _signer(place: str) -> Signer:
    return Signer(salt=f"loyalty.web.api.cursors:{place}")
