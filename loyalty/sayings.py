"""
Texts of ours that are kept: as what was said, so that whoever reads them does so in their language.

Modules whose refusals are kept take `said` and `said_of_many` for gettext and ngettext.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext, ngettext

Part = str | dict[str, Any]  # A text as it stands; or a message, with what is filled in.


class Saying(str):
    """
    A text in the language of the moment, which knows what was said. It stays one when something is
    filled in or added, and as the text of an error.
    """

    parts: list[Part]  # As JSON keeps them.

    def __new__(cls, text: str, parts: Sequence[Part]) -> "Saying":
        saying = super().__new__(cls, text)
        saying.parts = list(parts)
        return saying

    def __str__(self) -> str:
        return self

    def __mod__(self, values: Any) -> "Saying":
        filled = super().__mod__(values)
        return Saying(filled, [_filled(part, values) for part in self.parts])

    def __add__(self, other: str) -> "Saying":
        return Saying(super().__add__(other), [*self.parts, *parts_of(other)])

    def __radd__(self, other: str) -> "Saying":
        return Saying("".join((other, self)), [*parts_of(other), *self.parts])


def said(message: str) -> Saying:
    """As gettext."""
    return Saying(gettext(message), [{"say": message}])


def said_of_many(one: str, many: str, count: int) -> Saying:
    """As ngettext."""
    return Saying(ngettext(one, many, count), [{"say": one, "many": many, "count": count}])


def lines_of(texts: Iterable[str]) -> Saying:
    """These texts one below the other."""
    first, *others = texts
    whole = Saying(first, parts_of(first))
    for text in others:
        whole = whole + "\n" + text
    return whole


def parts_of(text: str) -> list[Part]:
    """What is to be kept of a text; one that is no saying is kept as it stands."""
    if isinstance(text, Saying):
        return text.parts
    return [text] if text else []


def say_again(parts: Iterable[Part]) -> str:
    """
    The text in the language of the moment. A message that is no longer in our catalogues is said in
    English.

    >>> from django.utils.translation import override
    >>> with override("en"):
    ...     say_again(["A1: ", {"say": "longer than %(count)d letters", "with": {"count": 64}}])
    'A1: longer than 64 letters'
    """
    return "".join(part if isinstance(part, str) else _message(part) for part in parts)


def _filled(part: Part, values: Mapping[str, Any]) -> Part:
    if isinstance(part, str):
        return part % values
    kept = {name: value if isinstance(value, int) else str(value) for name, value in values.items()}
    return part | {"with": kept}


def _message(part: Mapping[str, Any]) -> str:
    one, many = part["say"], part.get("many")
    text = ngettext(one, many, part["count"]) if many else gettext(one)
    return text % part["with"] if "with" in part else text
