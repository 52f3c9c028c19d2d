"""What came of one call to a provider, in the words the outbox acts on."""

from dataclasses import dataclass
from enum import Enum


class Result(Enum):
    SENT = "sent"  # The provider took it.
    UNKNOWN = "unknown"  # It may have gone out; asking again could send it twice.
    RETRY = "retry"  # It did not go out, but may later.
    UNREACHABLE = "unreachable"  # No provider was there to ask; not this message's fault.
    FAILED = "failed"  # It never will.


@dataclass(frozen=True)
class Outcome:
    result: Result
    detail: str = ""  # The name of an error, without any address.


def outcome_of(result: Result, error: BaseException) -> Outcome:
    """An outcome that names the error's class only: its text may hold an address."""
    return Outcome(result, type(error).__name__)
