"""
Child processes that never outlive us: stopped politely in reverse order of their start, and told by
the kernel to stop when this process is killed without a chance to do so.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NoReturn, Self

PR_SET_PDEATHSIG = 1  # linux/prctl.h
GRACE = 12.0  # Seconds that a process gets to end by itself.
TAIL_LINES = 15


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Print what was done and how many seconds it took."""
    began = time.monotonic()
    yield
    say(f"  {time.monotonic() - began:5.1f} s  {what}")


def say(text: str = "") -> None:
    """Print one line now, also into a pipe; a closed terminal is no reason to fail."""
    with contextlib.suppress(OSError, ValueError):
        print(text, flush=True)


class Failure(Exception):
    """The run cannot go on; the text tells the person in front of it why, and what to do."""


class Stopped(BaseException):
    """A signal asked us to stop."""

    def __init__(self, signum: int) -> None:
        super().__init__(signal.Signals(signum).name)
        self.exit_code = 128 + signum


def raise_on_signals() -> None:
    """
    Turn Ctrl-C, `kill` and a closed terminal (unless under nohup) into a `Stopped` exception. Below
    make, its death counts as a signal too: it cannot pass on a `kill -9`.
    """

    def stop(signum: int, _frame: FrameType | None) -> NoReturn:
        raise Stopped(signum)

    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, stop)
    if "MAKELEVEL" in os.environ and (tie := tie_to_parent(signal.SIGTERM, parent=os.getppid())):
        tie()


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Ignore further requests to stop while we are stopping."""
    signums = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(signum, signal.SIG_IGN) for signum in signums]
    try:
        yield
    finally:
        for signum, handler in zip(signums, before, strict=True):
            signal.signal(signum, handler)


def tie_to_parent(
    signum: signal.Signals, *, parent: int | None = None
) -> Callable[[], None] | None:
    """
    For `preexec_fn`: the kernel sends `signum` to the child when this process (or `parent`) dies,
    however it dies. Linux only; elsewhere `kill -9` of this process leaves its children behind.
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    expected = parent or os.getpid()

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, int(signum), 0, 0, 0)
        if os.getppid() != expected:  # It died before the line above.
            os._exit(1)

    return tie


@dataclass
class Child:
    """A long-running process with its log, in a process group of its own."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals

    def ended(self) -> bool:
        return self.process.poll() is not None

    def tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        return "\n".join(f"    {line}" for line in lines)

    def stop(self) -> None:
        """Ask it to end, wait, then kill whatever is left of its group."""
        if not self.ended():
            self.process.send_signal(self.stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(GRACE)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Supervisor:
    """Starts children and, on leaving the `with` block, stops them: the last one started first."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.children: list[Child] = []

    def __enter__(self) -> Self:
        self.logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        with undisturbed():
            for child in reversed(self.children):
                child.stop()

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str] | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> Child:
        log = self.logs / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [str(part) for part in command],
                env=None if env is None else dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
                preexec_fn=tie_to_parent(stop_signal),
            )
        child = Child(name, process, log, stop_signal)
        self.children.append(child)
        return child

    def wait_until(self, ready: Callable[[], bool], *, what: str, seconds: float) -> None:
        """Return when `ready()`; raise Failure when a child ends or the time is up."""
        deadline = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                last = self.children[-1]
                raise Failure(f"{what} did not answer within {seconds:.0f} s.\n{last.tail()}")
            time.sleep(0.05)

    def check(self) -> None:
        """Raise Failure, with the end of its log, when a child has ended by itself."""
        for child in self.children:
            if child.ended():
                code = child.process.returncode
                raise Failure(f"{child.name} ended by itself (exit {code}):\n{child.tail()}")


def run(command: Sequence[str | Path], **options: Any) -> subprocess.CompletedProcess[str]:
    """
    Run a short command that dies with us and return its outcome; `options` go to subprocess.run.
    It stays in our process group, so Ctrl-C and a debugger's prompt reach it.
    """
    return subprocess.run(
        [str(part) for part in command],
        text=True,
        check=False,
        preexec_fn=tie_to_parent(signal.SIGTERM),
        **options,
    )


def must_run(what: str, command: Sequence[str | Path], **options: Any) -> str:
    """Run a short command quietly and return its output; Failure with all it said when it fails."""
    quietly = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    done = run(command, **(quietly | options))
    if done.returncode != 0:
        raise Failure(f"{what} failed (exit {done.returncode}):\n{done.stdout}{done.stderr or ''}")
    return str(done.stdout)
