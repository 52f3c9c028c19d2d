"""The last step of a sale: keep what the rules said, all of it or nothing."""

from collections.abc import Iterable, Iterator
from typing import Any

from loyalty.ledger import services as ledger
from loyalty.purchases import activity
from loyalty.purchases.bill import request_hash
from loyalty.purchases.models import (
    CapUse,
    DiscountUse,
    Purchase,
    PurchaseLine,
    PurchasePayment,
)
from loyalty.purchases.sale import Effect, Sale, Situation
from loyalty.tiers import services as tiers
from rewards import coupons, stamps
from rewards.using import InSale, use_in_sale

LINES_AT_ONCE = 5_000


def write(sale: Sale, situation: Situation, effect: Effect) -> Purchase:
    """
    Write the sale and all it did to its customer. The caller holds the locks of `look`. Raises
    InsufficientPoints or AccountFrozen where points were to pay.
    """
    purchase = row_of(sale, effect)
    purchase.balance_after = situation.balance
    if effect.active_until and effect.after:
        pk = effect.after.customer_id
        kept = ledger.keep_alive(until={pk: effect.active_until}, at=sale.recorded_at)
        purchase.balance_after = kept[pk]
    if effect.payment.points:
        _spend(purchase, sale, effect)
    if effect.credit:
        posted = ledger.earn(
            credits_due=[effect.credit], source=sale.source, at=sale.recorded_at, by_id=sale.by_id
        )[sale.reference]
        purchase.entry_id, purchase.balance_after = posted.entry_id, posted.balance_after
    if effect.qualification and effect.after:
        tiers.record(
            qualifications=[effect.qualification],
            ends=[effect.after],
            recorded_at=sale.recorded_at,
        )
        activity.add([purchase])
    purchase.save(force_insert=True)
    if sale.bill.lines:
        PurchaseLine.objects.bulk_create(lines_of(purchase, sale, effect))
    if sale.bill.payments:
        PurchasePayment.objects.bulk_create(_payments(purchase, sale))
    if effect.after and effect.priced.used:
        DiscountUse.objects.bulk_create(
            DiscountUse(purchase=purchase, customer_id=effect.after.customer_id, used=used)
            for used in sorted(effect.priced.used)
        )
    CapUse.objects.bulk_create(cap_uses(purchase, effect))
    _use_vouchers(sale, situation, effect)
    if effect.after:
        _promise(effect.after.customer_id, sale, situation, effect)
    return purchase


def _promise(customer_id: int, sale: Sale, situation: Situation, effect: Effect) -> None:
    """What the sale brings besides points: stamps, and vouchers for the next one."""
    event = stamps.Event(sale.source, sale.reference, sale.at, sale.on, sale.recorded_at)
    stamps.add(customer_id=customer_id, stamped=effect.stamps, event=event)
    coupons.give(
        customer_id=customer_id,
        brought=effect.coupons,
        used=[one.voucher_id for one in situation.vouchers if one.voucher_id is not None],
        event=event,
    )


def row_of(sale: Sale, effect: Effect) -> Purchase:
    """The purchase as it will be kept; its entries and its balance are the ledger's to say."""
    priced, earning = effect.priced, effect.earning
    return Purchase(
        customer_id=effect.after.customer_id if effect.after else None,
        branch_id=sale.branch_id,
        source=sale.source,
        reference=sale.reference,
        request_hash=request_hash(
            customer_id=sale.customer_id, branch_id=sale.branch_id, bill=sale.bill
        ),
        amount_minor=effect.amount_minor,
        discount_minor=priced.discount_minor,
        discounts=_discounts(sale, effect),
        shipping_minor=priced.basket.shipping_minor,
        free_shipping=priced.free_shipping,
        channel=sale.bill.channel,
        uncounted_minor=effect.amount_minor - priced.tier_minor,
        tier_points=earning.tier_points
        if effect.after and earning.tier_points != earning.points
        else None,
        spent_points=effect.payment.points,
        spent_minor=effect.payment.worth_minor,
        points=effect.points,
        tier_before=effect.tier_before,
        tier_after=effect.tier_after,
        occurred_at=sale.at,
        occurred_on=sale.on,
        recorded_at=sale.recorded_at,
        recorded_by_id=sale.by_id,
        batch_id=sale.batch_id,
    )


