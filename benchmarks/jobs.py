"""What is measured, and the goals it is held against (never asserted: a busy machine is no bug)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.contests import LIMIT, ORM, ORM_SAME, PRODUCT, Entrant, Results
from benchmarks.databases import Database
from benchmarks.people import DEEP, FIRST, HOT
from benchmarks.readings import rate_ratio, work_ratio

FLAT = 1.3
SERVICES = (LIMIT, PRODUCT, ORM, ORM_SAME)


@dataclass(frozen=True)
class Finding:
    """One figure beside its goal."""

    what: str
    figure: float
    goal: float
    at_most: bool = False  # The goal is a ceiling, not a floor.

    @property
    def is_reached(self) -> bool:
        return self.figure <= self.goal if self.at_most else self.figure >= self.goal

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"figure": round(self.figure, 3), "reached": self.is_reached}


def by_members(job: str, databases: Sequence[Database]) -> list[Entrant]:
    """Each contender on every size, over all its customers."""
    return [
        Entrant(who, job, database, FIRST, database.members)
        for database in databases
        for who in SERVICES
    ]


def hot(job: str, database: Database, clients: int) -> list[Entrant]:
    """Many clients who all want the same customer."""
    return [Entrant(who, job, database, HOT, HOT, clients, "one customer") for who in SERVICES]


def by_lots(job: str, database: Database, deepest: int) -> list[Entrant]:
    """The product on customers with ever more open lots."""
    return [
        Entrant(PRODUCT, job, database, customer, customer, note=f"{lots} lots")
        for lots, customer in DEEP.items()
        if lots <= deepest
    ]


def findings_by_members(job: str, of_limit: float, results: Results) -> list[Finding]:
    """The product against the limit and the ORM in each size, and against itself across sizes."""
    found = []
    entrants = list(results)
    for place in range(0, len(entrants), len(SERVICES)):
        limit, product, orm, same = (results[one] for one in entrants[place : place + 4])
        size = f"{entrants[place].database.members:,} customers"
        found += [
            Finding(f"{job}, {size}: of the limit", work_ratio(product, limit), of_limit),
            Finding(f"{job}, {size}: times the ORM", work_ratio(product, same), 3.0),
            Finding(f"{job}, {size}: times the ORM on small tables", work_ratio(product, orm), 1.0),
        ]
    smallest, largest = results[entrants[1]], results[entrants[-3]]
    grown = work_ratio(smallest, largest)
    return [*found, Finding(f"{job}, most customers / fewest", grown, FLAT, at_most=True)]


def findings_hot(job: str, results: Results) -> list[Finding]:
    limit, product, *_orms = results.values()
    what = f"{job}, one customer, all clients: of the limit's rate"
    return [Finding(what, rate_ratio(product, limit), 0.6)]


def findings_by_lots(job: str, results: Results) -> list[Finding]:
    readings = list(results.values())
    grown = work_ratio(readings[0], readings[-1])
    return [Finding(f"{job}, most lots / fewest", grown, FLAT, at_most=True)]
