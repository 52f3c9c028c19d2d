"""Why a file as a whole cannot be taken, and how much of one is taken at all."""

from dataclasses import dataclass

from loyalty.errors import DomainError
from loyalty.sayings import said as _


class FileRefused(DomainError):
    """The file as a whole cannot be read; nothing was written."""

    def __init__(self, why: str, *, line: int | None = None) -> None:
        place = _("line %(line)d: ") % {"line": line} if line else ""
        super().__init__(place + why)
        self.line = line


class ColumnsMissing(FileRefused):
    """The file has no header, or another one than its map names."""


@dataclass(frozen=True)
class Limits:
    """How much is taken in at once; whoever runs an import may set other ones."""

    megabytes: int = 1_000  # Of the file; an Excel file may be as much once it is unpacked.
    rows: int = 3_000_000
    minutes: int = 120  # For reading the file.


USUAL_LIMITS = Limits()
MAX_COLUMNS = 2_000
MAX_LINE = 1 << 20  # Letters.
EXCEL_ROWS = 1 << 20  # That a sheet can have.
