"""What there is to say about one file that is to be brought in, be it of sales or of customers."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from loyalty.purchases.imports.layout import Layout
from loyalty.purchases.imports.progress import Report, silent
from loyalty.purchases.imports.reading import SourceFile
from loyalty.purchases.imports.refusals import Listing, Refusals
from loyalty.purchases.imports.refused import USUAL_LIMITS, Limits
from loyalty.shop.models import User


@dataclass(frozen=True, kw_only=True)
class Job:
    """
    The file, and how it is to be brought in. With `skip_bad` the rows that cannot be taken are left
    out and counted; without it they stop the import. `dry_run` does all of it and takes it back.
    The rows that cannot be taken are listed in `errors`, else beside the file. What `file` tells of
    its form and its first rows is known once it was read.
    """

    path: Path
    layout: Layout
    at: datetime
    by: User | None
    skip_bad: bool = False
    dry_run: bool = False
    report: Report = silent
    limits: Limits = USUAL_LIMITS
    errors: Listing | None = None
    name: str = ""  # Under which the file is kept in mind, where it is not the path's own.

    @property
    def file_name(self) -> str:
        return (self.name or self.path.name)[:200]

    @cached_property
    def file(self) -> SourceFile:
        """The file, to be read once."""
        return SourceFile(self.path, self.layout, self.limits)

    def refusals(self) -> Refusals:
        """Collects the rows that cannot be taken, while it is open."""
        return Refusals(self.path, self.errors)
