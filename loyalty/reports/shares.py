"""A part of a whole, kept exact until it is shown. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    part: int
    whole: int

    @property
    def tenths(self) -> int | None:
        """
        The percentage in tenths of a percent, rounded half up; None of nothing.

        >>> Share(282, 412).tenths, Share(1, 8).tenths, Share(1, 3).tenths, Share(0, 0).tenths
        (684, 125, 333, None)
        >>> Share(1, 2000).tenths, Share(1, 2001).tenths
        (1, 0)
        """
        if self.whole == 0:
            return None
        return (2000 * self.part + self.whole) // (2 * self.whole)

    @property
    def percent(self) -> int | None:
        """
        The percentage in whole percents, rounded half up; None of nothing.

        >>> Share(1, 8).percent, Share(1, 200).percent, Share(5, 5).percent
        (13, 1, 100)
        """
        if self.whole == 0:
            return None
        return (200 * self.part + self.whole) // (2 * self.whole)
