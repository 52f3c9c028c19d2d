"""Vietnamese text: folding for search, and the alphabet's own order for sorting."""

import re
import unicodedata

# The 29 letters, then the foreign ones where a dictionary puts them.
_LETTERS = {letter: index for index, letter in enumerate("aăâbcdđeêfghijklmnoôơpqrstuưvwxyz")}
# Marks in dictionary order: none, huyền, hỏi, ngã, sắc, nặng.
_TONES = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}


def fold(text: str) -> str:
    """
    Lower case without marks, one space between words: what search compares.

    >>> fold("  Đặng Thị  ÁNH Nguyệt ")
    'dang thi anh nguyet'
    """
    plain = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    kept = "".join(char for char in plain if not unicodedata.combining(char))
    return re.sub(r"\s+", " ", kept).strip()


def sort_key(name: str) -> str:
    """
    Orders people as a Vietnamese list does: by given name (the last word), then the words
    before it; letters by the alphabet (a ă â b c d đ …) and marks only between equals.
    Compare the keys byte by byte.

    >>> sorted(["Trần Đức", "Nguyễn Dũng", "Lê Ân", "Lê An"], key=sort_key)
    ['Lê An', 'Lê Ân', 'Nguyễn Dũng', 'Trần Đức']
    """
    words = name.casefold().split()
    turned = [*words[-1:], *words[:-1]]
    letters, tones = zip(*map(_weigh, turned), strict=True) if turned else ((), ())
    return " ".join(letters) + "\t" + " ".join(tones)


def _weigh(word: str) -> tuple[str, str]:
    letters, tones = "", ""
    for char in unicodedata.normalize("NFC", word):
        base, tone = _split_tone(char)
        rank = _LETTERS.get(base)
        letters += char if rank is None else chr(ord("A") + rank)
        tones += str(tone)
    return letters, tones


def _split_tone(char: str) -> tuple[str, int]:
    """`ế` → (`ê`, 4): the letter keeps its shape, the tone is weighed apart."""
    parts = unicodedata.normalize("NFD", char)
    tone = next((_TONES[part] for part in parts if part in _TONES), 0)
    base = "".join(part for part in parts if part not in _TONES)
    return unicodedata.normalize("NFC", base), tone
