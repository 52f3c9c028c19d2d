"""What may stand under [refunds]: what becomes of points when goods come back. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from loyalty.toml import Reader

KEYS = {"clawback", "lowest", "spent_points"}
LOWEST = -1_000_000  # Points a customer can owe, unless the document says otherwise.
LOWEST_EVER = -(10**9)


class Clawback(StrEnum):
    """When the points that returned goods earned are spent already."""

    NEGATIVE = "negative"  # The customer owes them; the next points repay it.
    CLAMP = "clamp"  # No more is taken than there is.


class SpentPoints(StrEnum):
    """When returned goods were paid for with points."""

    PRO_RATA = "pro_rata"  # The same part of the points comes back as of the bill.
    FULL_ONLY = "full_only"  # They come back when everything has been returned.


@dataclass(frozen=True)
class RefundPolicy:
    clawback: Clawback = Clawback.NEGATIVE
    lowest: int = LOWEST  # The balance no return goes below; 0 with CLAMP.
    spent_points: SpentPoints = SpentPoints.PRO_RATA


def read(reader: Reader, root: dict[str, Any]) -> RefundPolicy:
    """What the document says about returns; without it, the defaults."""
    place = "refunds"
    row = reader.table(place, root.get(place, {}), KEYS)
    clawback = reader.choice(place, row, "clawback", Clawback)
    lowest = LOWEST if clawback is Clawback.NEGATIVE else 0
    if "lowest" in row:
        if clawback is Clawback.CLAMP:
            reader.refuse(place, "lowest", _('only with clawback = "negative"'))
        lowest = reader.whole(place, row, "lowest", LOWEST_EVER, 0)
    return RefundPolicy(clawback, lowest, reader.choice(place, row, "spent_points", SpentPoints))
