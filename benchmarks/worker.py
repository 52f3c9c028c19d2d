"""
One client of one contender: reads a line of JSON for each round, works, and answers with one.

    python -m benchmarks.worker CONTENDER
"""

import importlib
import json
import sys
import time
from collections.abc import Callable
from random import Random
from typing import Any, Protocol


class Contender(Protocol):
    def purchase(self, member: int, amount: int) -> None:
        """Record a purchase and its points, committed."""

    def redeem(self, member: int, reward: int) -> bool:
        """Spend points on a reward, committed; False when that must not be."""


def operation(contender: Contender, job: str, draw: Random) -> Callable[[int], bool]:
    def purchase(member: int) -> bool:
        contender.purchase(member, draw.randint(100, 9999))
        return True

    def redeem(member: int) -> bool:
        return contender.redeem(member, draw.randint(1, 100))

    return {"purchase": purchase, "redeem": redeem}[job]


def work(contender: Contender, order: dict[str, Any]) -> dict[str, float]:
    """Do the job for the ordered seconds; CPU seconds are this process's own."""
    draw = Random(order["seed"])
    act = operation(contender, order["job"], draw)
    first, last = order["first"], order["last"]
    operations = refused = 0
    cpu, end = time.process_time(), time.perf_counter() + order["seconds"]
    while operations == 0 or time.perf_counter() < end:
        refused += not act(draw.randint(first, last))
        operations += 1
    return {
        "operations": operations,
        "refused": refused,
        "cpu_seconds": time.process_time() - cpu,
    }


def main(name: str) -> None:
    contender = importlib.import_module(f"benchmarks.contenders.{name}").Contender()
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(work(contender, json.loads(line))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
