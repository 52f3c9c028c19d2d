"""Paying with points: how many a bill takes, what they are worth, which rule refuses. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from loyalty.errors import DomainError
from loyalty.programme.basis import payable_minor
from loyalty.programme.basket import Basket, Buyer
from loyalty.programme.clauses import whole_text
from loyalty.programme.document import Programme
from loyalty.programme.marks import marked
from loyalty.programme.pay_rules import PayRules


class Limit(StrEnum):
    """The rule that refuses a number of points."""

    OFF = "off"  # Points pay for nothing in this programme.
    GOODS = "goods"  # Nothing on this bill may be paid with points.
    STEP = "step"
    MINIMUM = "minimum"
    BALANCE = "balance"
    KEEP = "keep_at_least"
    PERCENT = "most_percent"
    BILL = "bill"  # More than what may be paid with points costs.


class PointsRefused(DomainError):
    """So many points cannot pay for this bill; `limit` is the rule, `most` what it allows."""

    def __init__(self, limit: Limit, message: str, *, most: int = 0) -> None:
        super().__init__(message)
        self.limit = limit
        self.most = most


@dataclass(frozen=True)
class Payment:
    points: int
    worth_minor: int


@dataclass(frozen=True)
class Offer:
    """What points a bill takes: `least`, and from there in whole `step`s up to `most`."""

    step: int
    least: int
    most: int  # 0: none.
    most_minor: int  # What they are worth.
    suggestions: tuple[Payment, ...]  # For one tap, rising; the last one is `most`.
    limit: Limit | None  # Why not more; None where the whole bill can be paid.


@dataclass(frozen=True)
class _Ceiling:
    limit: Limit
    points: int


def pay(
    programme: Programme, *, points: int, basket: Basket, buyer: Buyer, balance: int
) -> Payment:
    """
    What `points` pay of that basket (as priced) for a buyer who has `balance` points to spend.
    0 points are always fine. Raises PointsRefused, naming the rule; ValueError below zero.
    """
    if points < 0:
        raise ValueError(f"points must not be negative: {points}")
    if points == 0:
        return Payment(0, 0)
    rules = _rules(programme)
    most = offer(programme, basket=basket, buyer=buyer, balance=balance).most
    if points < rules.minimum:
        raise PointsRefused(Limit.MINIMUM, _why(Limit.MINIMUM, rules, rules.minimum), most=most)
    if points % rules.step:
        raise PointsRefused(Limit.STEP, _why(Limit.STEP, rules, rules.step), most=most)
    for ceiling in _ceilings(programme, rules, basket, buyer, balance):
        if points > ceiling.points:
            raise PointsRefused(
                ceiling.limit, _why(ceiling.limit, rules, ceiling.points), most=most
            )
    return Payment(points, rules.worth_minor(points))


def offer(programme: Programme, *, basket: Basket, buyer: Buyer, balance: int) -> Offer:
    """How many points that basket (as priced) takes from a buyer who has `balance` to spend."""
    rules = programme.pay
    if rules is None or not rules.enabled:
        return Offer(0, 0, 0, 0, (), Limit.OFF)
    ceiling = min(
        _ceilings(programme, rules, basket, buyer, balance), key=lambda found: found.points
    )
    most, limit = ceiling.points, ceiling.limit
    if most < rules.minimum:
        most, limit = 0, limit if most == 0 else Limit.MINIMUM
    whole = basket.total_minor > 0 and rules.worth_minor(most) == basket.total_minor
    return Offer(
        step=rules.step,
        least=rules.minimum,
        most=most,
        most_minor=rules.worth_minor(most),
        suggestions=_suggestions(rules, most),
        limit=None if whole else limit,
    )


def _rules(programme: Programme) -> PayRules:
    if programme.pay is None or not programme.pay.enabled:
        raise PointsRefused(Limit.OFF, _("Points are not money here; they buy rewards."))
    return programme.pay


def _ceilings(
    programme: Programme, rules: PayRules, basket: Basket, buyer: Buyer, balance: int
) -> list[_Ceiling]:
    """The most points, in whole steps, that each rule allows."""
    lines = marked(programme.marks, basket=basket, buyer=buyer).lines
    payable_most = sum(payable_minor(lines))
    percent_most = int(basket.total_minor * rules.most_percent / 100)
    ceilings = [_Ceiling(Limit.BALANCE, _steps(rules, balance))]
    if not payable_most:
        ceilings.insert(0, _Ceiling(Limit.GOODS if basket.total_minor else Limit.BILL, 0))
    if rules.keep_at_least:
        ceilings.append(_Ceiling(Limit.KEEP, _steps(rules, balance - rules.keep_at_least)))
    if rules.most_percent < 100:
        ceilings.append(_Ceiling(Limit.PERCENT, _steps(rules, rules.points_for(percent_most))))
    return [*ceilings, _Ceiling(Limit.BILL, _steps(rules, rules.points_for(payable_most)))]


def _steps(rules: PayRules, points: int) -> int:
    return max(points, 0) // rules.step * rules.step


def _suggestions(rules: PayRules, most: int) -> tuple[Payment, ...]:
    """The fewest, half and the most."""
    if not most:
        return ()
    half = max(_steps(rules, most // 2), rules.minimum)
    return tuple(
        Payment(points, rules.worth_minor(points)) for points in sorted({rules.minimum, half, most})
    )


def _why(limit: Limit, rules: PayRules, count: int) -> str:
    return {
        Limit.GOODS: _("Nothing on this bill can be paid with points."),
        Limit.STEP: ngettext(
            "Points are used in whole steps of %(figure)s.",
            "Points are used in whole steps of %(figure)s.",
            count,
        ),
        Limit.MINIMUM: ngettext(
            "At least %(figure)s point is used at a time.",
            "At least %(figure)s points are used at a time.",
            count,
        ),
        Limit.BALANCE: ngettext(
            "Only %(figure)s point is there to use.",
            "Only %(figure)s points are there to use.",
            count,
        ),
        Limit.KEEP: ngettext(
            "%(kept)s must stay on the account: at most %(figure)s point can be used.",
            "%(kept)s must stay on the account: at most %(figure)s points can be used.",
            count,
        ),
        Limit.PERCENT: ngettext(
            "Only a part of a bill is paid with points: at most %(figure)s point here.",
            "Only a part of a bill is paid with points: at most %(figure)s points here.",
            count,
        ),
        Limit.BILL: ngettext(
            "That is more than the bill: at most %(figure)s point can be used.",
            "That is more than the bill: at most %(figure)s points can be used.",
            count,
        ),
    }[limit] % {"figure": _figure(count), "kept": _figure(rules.keep_at_least)}


def _figure(count: int) -> str:
    return whole_text(count, language=get_language() or "vi")
