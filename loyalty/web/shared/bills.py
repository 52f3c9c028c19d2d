"""What a bill comes to once the programme's discounts and points that pay are off it, in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from loyalty.purchases.models import Purchase
from loyalty.purchases.sale import Effect
from loyalty.web.shared import display as shown
from loyalty.web.shared.sums import Step, points_text


@dataclass(frozen=True)
class Paid:
    """Money in minor units."""

    amount_minor: int  # For the goods, after the discounts.
    discounts: tuple[tuple[str, int], ...]  # The rules' names and what each took off.
    spent_points: int
    spent_minor: int  # What they paid.

    @property
    def rest_minor(self) -> int:
        """What is paid in money."""
        return self.amount_minor - self.spent_minor

    @property
    def plain(self) -> bool:
        """Whether nothing is off: then the bill says it all."""
        return not self.discounts and not self.spent_points

    @property
    def off(self) -> list[Step]:
        """What the discounts and vouchers take off, a line each."""
        return [Step(name, shown.money(-minor)) for name, minor in self.discounts]

    @property
    def steps(self) -> list[Step]:
        """From the bill to what is paid, in the order of a receipt; none for a plain bill."""
        if self.plain:
            return []
        before = self.amount_minor + sum(minor for _name, minor in self.discounts)
        steps = [Step(_("Bill"), shown.money(before)), *self.off]
        if self.spent_points:
            words = _("Paid with %(points)s") % {"points": points_text(Fraction(self.spent_points))}
            steps.append(Step(words, shown.money(-self.spent_minor)))
        return steps


def paid_for(purchase: Purchase) -> Paid:
    """What was paid for a recorded sale."""
    return Paid(
        amount_minor=purchase.amount_minor,
        discounts=_summed((_named(one), one["minor"]) for one in purchase.discounts),
        spent_points=purchase.spent_points,
        spent_minor=purchase.spent_minor,
    )


def to_pay(effect: Effect) -> Paid:
    """What is to be paid for a sale that is thought of."""
    return Paid(
        amount_minor=effect.amount_minor,
        discounts=_summed(
            (discount.label(get_language() or "vi"), discount.minor)
            for line in effect.priced.discounts
            for discount in line
        ),
        spent_points=effect.payment.points,
        spent_minor=effect.payment.worth_minor,
    )


def _named(discount: dict[str, str]) -> str:
    english = get_language() == "en" and discount["name_en"]
    return discount["name_en"] if english else discount["name"]


def _summed(discounts: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """One figure a rule, however many lines it reduced."""
    sums: dict[str, int] = {}
    for name, minor in discounts:
        sums[name] = sums.get(name, 0) + minor
    return tuple(sums.items())
