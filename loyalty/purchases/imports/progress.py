"""How far an import has come, for the person who waits."""

import time
from collections.abc import Callable
from typing import TextIO

Report = Callable[[str, int, int], None]  # The step's name, done, total.
SECONDS_BETWEEN_LINES = 5.0
WIDTH = 32


def silent(_step: str, _done: int, _total: int) -> None:
    """For callers whom nobody watches."""


class ProgressBar:
    """A bar on a terminal; elsewhere a line every few seconds, so that logs stay short."""

    def __init__(self, stream: TextIO, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.stream, self.clock = stream, clock
        self.drawn = ""
        self.next_line = clock() + SECONDS_BETWEEN_LINES

    def __call__(self, step: str, done: int, total: int) -> None:
        percent = min(100, 100 * done // total) if total else 100
        if self.stream.isatty():
            filled = WIDTH * percent // 100
            self._draw(f"{step:10} [{'#' * filled}{'.' * (WIDTH - filled)}] {percent:3d} %")
        elif self.clock() >= self.next_line:
            self.next_line = self.clock() + SECONDS_BETWEEN_LINES
            self.stream.write(f"{step} {percent} %\n")
            self.stream.flush()

    def close(self) -> None:
        """Leave the terminal's line empty again."""
        if self.drawn:
            self.stream.write("\r" + " " * len(self.drawn) + "\r")
            self.stream.flush()

    def _draw(self, text: str) -> None:
        if text != self.drawn:
            self.drawn = text
            self.stream.write("\r" + text)
            self.stream.flush()
