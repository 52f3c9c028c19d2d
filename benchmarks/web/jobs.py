"""What a web server is asked, and the goals those figures are held against."""

from benchmarks.contests import WEB, Entrant, Results
from benchmarks.databases import Database
from benchmarks.jobs import Finding
from benchmarks.people import FIRST
from benchmarks.readings import work_ratio

JOBS = ("hello", "hello page", "sale", "sale with key", "batch", "phone", "card")
OF_HELLO = {"sale": 0.18, "phone": 0.5, "card": 0.5}
BATCH_TIMES = 3.0


def over_http(database: Database) -> list[Entrant]:
    return [Entrant(WEB, job, database, FIRST, database.members) for job in JOBS]


def findings(results: Results) -> list[Finding]:
    """Each job beside the hello world of the same round, and a batch's sale beside a single one."""
    told = {entrant.job: readings for entrant, readings in results.items()}
    size = f"{next(iter(results)).database.members:,} customers"
    found = [
        Finding(
            f"{job} over HTTP, {size}: of hello world", work_ratio(told[job], told["hello"]), goal
        )
        for job, goal in OF_HELLO.items()
    ]
    times = work_ratio(told["batch"], told["sale"])
    return [*found, Finding(f"sale in a batch, {size}: times a single one", times, BATCH_TIMES)]
