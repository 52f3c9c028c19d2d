"""What the model keeps: rules, lots of points, and what a return has to know of a sale."""

from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction


@dataclass(frozen=True)
class Rules:
    """One version: `per_minor` of the bill is a point, times the tier's hundredths."""

    since: datetime
    per_minor: int
    months: int  # And then to the end of the month.
    hundredths: tuple[int, ...]  # By tier.
    pending_days: int = 0
    inactive: bool = False  # The months count from the last purchase.


@dataclass
class Lot:
    name: str  # The reference of the event that opened it.
    points: int
    left: int
    last_day: date
    first_day: date = date.min
    expiries: int = 0
    end: date = date.min  # Its last day, moved on as long as the customer keeps buying.

    def usable(self, today: date) -> bool:
        return self.first_day <= today <= self.end


@dataclass
class Piece:
    """A row of a bill, or a bill known by its sum alone."""

    paid: int
    points: int
    count: int = 1
    back: int = 0  # Given back, in money,
    back_count: int = 0  # and in pieces.

    @property
    def left(self) -> int:
        return self.paid - self.back

    def worth(self, count: int) -> int:
        """What so many more of it bring when they come back."""
        if count == self.count - self.back_count:
            return self.left
        before, after = (
            self.paid * pieces // self.count
            for pieces in (self.back_count, self.back_count + count)
        )
        return min(after - before, self.left)

    def points_left(self) -> Fraction:
        if self.paid:
            return Fraction(self.points * self.left, self.paid)
        return Fraction(self.points * (self.count - self.back_count), self.count)


@dataclass
class Sale:
    """What a return has to know of a sale."""

    pieces: list[Piece]
    points: int
    year: int
    given: int = 0  # What counts for the year's most.
    payment: list[tuple[Lot, int]] = field(default_factory=list)  # Points that paid, by lot.
    paid_points: int = 0
    paid_by_points: int = 0  # In money.
    returned_points: int = 0
    returned_worth: int = 0
    taken_back: int = 0
    expired: int = 0

    @property
    def amount(self) -> int:
        return sum(piece.paid for piece in self.pieces)

    @property
    def left(self) -> int:
        return sum(piece.left for piece in self.pieces)

    @property
    def points_left(self) -> int:
        if not self.left:
            return 0
        return int(sum((piece.points_left() for piece in self.pieces), Fraction()))
