"""What the database server has used of the processors so far."""

import os
from pathlib import Path

import psycopg

TICK = os.sysconf("SC_CLK_TCK")
PARENT, USER, SYSTEM, CHILDREN_USER, CHILDREN_SYSTEM = 1, 11, 12, 13, 14  # Of proc_pid_stat(5).


class ServerClock:
    """CPU seconds of one PostgreSQL on this machine: the postmaster and all it has started."""

    def __init__(self, owner_url: str) -> None:
        with psycopg.connect(owner_url) as connection:
            self.postmaster = _stat(connection.info.backend_pid)[PARENT]

    def now(self) -> float:
        """Whole CPU seconds to the kernel's tick (10 ms), of processes alive and ended."""
        own = _stat(self.postmaster)
        ticks = own[USER] + own[SYSTEM] + own[CHILDREN_USER] + own[CHILDREN_SYSTEM]
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit() and (stat := _stat(int(folder.name))):
                ticks += stat[USER] + stat[SYSTEM] if stat[PARENT] == self.postmaster else 0
        return ticks / TICK


def _stat(pid: int) -> list[int]:
    """The numbers of /proc/PID/stat after the name, or nothing for a process that has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
    return [0, *(int(field) for field in fields[1:20])]