def cap_uses(purchase: Purchase, effect: Effect) -> Iterator[CapUse]:
    """What rules with a cap gave the customer, to be remembered for their next sale."""
    if purchase.customer_id is not None:
        for key, points in effect.earning.given.items():
            yield CapUse(
                purchase=purchase,
                customer_id=purchase.customer_id,
                rule_key=key,
                points=points,
                occurred_on=purchase.occurred_on,
            )


def _spend(purchase: Purchase, sale: Sale, effect: Effect) -> None:
    """Before the sale earns: what it brings cannot pay for it."""
    posted = ledger.spend(
        customer_id=purchase.customer_id or 0,
        points=effect.payment.points,
        source=sale.source,
        reference=f"spend:{sale.reference}",
        reason="",
        at=sale.recorded_at,
        by_id=sale.by_id,
        version_id=effect.rules.version_id,
    )
    purchase.spent_entry_id, purchase.balance_after = posted.entry_id, posted.balance_after


def _use_vouchers(sale: Sale, situation: Situation, effect: Effect) -> None:
    use_in_sale(
        [(one, effect.priced.voucher_minor(one.ticket.place)) for one in situation.vouchers],
        InSale(
            source=sale.source,
            reference=sale.reference,
            customer_id=effect.after.customer_id if effect.after else None,
            branch_id=sale.branch_id,
            at=sale.recorded_at,
            by_id=sale.by_id,
        ),
    )


def _discounts(sale: Sale, effect: Effect) -> list[dict[str, Any]]:
    """What rules and vouchers took off, by line, numbered from 1; 0 where the till told no lines."""
    first = 1 if sale.bill.lines else 0
    return [
        {
            "line": number,
            "key": discount.key,
            "name": discount.name,
            "name_en": discount.name_en,
            "minor": discount.minor,
        }
        | ({"voucher": discount.voucher} if discount.voucher else {})
        for number, line in enumerate(effect.priced.discounts, first)
        for discount in line
    ]


def _payments(purchase: Purchase, sale: Sale) -> Iterator[PurchasePayment]:
    for number, paid in enumerate(sale.bill.payments, 1):
        yield PurchasePayment(
            purchase=purchase,
            number=number,
            method=paid.method,
            amount_minor=paid.amount_minor,
        )


def keep_lines(bills: Iterable[Iterable[PurchaseLine]]) -> None:
    """
    Keep the lines of new sales, thousands a statement. None tears a bill in two: when a statement
    ends, the database asks whether the lines that are there sum to their sales.
    """
    waiting: list[PurchaseLine] = []
    for lines in bills:
        waiting += lines
        if len(waiting) >= LINES_AT_ONCE:
            PurchaseLine.objects.bulk_create(waiting)
            waiting = []
    PurchaseLine.objects.bulk_create(waiting)


def lines_of(purchase: Purchase, sale: Sale, effect: Effect) -> Iterator[PurchaseLine]:
    """The lines of its bill, as they are kept with the purchase."""
    priced = effect.priced
    points = effect.earning.line_points if effect.credit else [0] * len(sale.bill.lines)
    for number, (told, line, taken, share) in enumerate(
        zip(sale.bill.lines, priced.basket.lines, priced.discounts, points, strict=True), 1
    ):
        yield PurchaseLine(
            purchase=purchase,
            number=number,
            sku=told.sku,
            name=told.name,
            category=told.category,
            labels=sorted(told.labels),
            quantity=told.quantity,
            free_units=line.free_units,
            unit_price_minor=told.unit_price_minor,
            till_discount_minor=told.discount_minor,
            discount_minor=sum(discount.minor for discount in taken),
            tax_minor=line.tax_minor,
            net_minor=line.net_minor,
            premium=told.premium,
            earns=line.earns,
            counts_for_tier=line.counts_for_tier,
            points=share,
        )
