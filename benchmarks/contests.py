"""Contenders taking turns: every round is the limit, the product and its rival, one after the other."""

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass

import psycopg

from benchmarks.clients import Order, Pgbench, Team, Work
from benchmarks.databases import Database
from benchmarks.readings import Reading
from benchmarks.servercpu import ServerClock
from benchmarks.web.team import Web

LIMIT, PRODUCT, ORM, WEB = "limit", "product", "orm", "web"
ORM_SAME = "orm_same"  # The product's own rows, where ORM writes the limit's few.


@dataclass(frozen=True)
class Entrant:
    """One contender doing one job on some customers of one database."""

    who: str
    job: str  # purchase, redeem; of the web server: hello, sale, …
    database: Database
    first: int  # The customers are drawn from this range.
    last: int
    clients: int = 1
    note: str = ""  # What sets it apart from others of the same contender: "10 lots".

    def order(self, *, seconds: float, seed: int) -> Order:
        return Order(self.job, self.first, self.last, self.clients, seconds, seed)


Contender = Team | Pgbench | Web
Results = dict[Entrant, list[Reading]]


class Arena:
    """Keeps every contender's clients from one contest to the next; stops them in the end."""

    def __init__(self, owner_url: str, *, rounds: int, seconds: float) -> None:
        self.clock = ServerClock(owner_url)
        self.rounds, self.seconds = rounds, seconds
        self.teams: dict[tuple[str, str], Contender] = {}
        self.stack = ExitStack()

    def __enter__(self) -> "Arena":
        return self

    def __exit__(self, *_error: object) -> None:
        self.stack.close()

    def contest(self, entrants: Iterable[Entrant]) -> Results:
        """Let the entrants work in turn, once to warm up and then in each round."""
        results: Results = {entrant: [] for entrant in entrants}
        for url in {entrant.database.owner_url for entrant in results}:
            _tidy(url)
        for entrant in results:
            self._round(entrant, seconds=self.seconds, seed=0)
        for number in range(1, self.rounds + 1):
            for entrant, readings in results.items():
                readings.append(self._round(entrant, seconds=self.seconds, seed=number))
        return results

    def _round(self, entrant: Entrant, *, seconds: float, seed: int) -> Reading:
        team = self._team(entrant)
        before = self.clock.now()
        work: Work = team.work(entrant.order(seconds=seconds, seed=seed))
        return Reading(
            work.operations,
            work.refused,
            work.wall_seconds,
            work.client_seconds,
            self.clock.now() - before,
        )

    def _team(self, entrant: Entrant) -> Contender:
        key = (entrant.who, entrant.database.owner_url)
        if key not in self.teams:
            self.teams[key] = _clients_of(entrant)
            self.stack.callback(self.teams[key].leave)
        return self.teams[key]


def _tidy(owner_url: str) -> None:
    """
    Do now what the server would do in the background, in one contender's turn and not another's.
    """
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("VACUUM (ANALYZE)")
        owner.execute("CHECKPOINT")


def _clients_of(entrant: Entrant) -> Contender:
    if entrant.who == LIMIT:
        return Pgbench(entrant.database)
    if entrant.who == WEB:
        return Web(entrant.database)
    return Team(entrant.who, entrant.database)
