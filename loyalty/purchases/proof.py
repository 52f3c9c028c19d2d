"""
The proof of the sales: what each says of money and points is recomputed from its lines, its refunds
and the ledger, in plain SQL that shares no code with the writers; and what each earned from nothing
but the explanation kept with it. Read-only; nothing is repaired.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from django.db import connection

from loyalty.programme.recomputing import recompute
from loyalty.proving import ROWS_SHOWN, Problem, problems_in

# Each query returns the rows that break the rule, the number of the sale, or of the customer, first.
RULES = {
    "a sale earned what its entry says": """
        SELECT p.id, p.points, e.points FROM purchases_purchase p
        LEFT JOIN ledger_entry e ON e.id = p.entry_id
        WHERE p.points <> coalesce(e.points, 0) OR e.kind <> 'earn'
    """,
    "points that paid are those of their entry": """
        SELECT p.id, p.spent_points, e.points FROM purchases_purchase p
        LEFT JOIN ledger_entry e ON e.id = p.spent_entry_id
        WHERE p.spent_points <> coalesce(-e.points, 0) OR e.kind <> 'redeem'
    """,
    "lines sum to their sale": """
        SELECT p.id, p.amount_minor, sum(l.net_minor), p.points, sum(l.points)
        FROM purchases_purchase p JOIN purchases_purchaseline l ON l.purchase_id = p.id
        GROUP BY p.id
        HAVING (p.amount_minor, p.discount_minor, p.points)
                <> (sum(l.net_minor), sum(l.discount_minor), sum(l.points))
            OR p.refunded_minor <> sum(l.refunded_minor)
    """,
    "the discount of a sale is that of its rules": """
        SELECT p.id, p.discount_minor FROM purchases_purchase p
        WHERE p.discount_minor <> (
            SELECT coalesce(sum((d ->> 'minor')::bigint), 0)
            FROM jsonb_array_elements(p.discounts) AS d
        )
    """,
    "what came back of a line is the sum of its refunds": """
        SELECT l.purchase_id, l.number, l.refunded_minor, coalesce(sum(t.amount_minor), 0)
        FROM purchases_purchaseline l LEFT JOIN purchases_refundline t ON t.line_id = l.id
        WHERE l.refunded_minor > 0 OR l.refunded_quantity > 0 OR t.id IS NOT NULL
        GROUP BY l.id
        HAVING (l.refunded_minor, l.refunded_quantity)
            <> (coalesce(sum(t.amount_minor), 0), coalesce(sum(t.quantity), 0))
    """,
    "no sale gives back more than was paid, and a wholly returned one gives back all": """
        SELECT p.id, p.refunded_minor, sum(r.amount_minor), sum(r.returned_points)
        FROM purchases_purchase p LEFT JOIN purchases_refund r ON r.purchase_id = p.id
        WHERE p.refunded_minor > 0 OR r.id IS NOT NULL
        GROUP BY p.id
        HAVING p.refunded_minor <> coalesce(sum(r.amount_minor), 0)
            OR sum(r.in_points_minor) > p.spent_minor
            OR sum(r.returned_points) > p.spent_points
            OR sum(r.points_due) > p.points
            OR sum(r.amount_minor - r.in_points_minor) > p.amount_minor - p.spent_minor
            OR p.refunded_minor = p.amount_minor AND p.amount_minor > 0 AND (
                sum(r.in_points_minor), sum(r.returned_points), sum(r.points_due)
            ) <> (p.spent_minor, p.spent_points, p.points)
    """,
    "the entries of a refund move what it says": """
        SELECT r.purchase_id, r.id, r.points_taken, t.points, r.returned_points, g.points
        FROM purchases_refund r
        LEFT JOIN ledger_entry t ON t.id = r.entry_id
        LEFT JOIN ledger_entry g ON g.id = r.returned_entry_id
        WHERE r.points_taken <> coalesce(-t.points, 0)
            OR r.returned_points <> coalesce(g.points, 0)
    """,
    "a sale that is undone has freed what it used up": """
        SELECT p.id FROM purchases_purchase p
        JOIN (
            SELECT purchase_id, freed FROM purchases_discountuse
            UNION ALL SELECT purchase_id, freed FROM purchases_capuse
        ) u ON u.purchase_id = p.id
        WHERE u.freed <> (
            p.refunded_minor = p.amount_minor AND p.amount_minor > 0 OR EXISTS (
                SELECT FROM purchases_refund r WHERE r.purchase_id = p.id AND r.kind = 'void'
            )
        )
    """,
    "the activity of a customer is that of their sales": """
        SELECT coalesce(a.customer_id, p.customer_id), a.purchases, p.purchases, a.spend_minor,
            p.spend_minor
        FROM purchases_activity a FULL JOIN (
            SELECT customer_id, count(*) AS purchases, min(occurred_on) AS first_on,
                max(occurred_on) AS last_on, sum(amount_minor - refunded_minor) AS spend_minor
            FROM purchases_purchase WHERE stands AND customer_id IS NOT NULL
            GROUP BY customer_id
        ) p ON p.customer_id = a.customer_id
        WHERE (a.purchases, a.first_on, a.last_on, a.spend_minor)
            IS DISTINCT FROM (p.purchases, p.first_on, p.last_on, p.spend_minor)
    """,
    "what a voucher took off stands in its sale": """
        SELECT p.id, u.id, u.minor, t.minor, v.state FROM rewards_voucheruse u
        LEFT JOIN purchases_purchase p ON (p.source, p.reference) = (u.source, u.reference)
        LEFT JOIN rewards_voucher v ON v.id = u.voucher_id
        CROSS JOIN LATERAL (
            SELECT coalesce(sum((d ->> 'minor')::bigint), 0) AS minor
            FROM jsonb_array_elements(p.discounts) AS d WHERE (d ->> 'voucher')::int = u.place
        ) t
        WHERE p.id IS NULL OR u.minor <> t.minor OR v.state <> 'used'
        UNION ALL
        SELECT p.id, NULL, NULL, (d ->> 'minor')::bigint, NULL
        FROM purchases_purchase p CROSS JOIN jsonb_array_elements(p.discounts) AS d
        WHERE (d ->> 'voucher')::int > 0 AND NOT EXISTS (
            SELECT FROM rewards_voucheruse u WHERE (u.source, u.reference, u.place)
                = (p.source, p.reference, (d ->> 'voucher')::int)
        )
    """,
    "payments sum to what was due": """
        SELECT p.id, p.amount_minor - p.spent_minor, p.shipping_minor, sum(t.amount_minor)
        FROM purchases_purchase p JOIN purchases_purchasepayment t ON t.purchase_id = p.id
        GROUP BY p.id
        HAVING sum(t.amount_minor) <> p.amount_minor - p.spent_minor
            + CASE WHEN p.free_shipping THEN 0 ELSE p.shipping_minor END
    """,
    "vouchers come back, and coupons end, with the last of their sale": """
        SELECT p.id, v.id, v.comes_back FROM (
            SELECT v.id, v.replaces_id IS NOT NULL AS comes_back,
                coalesce(u.source, v.source) AS source,
                coalesce(u.reference, v.reference) AS reference
            FROM rewards_voucher v LEFT JOIN rewards_voucheruse u ON u.id = v.replaces_id
            WHERE v.replaces_id IS NOT NULL OR NOT v.coupon = '' AND v.state = 'issued'
        ) v JOIN purchases_purchase p ON (p.source, p.reference) = (v.source, v.reference)
        WHERE v.comes_back <> (
            p.refunded_minor = p.amount_minor
            AND (p.amount_minor > 0 OR EXISTS (
                SELECT FROM purchases_purchaseline l WHERE l.purchase_id = p.id
            ))
            AND NOT EXISTS (  -- What was free has no money that could come back.
                SELECT FROM purchases_purchaseline l WHERE l.purchase_id = p.id
                    AND l.net_minor = 0 AND l.refunded_quantity < l.quantity
            )
            OR EXISTS (
                SELECT FROM purchases_refund r WHERE r.purchase_id = p.id AND r.kind = 'void'
            )
        )
    """,
}
EXPLAINED = "what a sale earned is what its explanation comes to"
_EXPLANATIONS = """
SELECT p.id, e.points, e.explanation
FROM purchases_purchase p JOIN ledger_entry e ON e.id = p.entry_id
"""


@dataclass(frozen=True)
class Proof:
    sales: int
    problems: tuple[Problem, ...]  # The first few of each rule.


def verify() -> Proof:
    """
    Recompute the sales, reading only. An empty `problems` is the proof. Each rule is one
    statement and so sees one moment; sales may go on between two of them.
    """
    problems = [*problems_in(RULES), *islice(_unexplained(), ROWS_SHOWN)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM purchases_purchase")
        return Proof(cursor.fetchone()[0], tuple(problems))


def _unexplained() -> Iterator[Problem]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(_EXPLANATIONS)
        for sale, points, explanation in cursor:
            try:
                comes_to = recompute(json.loads(explanation))
            except (KeyError, TypeError, ValueError) as error:
                yield Problem(EXPLAINED, (sale, points, repr(error)))
                continue
            if comes_to != points:
                yield Problem(EXPLAINED, (sale, points, comes_to))
