"""The rows that could not be taken: counted, and kept in a file beside the one that has them."""

import csv
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

    def __init__(self, source: Path | None, path: Path | None = None) -> None:
        """
        They are listed in `path`, else in a file beside `source`; without one they are only
        counted.
        """
        self.source = source
        beside = source.with_name(f"{source.name}.errors.csv") if source else None
        self.path = path or beside
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
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append(Refusal(line, field, reason))
        if self.source is not None:
            row = (self.source.name, line, field, reason)
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
