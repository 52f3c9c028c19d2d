"""
Several tills at once: real threads, real connections, one starting gun. The threads keep their
connections from one call to the next, since connecting takes longer than most acts.
"""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from django.db import connection

_crew: list["Till"] = []


class Till(threading.Thread):
    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.orders: SimpleQueue[Callable[[], None] | None] = SimpleQueue()

    def run(self) -> None:
        while (order := self.orders.get()) is not None:
            order()
        connection.close()


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Run every act at the same moment; return what each returned or raised, in their order."""
    while len(_crew) < len(acts):
        _crew.append(Till())
        _crew[-1].start()
    start, end = threading.Barrier(len(acts)), threading.Barrier(len(acts) + 1)
    outcomes: list[Any] = [None] * len(acts)

    def order(place: int) -> None:
        connection.health_check_done = False  # Some test may have cut the connection.
        connection.close_if_health_check_failed()
        start.wait()
        try:
            outcomes[place] = acts[place]()
        except Exception as error:
            outcomes[place] = error
        finally:
            connection.close_if_unusable_or_obsolete()
            end.wait()

    for place in range(len(acts)):
        _crew[place].orders.put(lambda place=place: order(place))
    end.wait()
    return outcomes


def send_home() -> None:
    """End the threads, and with them their connections."""
    while _crew:
        till = _crew.pop()
        till.orders.put(None)
        till.join()
