"""Requests are UTF-8, whatever they say of themselves."""

import re
from collections.abc import Callable, Iterable
from typing import Any

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]
# The second form is that of RFC 2231, in which every parameter may name an encoding of its own.
_ENCODINGS = re.compile(r";\s*charset[^;]*|;[^;=]*\*\s*=[^;]*", re.IGNORECASE)


def always_utf8(application: Application) -> Application:
    """
    Takes the name of an encoding out of every request before Django uses it: Python knows some
    that no address can be read in, and others that make letters no page or database can hold.
    """

    def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["CONTENT_TYPE"] = _ENCODINGS.sub("", environ.get("CONTENT_TYPE", ""))
        return application(environ, start_response)

    return answer
