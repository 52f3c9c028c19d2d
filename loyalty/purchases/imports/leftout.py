"""
The rows of an upload that are left out, packed: all of them, as what was said of each. Thousands of
rows with the same few reasons come to some kilobytes.
"""

import gzip
import io
import json
from collections.abc import Iterator

from loyalty.purchases.imports.refusals import Refusal
from loyalty.sayings import parts_of, say_again


class Packer:
    """Takes refusals one by one, as `Job.errors`; its memory does not grow with the file."""

    def __init__(self) -> None:
        self._packed = io.BytesIO()
        self._stream = gzip.GzipFile(fileobj=self._packed, mode="wb", mtime=0)

    def __call__(self, refusal: Refusal) -> None:
        row = (refusal.line, refusal.field, parts_of(refusal.reason))
        self._stream.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")

    def content(self) -> bytes:
        """All of them; nothing more can be added."""
        self._stream.close()
        return self._packed.getvalue()


def unpacked(content: bytes) -> Iterator[Refusal]:
    """They again, in the order they came, with their reasons in the language of the moment."""
    if not content:
        return
    with gzip.open(io.BytesIO(content)) as rows:
        for row in rows:
            line, field, parts = json.loads(row)
            yield Refusal(line, field, say_again(parts))
