"""Money and quantities of a file, and what a line of a receipt comes to. Pure."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Any

from loyalty.errors import InvalidInput
from loyalty.money import MAX_MINOR, minor_digits, minor_from_decimal
from loyalty.purchases.imports.layout import Field, Layout
from loyalty.sayings import said as _

ONE = Decimal(1)
MAX_QUANTITY = 1_000_000
# How people write thousands, and a price: 45.000, 1,350,000, 45000đ.
GROUPED = re.compile(r"[+-]?\d{1,3}([.,])\d{3}(\1\d{3})*\s*[đĐ₫]?", re.ASCII)
QUANTITY = re.compile(r"[+-]?\d{1,7}(\.\d{1,6})?", re.ASCII)


@dataclass(frozen=True)
class Amounts:
    """Reads amounts of one file."""

    layout: Layout
    currency: str

    def minor(self, kind: Field, value: Mapping[Field, str], typed: Collection[Field]) -> int:
        """Minor units, below zero as well. Raises InvalidInput naming the field."""
        text = value[kind]
        plain = text if kind in typed else self._plain(kind, text)
        decimals = plain.partition(".")[2].rstrip("0")
        if decimals and len(decimals) > minor_digits(self.currency):
            raise InvalidInput(kind, _("more decimals than the currency has"))
        try:
            amount_minor = minor_from_decimal(plain, currency=self.currency)
        except ValueError as error:
            raise InvalidInput(kind, _("not an amount of money")) from error
        if abs(amount_minor) > MAX_MINOR:
            raise InvalidInput(kind, _("too large"))
        return amount_minor

    def minor_or_none(
        self, kind: Field, value: Mapping[Field, str], typed: Collection[Field]
    ) -> int | None:
        """The same; None where the file says nothing."""
        return self.minor(kind, value, typed) if value.get(kind) else None

    def quantity(self, text: str, is_number: bool) -> Decimal:
        """How many; one where the file says nothing. Raises InvalidInput."""
        plain = text or "1"
        if not is_number and self.layout.decimal != ".":
            plain = plain.replace(".", "?").replace(self.layout.decimal, ".")
        if not QUANTITY.fullmatch(plain):
            raise InvalidInput(Field.QUANTITY, _("not a quantity"))
        quantity = abs(Decimal(plain))
        if not 0 < quantity <= MAX_QUANTITY or quantity != round(quantity, 3):
            raise InvalidInput(Field.QUANTITY, _("not a quantity"))
        return quantity

    def _plain(self, kind: Field, text: str) -> str:
        """An amount as the map says it is written, with a dot and nothing between thousands."""
        thousands = self.layout.thousands
        if minor_digits(self.currency) == 0:
            _refuse_price_tag(kind, text, thousands=thousands)
        if thousands and thousands in text:
            grouped = rf"[+-]?\d{{1,3}}({re.escape(thousands)}\d{{3}})+(\D.*)?"
            if not re.fullmatch(grouped, text, flags=re.ASCII):
                raise InvalidInput(kind, _("not an amount of money"))
            text = text.replace(thousands, "")
        if self.layout.decimal != ".":
            text = text.replace(".", "?").replace(self.layout.decimal, ".")
        return text


def _refuse_price_tag(kind: Field, text: str, *, thousands: str) -> None:
    """Say what to do about 45.000, 45,000 and 45000đ; the first two must never become 45 đồng."""
    grouped = GROUPED.fullmatch(text)
    if grouped and grouped[1] != thousands:
        why = _('a mark between thousands: say thousands = "%(mark)s" in the map')
        raise InvalidInput(kind, why % {"mark": grouped[1]})
    if text.endswith(("đ", "Đ", "₫")):
        raise InvalidInput(kind, _("not an amount of money: leave the đ out"))


def line_of(*, amount_minor: int, price_minor: int | None, quantity: Decimal) -> dict[str, Any]:
    """
    Price, quantity and discount of a line for which so much was paid, zero or more. The file's
    price stands where it explains the amount; else the smallest price that does.

    >>> line_of(amount_minor=90, price_minor=50, quantity=Decimal(2))
    {'unit_price_minor': 50, 'quantity': '2', 'discount_minor': 10}
    >>> line_of(amount_minor=100, price_minor=None, quantity=Decimal(3))
    {'unit_price_minor': 34, 'quantity': '3', 'discount_minor': 2}
    """
    unit = price_minor if price_minor and price_minor > 0 else 0
    if _full(unit, quantity) < amount_minor:
        unit = int((amount_minor / quantity).to_integral_value(ROUND_CEILING))
    off = _full(unit, quantity) - amount_minor
    return {"unit_price_minor": unit, "quantity": f"{quantity:f}", "discount_minor": off}


def _full(unit_minor: int, quantity: Decimal) -> int:
    return int((unit_minor * quantity).quantize(ONE, ROUND_HALF_UP))
