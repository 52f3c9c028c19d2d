"""Cells that no spreadsheet takes for a formula."""

import re

_GUARD = re.compile(r"(^|[;\t\r\n]\s*)'(?=[=+\-@＝＋－＠])")


def safe_cell(cell: object) -> object:
    """A spreadsheet runs a cell that begins like a formula; a quote in front keeps it a text."""
    if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{cell}"
    return cell


def unguarded(text: str) -> str:
    """
    The text without the quotes that keep a spreadsheet from running it.

    >>> unguarded("'=1+1"), unguarded("An; '-B"), unguarded("D'Angelo"), unguarded("'t Hart")
    ('=1+1', 'An; -B', "D'Angelo", "'t Hart")
    """
    return _GUARD.sub(r"\1", text)
