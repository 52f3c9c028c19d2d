"""The rows that could not be taken: counted, and listed in a file or told to whoever wants them."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TextIO

from django.utils.translation import gettext as _

from loyalty.errors import DomainError
from loyalty.purchases.imports.refused import FileRefused
from loyalty.purchases.imports.safe import safe_cell

SHOWN = 5
COLUMNS = ("file", "line", "field", "reason")


@dataclass(frozen=True)
class Refusal:
    line: int
    field: str
    reason: str

    def __str__(self) -> str:
        return _("line %(line)d: %(field)s: %(reason)s") % vars(self)


Listing = Path | Callable[[Refusal], None]


class RowsRefused(DomainError):
    """Some rows cannot be taken, and the caller did not say to leave them out."""

    def __init__(self, refusals: "Refusals") -> None:
        shown = [str(row) for row in refusals.first]
        more = refusals.count - len(shown)
        if more:
            shown.append(_("… and %(count)d more") % {"count": more})
        head = _(
            "Nothing was imported. Rows that cannot be taken: %(count)d. All are listed in %(file)s"
        )
        words = {"count": refusals.count, "file": refusals.path}
        super().__init__("\n".join([head % words, *shown]))
        self.count = refusals.count


class Refusals:
    """
    Collects refused rows. The file appears with the first of them; one that an earlier run left
    goes away, so that what lies there always belongs to the newest run.
    """

    def __init__(self, source: Path | None, listing: Listing | None = None) -> None:
        """
        They are listed in that file or told to that function, else listed in a file beside
        `source`; without one they are only counted.
        """
        self.source = source
        self.path: Path | None = None
        self._tell: Callable[[Refusal], None] = self._count_only
        if callable(listing):
            self._tell = listing
        elif source is not None:
            self.path = listing or source.with_name(f"{source.name}.errors.csv")
            self._tell = self._list
        self.count = 0
        self.first: list[Refusal] = []
        self._stream: TextIO | None = None

    def __enter__(self) -> "Refusals":
        if self.path:
            self.path.unlink(missing_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._stream:
            self._stream.close()

    def add(self, line: int, field: str, reason: str) -> None:
        refusal = Refusal(line, field, reason)
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append(refusal)
        self._tell(refusal)

    def _count_only(self, _refusal: Refusal) -> None:
        """For callers without a file."""

    def _list(self, refusal: Refusal) -> None:
        assert self.source is not None  # noqa: S101 - else nothing is listed
        row = (self.source.name, refusal.line, refusal.field, refusal.reason)
        csv.writer(self._file()).writerow([safe_cell(cell) for cell in row])

    def _file(self) -> TextIO:
        if self._stream is None:
            assert self.path is not None  # noqa: S101 - it is set together with the source
            try:
                self._stream = self.path.open("w", encoding="utf-8-sig", newline="")
            except OSError as error:
                raise FileRefused(f"{self.path}: {error.strerror}") from error
            csv.writer(self._stream).writerow(COLUMNS)
        return self._stream
