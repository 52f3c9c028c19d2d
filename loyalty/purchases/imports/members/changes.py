"""What an import of customers did, or would do, row by row; it tells no personal value."""

import csv
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from loyalty.purchases.imports.doubles import Double
from loyalty.purchases.imports.refused import FileRefused
from loyalty.purchases.imports.safe import safe_cell


class What(StrEnum):
    NEW = "new"
    COMPLETED = "completed"  # The detail names the fields that were empty.
    POINTS = "points"
    TIER = "tier"
    CONSENT = "consent"
    DOUBLE = "double"  # Perhaps the same person as another row or card.


@dataclass(frozen=True)
class Change:
    line: int
    what: What
    detail: str = ""


@dataclass
class Changes:
    """Collects changes and their counts."""

    all: list[Change] = field(default_factory=list)
    points: int = 0
    doubles: list[Double] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, line: int, what: What, detail: str = "") -> None:
        self.all.append(Change(line, what, detail))
        self.counts[what] += 1

    def add_double(self, double: Double) -> None:
        self.doubles.append(double)
        whom = str(double.other_line) if double.other_line else double.card
        self.add(double.line, What.DOUBLE, whom)

    def write(self, path: Path) -> None:
        """Keep them as a CSV file. Raises FileRefused when it cannot be written."""
        try:
            with path.open("w", encoding="utf-8-sig", newline="") as stream:
                rows = csv.writer(stream)
                rows.writerow(("line", "what", "detail"))
                for change in sorted(self.all, key=lambda change: change.line):
                    rows.writerow((change.line, str(change.what), safe_cell(change.detail)))
        except OSError as error:
            raise FileRefused(f"{path}: {error.strerror}") from error
