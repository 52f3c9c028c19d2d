"""
Numbers of rows as other programs see them: nobody reads off them how many customers there are,
or which came first. Not a secret: what may be seen is decided by a key's scopes.
"""

import hashlib
from functools import cache

_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: none looks like another.
_LENGTH = 8  # Letters, 40 bits: a million million rows.
_HALF = 20  # Bits.
_MASK = (1 << _HALF) - 1
_ROUNDS = 4


def public_id(kind: str, number: int) -> str:
    """
    The number of a row of that kind, spread over all ids; the same for ever.

    >>> public_id("cus", 1), public_id("cus", 2), public_id("red", 1)
    ('cus_wgw6kard', 'cus_jqwa5mn0', 'red_7tj8z82c')
    """
    left, right = number >> _HALF, number & _MASK
    for turn in range(_ROUNDS):
        left, right = right, left ^ _mix(kind, turn, right)
    bits = (left << _HALF) | right
    letters = [_LETTERS[bits >> (5 * place) & 31] for place in range(_LENGTH)]
    return f"{kind}_{''.join(letters)}"


def number_of(kind: str, text: str) -> int | None:
    """
    The number of the row `text` names, whether or not there is one; None when it is no such id.

    >>> number_of("cus", public_id("cus", 17)), number_of("cus", public_id("red", 17))
    (17, None)
    """
    beginning, _underscore, letters = text.partition("_")
    if beginning != kind or len(letters) != _LENGTH or not set(letters) <= set(_LETTERS):
        return None
    bits = sum(_LETTERS.index(letter) << (5 * place) for place, letter in enumerate(letters))
    left, right = bits >> _HALF, bits & _MASK
    for turn in reversed(range(_ROUNDS)):
        left, right = right ^ _mix(kind, turn, left), left
    return (left << _HALF) | right


@cache
def _keyed(kind: str, turn: int) -> "hashlib.blake2b":
    return hashlib.blake2b(digest_size=3, key=f"{kind}/{turn}".encode())


def _mix(kind: str, turn: int, half: int) -> int:
    digest = _keyed(kind, turn).copy()
    digest.update(half.to_bytes(3, "big"))
    return int.from_bytes(digest.digest(), "big") & _MASK
