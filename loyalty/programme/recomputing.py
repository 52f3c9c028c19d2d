"""Working an earning out again from nothing but the explanation that is kept with it. Pure."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import prod
from typing import Any

from loyalty.programme.document import Rounding, RoundingStage

Row = Mapping[str, Any]


def recompute(explanation: Row) -> int:
    """
    The points that the explanation comes to, rule by rule. Raises ValueError, naming the rule,
    where the figures of a rule do not come to what it is said to have given.
    """
    rows: Sequence[Row] = explanation["rules"]
    for row in rows:
        exact = _extra(row, explanation) if "times" in row else _of_giver(row, None, explanation)
        gives, wanted = Fraction(row["gives"]), Fraction(row.get("wanted", row["gives"]))
        if exact != wanted or not 0 <= gives <= wanted:
            raise ValueError(f"{row['key']}: {gives} of {wanted}, but its figures come to {exact}")
    whole = [Fraction(row["times"]) for row in explanation["multipliers"]]
    times = prod(whole, start=Fraction(explanation["multiplier"]))
    given = sum((Fraction(row["gives"]) for row in rows), Fraction())
    return Rounding(explanation["rounding"]).of(given * times)


def _of_giver(row: Row, within: Sequence[Row] | None, explanation: Row) -> Fraction:
    """What the rule gives for its goods, or for those of them that are among `within`."""
    if row.get("per") == "order":
        return _of_order(row, within, explanation)
    if row.get("per") == "unit":
        steps = sum((Fraction(line["units"]) for line in _shared(row, within)), Fraction())
    else:
        steps = Fraction(_amount(row, within, explanation), row["per_minor"])
    if explanation["stage"] == RoundingStage.STEP:
        steps = Fraction(Rounding(explanation["rounding"]).of(steps))
    return steps * int(row["points"])


def _of_order(row: Row, within: Sequence[Row] | None, explanation: Row) -> Fraction:
    """All or nothing: the points for a bill belong to no part of its goods."""
    if within is not None and len(_shared(row, within)) < len(row.get("lines", ())):
        return Fraction()
    if within is not None and "lines" not in row:
        return Fraction()
    return Fraction(row["points"] if _amount(row, None, explanation) else 0)


def _extra(row: Row, explanation: Row) -> Fraction:
    """What the goods of a multiplier earn by the rules that give, so many times more."""
    within: Sequence[Row] | None = row.get("lines")
    earned = Fraction()
    for giver in explanation["rules"]:
        if "times" not in giver:
            part = _of_giver(giver, within, explanation)
            earned += min(part, Fraction(giver["gives"]))
    return earned * (Fraction(row["times"]) - 1)


def _amount(row: Row, within: Sequence[Row] | None, explanation: Row) -> int:
    if within is None:
        return int(row.get("amount_minor", explanation["amount_minor"]))
    return sum(line["amount_minor"] for line in _shared(row, within))


def _shared(row: Row, within: Sequence[Row] | None) -> Sequence[Row]:
    """The goods of the rule that are among `within`; a rule for all goods names none."""
    if within is None:
        lines: Sequence[Row] = row["lines"]
        return lines
    if "lines" not in row:
        return within
    numbers = {line["line"] for line in within}
    return [line for line in row["lines"] if line["line"] in numbers]
