"""The reference a page carries, so that what it sends counts once however often it is sent."""

from uuid import UUID, uuid4

from django.http import HttpRequest
from django.utils.translation import gettext as _

from loyalty.errors import DomainError, InvalidInput
from loyalty.web.shared.guessing import TooManyCodes


def new_reference() -> str:
    """For one page as it is rendered."""
    return str(uuid4())


def reference_of(request: HttpRequest) -> str:
    """The reference the page was rendered with. Raises InvalidInput when it is none of ours."""
    try:
        return str(UUID(request.POST.get("reference", "")))
    except ValueError as error:
        raise InvalidInput("reference", _("Please press the button once more.")) from error


def status_of(error: DomainError) -> int:
    """The HTTP status of a refusal: 422 for what was typed, 409 for how things stand."""
    if isinstance(error, TooManyCodes):
        return 429
    return 422 if isinstance(error, InvalidInput) else 409
