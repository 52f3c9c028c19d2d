"""
What there is to tell, source by source. A fact is a row that is never numbered anew: the sources
with `revision` number every change of a row, the others the rows themselves.

Each select gives: the fact's number, the event it is, whose it is, when it was recorded, when it
happened, the points it moved, and what is said of it. It says ids and numbers only: no name, no
phone, and not the code of a voucher, which whoever reads it could spend.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    name: str
    table: str
    number: str  # The column that grows.
    select: str  # Without `WHERE`, of the table as `t`.


# Of one moment, in this order.
SOURCES = (
    Source(
        "customer",
        "customers_customer",
        "id",
        """t.id, 'customer.created', t.id, '-infinity'::timestamptz, t.joined_at, 0, '{}'::jsonb
        FROM customers_customer t""",
    ),
    Source(
        "entry",
        "ledger_entry",
        "id",
        """t.id, 'points.changed', t.account_id, t.recorded_at, t.occurred_at, t.points,
            jsonb_build_object('kind', t.kind, 'points', t.points, 'number', t.number,
                'source', t.source, 'reference', t.reference)
        FROM ledger_entry t""",
    ),
    Source(
        "purchase",
        "purchases_purchase",
        "id",
        """t.id, 'purchase.recorded', t.customer_id, t.recorded_at, t.occurred_at, 0,
            jsonb_build_object('source', t.source, 'reference', t.reference,
                'amount_minor', t.amount_minor, 'points', t.points,
                'spent_points', t.spent_points)
        FROM purchases_purchase t""",
    ),
    Source(
        "refund",
        "purchases_refund",
        "id",
        """t.id, CASE t.kind WHEN 'void' THEN 'purchase.voided' ELSE 'purchase.refunded' END,
            p.customer_id, t.recorded_at, t.occurred_at, 0,
            jsonb_build_object('source', p.source, 'reference', p.reference,
                'refund_reference', t.reference, 'amount_minor', t.amount_minor,
                'points_taken', t.points_taken, 'points_returned', t.returned_points)
        FROM purchases_refund t JOIN purchases_purchase p ON p.id = t.purchase_id""",
    ),
    Source(
        "tier",
        "tiers_tierchange",
        "id",
        """t.id, 'tier.changed', t.customer_id, t.recorded_at, t.occurred_at, 0,
            jsonb_build_object('from', nullif(t.from_key, ''), 'to', t.to_key, 'reason', t.reason)
        FROM tiers_tierchange t""",
    ),
    Source(
        "voucher",
        "rewards_voucher",
        "id",
        """t.id, 'voucher.issued', t.customer_id, t.issued_at, t.issued_at, 0,
            jsonb_build_object('voucher', t.id, 'redemption', t.redemption_id, 'reward', r.key,
                'expires_on', t.expires_on)
        FROM rewards_voucher t JOIN rewards_reward r ON r.id = t.reward_id""",
    ),
    Source(
        "shared_use",
        "rewards_voucheruse",
        "id",
        """t.id, 'voucher.used', t.customer_id, t.used_at, t.used_at, 0,
            jsonb_build_object('shared_voucher', s.id, 'reward', r.key, 'source', t.source,
                'reference', t.reference, 'discount_minor', t.minor)
        FROM rewards_voucheruse t JOIN rewards_sharedvoucher s ON s.id = t.shared_id
            JOIN rewards_reward r ON r.id = s.reward_id""",
    ),
    Source(
        "voucher_change",
        "rewards_voucher",
        "revision",
        """t.revision,
            CASE t.state WHEN 'used' THEN 'voucher.used' ELSE 'voucher.cancelled' END,
            t.customer_id, 'infinity'::timestamptz, coalesce(t.used_at, %(at)s), 0,
            jsonb_build_object('voucher', t.id, 'redemption', t.redemption_id, 'reward', r.key)
        FROM rewards_voucher t
            JOIN rewards_reward r ON r.id = t.reward_id AND t.state IN ('used', 'cancelled')""",
    ),
    Source(
        "customer_change",
        "customers_customer",
        "revision",
        """t.revision,
            CASE WHEN t.merged_into_id IS NULL THEN 'customer.updated' ELSE 'customer.merged' END,
            t.id, 'infinity'::timestamptz, %(at)s, 0,
            jsonb_build_object('merged_into', t.merged_into_id)
        FROM customers_customer t""",
    ),
)
