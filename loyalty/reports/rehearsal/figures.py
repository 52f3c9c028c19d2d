"""What one run of the rehearsed days comes to, in figures that add up over customers."""

from dataclasses import dataclass, fields


@dataclass
class Figures:
    """Points are whole, money in minor units."""

    sales: int = 0
    discount_minor: int = 0  # The programme's, off those sales.
    earned: int = 0  # Points for sales,
    bonuses: int = 0  # and for other occasions the programme names.
    taken_back: int = 0  # For goods that came back.
    paid_points: int = 0  # Spent on sales,
    paid_minor: int = 0  # and what they paid.
    redeemed_points: int = 0  # Spent on rewards,
    redeemed_minor: int = 0  # and what these are said to be worth.
    unaffordable: int = 0  # Redemptions, or payments with points, that were too dear by then.
    expired: int = 0
    outstanding: int = 0  # Points that customers have when the days are over,
    outstanding_later: int = 0  # and twelve months later, should these go on like those days.

    def add(self, other: "Figures") -> None:
        """Count another customer in."""
        for field in fields(self):
            name = field.name
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def issued(self) -> int:
        """All points given, less those taken back."""
        return self.earned + self.bonuses - self.taken_back

    @property
    def reward_cost_minor(self) -> int:
        """What points bought: rewards at what they are said to be worth, and what they paid."""
        return self.redeemed_minor + self.paid_minor
