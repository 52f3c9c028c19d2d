"""What a till says is being paid for, whether it can be true, and whether two bills are one."""

import hashlib
import json
import re
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from loyalty.errors import InvalidInput
from loyalty.ledger.models import MAX_POINTS
from loyalty.money import MAX_MINOR
from loyalty.programme.basket import Basket, Line

MOST_LINES = 1_000
MOST_CODES = 20
MOST_VOUCHERS = 20
MOST_PAYMENTS = 20
LONGEST_CODE = 40
MOST_LABELS = 20
MAX_QUANTITY = Decimal(1_000_000)
OUR_NAMES = ("refund:", "spend:")  # Beginnings of the names of what else a sale or refund writes.
_DECIMALS = 3
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")  # The zero letter, and halves of pairs.
_LETTERS = {"sku": 100, "name": 200, "category": 100}


@dataclass(frozen=True)
class Paid:
    """
    A part of what is due, and how it was paid: `cash`, `card`, `stored_value`, … whatever the till
    calls it. It changes no price and no points: stored value and gift cards are payments too.
    """

    method: str
    amount_minor: int


@dataclass(frozen=True)
class Bill:
    """The lines of a bill, or its sum alone, and what comes with it. Money in minor units."""

    lines: tuple[Line, ...] = ()
    total_minor: int | None = None  # All a plain till knows; beside lines it must be their sum.
    shipping_minor: int = 0
    codes: frozenset[str] = frozenset()  # That the customer named.
    spend_points: int = 0  # Whole points the customer pays with.
    vouchers: tuple[str, ...] = ()  # Codes or tokens, in the order they are taken off.
    channel: str = ""  # Where the order came from, such as "web"; empty at the counter.
    payments: tuple[Paid, ...] = ()  # All of what is due, or nothing is told of it.
    earns: bool = True  # Of a sum alone; lines say it themselves.

    @classmethod
    def of_total(cls, total_minor: int) -> "Bill":
        """The bill of a till that tells nothing but its sum."""
        return cls(total_minor=total_minor)

    def basket(self, at: datetime, branch: str) -> Basket:
        """What the rules are asked about, for a bill paid `at` on the shop's clock."""
        lines = self.lines or (Line(self.total_minor or 0, earns=self.earns),)
        codes = frozenset(code.strip().upper() for code in self.codes)
        return Basket(lines, at, branch, self.shipping_minor, codes, is_total=not self.lines)

    def check(self) -> None:
        """Raise InvalidInput, naming the field, for a bill that cannot be."""
        if not self.lines:
            _check(self.total_minor is not None, "amount", _("A total or lines are needed."))
            _money("amount", self.total_minor or 0)
            _check(self.total_minor != 0, "amount", _("The amount must be above zero."))
        _check(len(self.lines) <= MOST_LINES, "lines", _("Too many lines."))
        for index, line in enumerate(self.lines):
            _check_line(f"lines[{index}]", line)
        if self.lines:
            total = sum(line.net_minor for line in self.lines)
            _money("lines", total)
            known = self.total_minor in (None, total)
            _check(known, "amount", _("The total is not the sum of the lines."))
        _money("shipping_minor", self.shipping_minor)
        _check(len(self.codes) <= MOST_CODES, "codes", _("Too many codes."))
        fits = all(0 < len(code) <= LONGEST_CODE and is_writable(code) for code in self.codes)
        _check(fits, "codes", _("A code has 1 to 40 letters."))
        _check_vouchers(self.vouchers)
        _check(0 <= self.spend_points <= MAX_POINTS, "spend_points", _not_money())
        check_text("channel", self.channel, LONGEST_CODE)
        _check(len(self.payments) <= MOST_PAYMENTS, "payments", _("Too many payments."))
        for index, paid in enumerate(self.payments):
            check_text(f"payments[{index}].method", paid.method, LONGEST_CODE)
            _money(f"payments[{index}].amount_minor", paid.amount_minor)

    def told(self) -> str:
        """
        The bill as a text that is equal for equal bills only, whatever the order of codes. It
        must stay the same for ever, or an old sale no longer answers: of a sum alone it is the
        sum, as before bills had lines; otherwise what goes without saying is left out, so that
        a bill of today reads the same once lines can say more.

        >>> Bill.of_total(68_000).told()
        '68000'
        >>> Bill((Line(45_000, sku="T1"),)).told()
        '{"lines": [{"sku": "T1", "unit_price_minor": 45000}]}'
        """
        if self == Bill(total_minor=self.total_minor):
            return str(self.total_minor)
        told = _said(self) | {"lines": [_said(line) for line in self.lines]}
        if self.payments:
            told["payments"] = [_said(paid) for paid in self.payments]
        return json.dumps(told, default=_plain, sort_keys=True)


