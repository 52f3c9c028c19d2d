"""Programs beside the tests, to be talked to line by line and killed."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def start(module: str, *arguments: str, env: Mapping[str, str]) -> subprocess.Popen[str]:
    """Run a module of this folder; a signal to its group reaches its children too."""
    return subprocess.Popen(
        [sys.executable, "-m", f"tests.faults.{module}", *arguments],
        cwd=ROOT,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@contextmanager
def commanding(env: Mapping[str, str]) -> Iterator[Callable[..., int]]:
    """
    What begins a command in a process of its own and tells its number, without the second that a
    new Python takes; the one before has to have ended.
    """
    commander = start("commander", env=env)

    def begin(*command: str) -> int:
        print(*command, file=commander.stdin, flush=True)
        return int(commander.stdout.readline())  # type: ignore[union-attr]  # It is a pipe.

    try:
        yield begin
    finally:
        commander.communicate(timeout=30)
