"""
What a file says was given back or cancelled: refunds and voids of sales that are recorded.

They come after the sales of the file, in the order of time, and go through the till's own refund.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import F

from loyalty.errors import DomainError
from loyalty.purchases.imports import stage
from loyalty.purchases.imports.checking import Kind
from loyalty.purchases.imports.goods import lines_of_goods
from loyalty.purchases.imports.stage import Back
from loyalty.purchases.models import Purchase, Refund
from loyalty.purchases.refunds import refund_purchase, void_purchase
from loyalty.sayings import said as _
from loyalty.shop.models import User


@dataclass
class BackTally:
    added: int = 0
    known: int = 0


@dataclass(frozen=True)
class Giver:
    """Gives back what one file says."""

    source: str
    at: datetime
    by: User | None

    def all(self, refuse: Callable[[int, str], None]) -> BackTally:
        """
        Record what was given back; `refuse` hears the line and the reason of what cannot be.
        Safe to repeat: what is recorded is only counted.
        """
        tally = BackTally()
        for back in stage.backs():
            if self._is_known(back):
                tally.known += 1
                continue
            try:
                self._give(back)
            except DomainError as error:
                refuse(back.line, str(error))
            else:
                tally.added += 1
        return tally

    def _is_known(self, back: Back) -> bool:
        return Refund.objects.filter(source=self.source, reference=back.reference).exists()

    def _give(self, back: Back) -> None:
        purchase = self._sale_of(back)
        if purchase is None:
            raise DomainError(_("no sale is known that this gives back"))
        asked: dict[str, Any] = {
            "purchase": purchase,
            "source": self.source,
            "reference": back.reference,
            "reason": "",
            # Some programs date a return by its day alone, which begins before the sale.
            "at": max(back.occurred_at, purchase.occurred_at),
            "recorded_at": self.at,
            "by": self.by,
        }
        if back.kind == Kind.CANCELLED:
            void_purchase(**asked)
        elif lines := self._lines(purchase, back):
            refund_purchase(**asked, lines=lines)
        else:
            refund_purchase(**asked, amount_minor=back.amount_minor)

    def _lines(self, purchase: Purchase, back: Back) -> tuple[tuple[int, Decimal], ...]:
        goods = json.loads(back.goods) if back.goods else []
        return lines_of_goods(purchase, goods, amount_minor=back.amount_minor)

    def _sale_of(self, back: Back) -> Purchase | None:
        """The sale that is named; else the customer's newest one of which so much is left."""
        named = Purchase.objects.filter(source=self.source, reference=back.sale).first()
        if named is not None or back.customer_id is None:
            return named
        theirs = Purchase.objects.filter(
            customer_id=back.customer_id,
            occurred_at__lte=back.occurred_at,
            amount_minor__gte=F("refunded_minor") + back.amount_minor,
        )
        return theirs.order_by("-occurred_at", "-pk").first()
