"""The tills of one web server: threads of this process, whose own time counts nowhere."""

import json
import os
import secrets
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from random import Random

from benchmarks.clients import Order, Work
from benchmarks.databases import ROOT, Database
from benchmarks.web.server import WebServer
from benchmarks.web.till import Script, Wire

TILLS = 20  # Each with a key, so that none asks more often than the usual settings let it.


class Web:
    """One database's web server, and the tills that ask it."""

    def __init__(self, database: Database) -> None:
        env = os.environ | {"DATABASE_URL": database.app_url}
        command = [sys.executable, "-m", "benchmarks.web.keys", str(TILLS)]
        made = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=True)
        self.keys = json.loads(made.stdout)
        self.server = WebServer(database)

    def work(self, order: Order) -> Work:
        """What the server did; its clients' seconds are its own, as those who ask PostgreSQL."""
        before, began = self.server.seconds(), time.perf_counter()
        with ThreadPoolExecutor(order.clients) as tills:
            places = range(order.clients)
            done = list(tills.map(lambda place: self._till(order, place), places))
        return Work(
            operations=sum(operations for operations, _refused in done),
            refused=sum(refused for _operations, refused in done),
            wall_seconds=time.perf_counter() - began,
            client_seconds=self.server.seconds() - before,
        )

    def _till(self, order: Order, place: int) -> tuple[int, int]:
        script = Script(
            self.keys,
            run=secrets.token_hex(8),  # References of two turns must differ.
            first=order.first,
            last=order.last,
            draw=Random(order.seed * 1000 + place),
        )
        wire, end = Wire(self.server.port), time.perf_counter() + order.seconds
        operations = refused = 0
        try:
            for ask in script.asks(order.job):
                refused += not wire.ask(ask)
                operations += ask.operations
                if time.perf_counter() >= end:
                    break
        finally:
            wire.close()
        return operations, refused

    def leave(self) -> None:
        self.server.stop()
