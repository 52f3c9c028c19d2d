"""Work in a process that dies with -9 before a given statement."""

import os
import signal
from collections.abc import Callable
from typing import Any

from django.db import connection


class Statements:
    """Counts what is asked of the database, and dies before a given one."""

    def __init__(self, last: int | None = None) -> None:
        self.count, self.last = 0, last

    def __call__(self, execute: Callable[..., Any], *told: Any) -> Any:
        self.count += 1
        if self.count == self.last:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(*told)


def killed_before(statement: int, act: Callable[[], object]) -> bool:
    """Do that in a process that dies before so many statements are done; whether it got so far."""
    connection.close()  # Else both processes would talk over one line.
    pid = os.fork()
    if not pid:
        try:
            with connection.execute_wrapper(Statements(statement)):
                act()
        finally:
            os._exit(0)
    _pid, status = os.waitpid(pid, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
