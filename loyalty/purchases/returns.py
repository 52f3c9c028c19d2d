"""
What giving goods of a sale back comes to. Pure.

Everything is asked of what is left of the sale before and after, never of the single refund:
so refunds in pieces come to the same as one, in whatever order, and at the end exactly what was
paid has been given back, in money and in points.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from loyalty.errors import DomainError, InvalidInput
from loyalty.programme.refunds import SpentPoints
from loyalty.programme.sets import Sets
from loyalty.programme.spreading import spread
from loyalty.sayings import said as _

NONE = Decimal(0)


@dataclass(frozen=True)
class Piece:
    """One line of a sale; of a sale that is known by its sum alone, all of it, as number 0."""

    number: int
    net_minor: int  # What was paid for it.
    points: int  # What it earned.
    counts_for_tier: bool = True
    quantity: Decimal = Decimal(1)
    back_minor: int = 0  # Given back until now,
    back_quantity: Decimal = NONE  # and so many of it.

    @property
    def left_minor(self) -> int:
        return self.net_minor - self.back_minor

    @property
    def left_quantity(self) -> Decimal:
        return self.quantity - self.back_quantity

    @property
    def part_left(self) -> Fraction:
        """Of what was paid; of something free, of how many there were."""
        if self.net_minor:
            return Fraction(self.left_minor, self.net_minor)
        return Fraction(self.left_quantity) / Fraction(self.quantity)

    def minor_for(self, quantity: Decimal) -> int:
        """
        What giving so many more of it back comes to; the last ones bring the rest.

        >>> line = Piece(1, 100, 0, quantity=Decimal(3))
        >>> line.minor_for(Decimal(1)), line.minor_for(Decimal(2)), line.minor_for(Decimal(3))
        (33, 66, 100)
        """
        if quantity == self.left_quantity:
            return self.left_minor
        before, after = (
            int(self.net_minor * Fraction(count) / Fraction(self.quantity))
            for count in (self.back_quantity, self.back_quantity + quantity)
        )
        return min(after - before, self.left_minor)


@dataclass(frozen=True)
class Sold:
    """A sale and what was given back of it until now."""

    pieces: tuple[Piece, ...]
    points: int  # That it earned.
    tier_points: int  # What it counts for where tiers go by points.
    spent_points: int = 0  # That paid a part of it,
    spent_minor: int = 0  # and what they paid.
    returned_points: int = 0  # Given back of them until now,
    in_points_minor: int = 0  # and what of the refunds until now was not given in money.
    cancelled: bool = False
    sets: Sets | None = None  # Where goods were cheaper together.

    @property
    def amount_minor(self) -> int:
        return sum(piece.net_minor for piece in self.pieces)

    @property
    def left_minor(self) -> int:
        return sum(piece.left_minor for piece in self.pieces)

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is left."""
        return self.cancelled or (self.left_minor == 0 < self.amount_minor)

    @property
    def is_empty(self) -> bool:
        """Whether its goods are gone as well: what was free has no money that could come back."""
        free = (piece for piece in self.pieces if not piece.net_minor)
        return self.cancelled or not (self.left_minor or any(one.left_quantity for one in free))

    @property
    def points_left(self) -> int:
        """Of those it earned: each line's by what is left of it, together rounded down."""
        if self.is_over:
            return 0
        exact = sum((piece.points * piece.part_left for piece in self.pieces), Fraction())
        return int(exact)

    @property
    def tier_points_left(self) -> int:
        if self.tier_points == self.points or self.is_over:
            return self.points_left
        counted = sum(piece.net_minor for piece in self.pieces if piece.counts_for_tier)
        return self.tier_points * self.counted_left_minor // counted if counted else 0

    @property
    def counted_left_minor(self) -> int:
        """What of it still counts for the tier."""
        return sum(piece.left_minor for piece in self.pieces if piece.counts_for_tier)


@dataclass(frozen=True)
class Back:
    """What is given back of one piece."""

    number: int
    quantity: Decimal
    amount_minor: int


@dataclass(frozen=True)
class Return:
    """What one refund comes to."""

    backs: tuple[Back, ...]
    points_due: int  # Of those the sale earned, to be taken back.
    counted_minor: int  # What counts no more for the tier,
    tier_points: int  # and, where tiers go by points, these.
    in_points_minor: int  # Of the amount, what is given back as points, now or at the end.
    returned_points: int  # The points given back now.
    ends_it: bool  # Something was left of the sale, and now nothing is.

    @property
    def amount_minor(self) -> int:
        return sum(back.amount_minor for back in self.backs)

    @property
    def money_minor(self) -> int:
        return self.amount_minor - self.in_points_minor


def by_amount(sold: Sold, amount_minor: int) -> tuple[Back, ...]:
    """Shares of the amount for what is left of each piece. Raises DomainError for too much."""
    if amount_minor > sold.left_minor or sold.is_over:
        raise DomainError(_("More would be given back than is left of this sale."))
    shares = spread(amount_minor, [piece.left_minor for piece in sold.pieces])
    return tuple(
        Back(piece.number, NONE, share)
        for piece, share in zip(sold.pieces, shares, strict=True)
        if share
    )


