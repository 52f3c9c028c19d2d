"""The figures as JSON and as a table."""

import json
import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.contests import Results
from benchmarks.jobs import Finding
from benchmarks.readings import summary


def rows(results: Results) -> list[dict[str, Any]]:
    """One row an entrant: what it was and the medians of its rounds."""
    return [
        {
            "job": entrant.job,
            "who": entrant.who,
            "members": entrant.database.members,
            "clients": entrant.clients,
            "note": entrant.note,
            **summary(readings),
        }
        for entrant, readings in results.items()
    ]


def machine() -> dict[str, Any]:
    """What the figures were taken on; load says how busy others kept it."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "processor": models[0] if models else platform.machine(),
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "load": os.getloadavg(),
    }


def write_json(path: Path, *, settings: dict[str, Any], table: Any, found: Any) -> None:
    document = {
        "at": datetime.now(tz=UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "settings": settings,
        "measurements": table,
        "findings": found,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def print_table(table: Iterable[dict[str, Any]]) -> None:
    print(
        f"{'job':15}{'who':9}{'members':>10}  {'':14}{'µs CPU':>9}{'client':>9}{'server':>9}{'/s':>9}"
    )
    for row in table:
        print(
            f"{row['job']:15}{row['who']:9}{row['members']:>10,}  {row['note']:14}"
            f"{row['cpu_us']:>9.0f}{row['client_us']:>9.0f}{row['server_us']:>9.0f}"
            f"{row['per_second']:>9.0f}"
        )


def print_findings(found: Iterable[Finding]) -> None:
    for finding in found:
        sign = "≤" if finding.at_most else "≥"
        word = "reached" if finding.is_reached else "NOT reached"
        print(f"{finding.what:55}{finding.figure:>7.2f}   goal {sign} {finding.goal:.2f}  {word}")
