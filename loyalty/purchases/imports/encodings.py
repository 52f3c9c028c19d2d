"""In which letters a file is written. What it says itself comes first, then what cannot be wrong."""

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO

from django.utils.translation import gettext_noop as _

from loyalty.purchases.imports.refused import FileRefused
from loyalty.sayings import said

BLOCK = 1 << 16  # Bytes read at a time.
# In which a line end is one letter, so that lines can be counted.
ENCODINGS = (
    *("utf-8", "utf-16", "utf-16-le", "utf-16-be"),
    *("windows-1258", "windows-1252", "iso-8859-1", "us-ascii"),
)
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
# What only Vietnamese text has in windows-1258: a tone after a vowel, đ before a vowel, ươ.
_VOWELS = rb"AEIOUYaeiouy\xc2\xe2\xc3\xe3\xca\xea\xd4\xf4\xd5\xf5\xdd\xfd"
_VIETNAMESE = re.compile(
    rb"[%b][\xcc\xd2\xde\xec\xf2]|[\xd0\xf0][%b\xc0\xe0\xc1\xe1]|[\xdd\xfd][\xd5\xf5]"
    % (_VOWELS, _VOWELS)
)
# Letters of the old .VnTime typefaces (TCVN3), which are signs such as © and ¬ everywhere else.
_TYPEFACE = re.compile(rb"[A-Za-z][\xa8-\xae\xb5-\xb9\xbb-\xbf][A-Za-z\s,;]")
_OTHER_FILES = (
    (b"\xd0\xcf\x11\xe0", _("This is an old or locked Excel file: save it as .xlsx.")),
    (b"%PDF", _("This is a PDF: export the data as .xlsx or CSV.")),
    (b"<", _("This is a web page or XML: open it in Excel and save it as .xlsx.")),
)
_OLD_TYPEFACE = _(
    "This looks like TCVN3 (.VnTime): turn the text into Unicode, then save it as UTF-8."
)


def encoding_of(stream: BinaryIO) -> str:
    """
    The encoding of the file, which is read through once. What is neither UTF-8 nor UTF-16 is
    windows-1258 where it looks Vietnamese, else windows-1252. Raises FileRefused for what is no
    text at all, and for text of the old typefaces, which would come out as nonsense.
    """
    start = stream.read(BLOCK)
    stream.seek(0)
    for mark, why in _OTHER_FILES:
        if start.lstrip().startswith(mark):
            raise FileRefused(said(why))
    marked = next((name for bom, name in _BOMS if start.startswith(bom)), None)
    return marked or _wide(start) or _proved(stream)


def _wide(start: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of plain letters is zero."""
    half = len(start) // 2
    even, odd = start[::2].count(0), start[1::2].count(0)
    if half and odd > half * 0.4 and even < half * 0.05:
        return "utf-16-le"
    return "utf-16-be" if half and even > half * 0.4 and odd < half * 0.05 else None


def _proved(stream: BinaryIO) -> str:
    if _is_utf_8(stream):
        return "utf-8"
    vietnamese, typeface = 0, 0
    while block := stream.read(BLOCK):
        vietnamese += len(_VIETNAMESE.findall(block))
        typeface += len(_TYPEFACE.findall(block))
    stream.seek(0)
    if typeface > vietnamese:
        raise FileRefused(said(_OLD_TYPEFACE))
    return "windows-1258" if vietnamese else "windows-1252"


def _is_utf_8(stream: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while block := stream.read(BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        stream.seek(0)
    return True


def decoded(blocks: Iterator[bytes], encoding: str) -> Iterator[str]:
    """
    The text of the blocks, without the mark at its start. Raises FileRefused with the line of
    the first byte that does not belong to the encoding.
    """
    decoder, line, at_start = codecs.getincrementaldecoder(encoding)(), 1, True
    for block, is_last in _and_end(blocks):
        try:
            text = decoder.decode(block, final=is_last)
        except UnicodeDecodeError as error:
            read = error.object[: error.start].decode(encoding, errors="replace")
            why = said(_("This is not %(encoding)s.")) % {"encoding": encoding}
            raise FileRefused(why, line=line + read.count("\n")) from error
        if at_start and text:
            text, at_start = text.removeprefix("\ufeff"), False
        line += text.count("\n")
        yield text


def _and_end(blocks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    for block in blocks:
        yield block, False
    yield b"", True