def by_lines(sold: Sold, asked: Sequence[tuple[int, Decimal]]) -> tuple[Back, ...]:
    """
    So many of these lines, each by its number on the bill. Raises InvalidInput, naming the
    field, for a line that is not on the bill, is named twice or has fewer left.
    """
    pieces = {piece.number: piece for piece in sold.pieces if piece.number}
    backs = []
    for index, (number, quantity) in enumerate(asked):
        piece = pieces.pop(number, None)
        if piece is None:
            raise InvalidInput(f"lines[{index}].line", _("No such line is left to give back."))
        if not NONE < quantity <= piece.left_quantity:
            left = _("Only %(count)s of it are left.") % {"count": f"{piece.left_quantity:f}"}
            raise InvalidInput(f"lines[{index}].quantity", left)
        backs.append(Back(number, quantity, piece.minor_for(quantity)))
    return tuple(backs if sold.sets is None else _less_what_is_kept(sold, sold.sets, backs))


def _less_what_is_kept(sold: Sold, sets: Sets, backs: Sequence[Back]) -> Iterable[Back]:
    """
    The same goods, for what was paid less what those cost that are kept: whoever breaks a set pays
    for what is left of it as if it had been bought so. Out of the lines that come back, and as
    far as they do not suffice out of the others.
    """
    going = {back.number: back.quantity for back in backs}
    left = [piece.left_quantity for piece in sold.pieces]
    kept = [piece.left_quantity - going.get(piece.number, NONE) for piece in sold.pieces]
    before, after = (_price_of(sold, sets, some) for some in (left, kept))
    due = sold.left_minor
    if after:  # Of what costs nothing whole, parts may have a price: all of it is kept then.
        due = int(due - due * after / before) if after < before else 0
    shares = [back.amount_minor for back in backs]
    named = spread(min(due, sum(shares)), shares)
    found = [replace(back, amount_minor=minor) for back, minor in zip(backs, named, strict=True)]
    rest = due - sum(named)
    given = {back.number: back.amount_minor for back in found}
    others = spread(rest, [one.left_minor - given.get(one.number, 0) for one in sold.pieces])
    more = {one.number: minor for one, minor in zip(sold.pieces, others, strict=True) if minor}
    for back in found:
        yield replace(back, amount_minor=back.amount_minor + more.pop(back.number, 0))
    yield from (Back(number, NONE, minor) for number, minor in more.items())


def _price_of(sold: Sold, sets: Sets, kept: Sequence[Decimal]) -> Fraction:
    """
    What so many of each piece cost by themselves, never more than with the cheapest units that
    would complete their last set.
    """
    without = sets.taken([piece.quantity for piece in sold.pieces])
    prices = [
        sum(
            (
                (piece.net_minor + off) * Fraction(count) / Fraction(piece.quantity)
                for piece, off, count in zip(sold.pieces, without, some, strict=True)
            ),
            Fraction(),
        )
        - sum(sets.taken(some))
        for some in (kept, *sets.completed(kept))
    ]
    return min(max(min(prices), Fraction()), Fraction(sold.amount_minor))


def all_left(sold: Sold) -> tuple[Back, ...]:
    """Everything that is left. Raises DomainError when nothing is."""
    if sold.is_over:
        raise DomainError(_("More would be given back than is left of this sale."))
    return tuple(
        Back(piece.number, piece.left_quantity, piece.left_minor)
        for piece in sold.pieces
        if piece.left_minor or piece.left_quantity
    )


def return_of(
    sold: Sold, backs: Sequence[Back], *, policy: SpentPoints, cancels: bool = False
) -> Return:
    """What giving these back comes to for a shop of that policy, which may have been another before."""
    after = after_return(sold, backs, cancels=cancels)
    amount_minor = sum(back.amount_minor for back in backs)
    in_points_minor = _in_points_minor(sold, after, policy)
    in_points_minor = min(max(in_points_minor - sold.in_points_minor, 0), amount_minor)
    returned = _returned(after, sold.in_points_minor + in_points_minor, policy)
    return Return(
        backs=tuple(backs),
        points_due=sold.points_left - after.points_left,
        counted_minor=sold.counted_left_minor - after.counted_left_minor,
        tier_points=sold.tier_points_left - after.tier_points_left,
        in_points_minor=in_points_minor,
        returned_points=max(returned - sold.returned_points, 0),
        ends_it=after.is_empty and not sold.is_empty,
    )


def after_return(sold: Sold, backs: Sequence[Back], *, cancels: bool = False) -> Sold:
    """The sale once these have been given back of it."""
    given = {back.number: back for back in backs}
    pieces = tuple(
        replace(
            piece,
            back_minor=piece.back_minor + given[piece.number].amount_minor,
            back_quantity=piece.back_quantity + given[piece.number].quantity,
        )
        if piece.number in given
        else piece
        for piece in sold.pieces
    )
    return replace(sold, pieces=pieces, cancelled=cancels)


def _in_points_minor(sold: Sold, after: Sold, policy: SpentPoints) -> int:
    """What of all that has come back is not given in money: its share, or what money did not pay."""
    back_minor = after.amount_minor - after.left_minor
    if policy is SpentPoints.FULL_ONLY:
        return back_minor - (sold.amount_minor - sold.spent_minor)
    return sold.spent_minor * back_minor // sold.amount_minor if sold.amount_minor else 0


def _returned(after: Sold, in_points_minor: int, policy: SpentPoints) -> int:
    """How many of the points that paid are given back in all."""
    if after.is_over:
        return after.spent_points
    if policy is SpentPoints.FULL_ONLY or not after.spent_minor:
        return 0
    return after.spent_points * in_points_minor // after.spent_minor
