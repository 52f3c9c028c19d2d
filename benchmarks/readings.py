"""What one round of one contender showed, and the medians over the rounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Reading:
    """One contender in one round."""

    operations: int  # Attempts, as pgbench counts them.
    refused: int
    wall_seconds: float
    client_seconds: float  # CPU of all its clients.
    server_seconds: float  # CPU of PostgreSQL.

    @property
    def client_us(self) -> float:
        return 1e6 * self.client_seconds / self.operations

    @property
    def server_us(self) -> float:
        return 1e6 * self.server_seconds / self.operations

    @property
    def cpu_us(self) -> float:
        """CPU microseconds of client and server for one operation."""
        return self.client_us + self.server_us

    @property
    def rate(self) -> float:
        """Operations a second of wall time."""
        return self.operations / self.wall_seconds


def summary(readings: Sequence[Reading]) -> dict[str, float]:
    """The medians of the rounds, as they go into the JSON."""
    return {
        "cpu_us": round(median(reading.cpu_us for reading in readings), 1),
        "client_us": round(median(reading.client_us for reading in readings), 1),
        "server_us": round(median(reading.server_us for reading in readings), 1),
        "per_second": round(median(reading.rate for reading in readings), 1),
        "operations": sum(reading.operations for reading in readings),
        "refused": sum(reading.refused for reading in readings),
    }


def work_ratio(one: Sequence[Reading], other: Sequence[Reading]) -> float:
    """
    How much of the other's work per CPU second the one does: the median over the rounds, each
    compared with its neighbour in time.
    """
    return median(b.cpu_us / a.cpu_us for a, b in zip(one, other, strict=True))


def rate_ratio(one: Sequence[Reading], other: Sequence[Reading]) -> float:
    """The same for operations a second of wall time."""
    return median(a.rate / b.rate for a, b in zip(one, other, strict=True))
