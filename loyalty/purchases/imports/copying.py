"""How COPY reads its lines: columns with tabs between them. Pure."""

import re

NULL = "\\N"
_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))  # The backslash first.
_SPECIAL = re.compile(r"[\\\t\n\r]")


def column(text: str) -> str:
    """The text as one column of a line."""
    if _SPECIAL.search(text):
        for special, written in _ESCAPES:
            text = text.replace(special, written)
    return text