def request_hash(*, customer_id: int | None, branch_id: int | None, bill: Bill) -> str:
    """What makes two requests the same sale. Nothing of the customer but the row's number."""
    asked = f"{customer_id}/{branch_id}/{bill.told()}"
    return hashlib.sha256(asked.encode()).hexdigest()


def _said(what: Bill | Line | Paid) -> dict[str, Any]:
    """The fields that say something."""
    values = {field.name: (getattr(what, field.name), field.default) for field in fields(what)}
    return {name: value for name, (value, default) in values.items() if value != default}


def _plain(value: Any) -> Any:
    """What JSON cannot say by itself; 1.5 and 1.500 are one quantity."""
    return str(value.normalize()) if isinstance(value, Decimal) else sorted(value)


def _check_vouchers(codes: tuple[str, ...]) -> None:
    _check(len(codes) <= MOST_VOUCHERS, "vouchers", _("Too many vouchers."))
    for place, code in enumerate(codes):
        named = f"vouchers[{place}]"
        _check(bool(code.strip()), named, _("A voucher's code is needed."))
        check_text(named, code, LONGEST_CODE)


def _check_line(place: str, line: Line) -> None:
    check_quantity(f"{place}.quantity", line.quantity)
    _money(f"{place}.unit_price_minor", line.unit_price_minor)
    _money(place, line.full_minor)
    _money(f"{place}.discount_minor", line.discount_minor)
    more = _("More is taken off than the line costs.")
    _check(line.discount_minor <= line.full_minor, f"{place}.discount_minor", more)
    _money(f"{place}.tax_minor", line.tax_minor)
    taxed = _("The tax is more than the line comes to.")
    _check(line.tax_minor <= line.net_minor, f"{place}.tax_minor", taxed)
    for key, most in _LETTERS.items():
        check_text(f"{place}.{key}", getattr(line, key), most)
    labels = len(line.labels) <= MOST_LABELS and all(
        0 < len(label) <= _LETTERS["category"] and is_writable(label) for label in line.labels
    )
    _check(labels, f"{place}.labels", _("At most 20 labels of 1 to 100 letters."))


def check_text(place: str, text: str, most: int) -> None:
    """Raise InvalidInput for a text of more letters, or of such as no database keeps."""
    _check(len(text) <= most, place, _("This text is too long."))
    _check(is_writable(text), place, _("This text has letters that cannot be kept."))


def is_writable(text: str) -> bool:
    """Whether a database can keep it: no zero letter, no half of a pair."""
    return _UNWRITABLE.search(text) is None


def check_quantity(place: str, quantity: Decimal) -> None:
    """Raise InvalidInput for what nobody can buy so many of."""
    fits = (
        quantity.is_finite()
        and 0 < quantity <= MAX_QUANTITY
        and quantity == round(quantity, _DECIMALS)
    )
    _check(fits, place, _("A quantity is above zero, with at most three decimals."))


def _money(place: str, minor: int) -> None:
    _check(0 <= minor <= MAX_MINOR, place, _not_money())


def _not_money() -> str:
    return _("This number is not possible here.")


def _check(fits: bool, place: str, message: str) -> None:
    if not fits:
        raise InvalidInput(place, gettext(message))
