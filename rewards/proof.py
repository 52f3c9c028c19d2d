"""
The proof of the rewards: what is counted is counted again, and every voucher, stamp and redemption
is held against what it came from, in plain SQL that shares no code with the writers. Read-only;
nothing is repaired.
"""

from dataclasses import dataclass

from django.db import connection

from loyalty.proving import Problem, problems_in

# Each query returns the rows that break the rule, the number of the reward, the redemption, the
# voucher or the customer first.
RULES = {
    "a reward was redeemed as often as it counts": """
        SELECT r.id, r.redeemed_total, count(d.id)
        FROM rewards_reward r LEFT JOIN rewards_redemption d
            ON d.reward_id = r.id AND d.cancelling_entry_id IS NULL
        WHERE r.redeemed_total IS NOT NULL
        GROUP BY r.id HAVING r.redeemed_total <> count(d.id)
    """,
    "the shelf holds what was put there, less what was redeemed": """
        SELECT r.id, r.stock, r.stocked, count(d.id)
        FROM rewards_reward r LEFT JOIN rewards_redemption d
            ON d.reward_id = r.id AND d.cancelling_entry_id IS NULL
        WHERE r.stock IS NOT NULL OR r.stocked IS NOT NULL
        GROUP BY r.id HAVING r.stock IS DISTINCT FROM r.stocked - count(d.id)
    """,
    "vouchers issued now promise what the reward says": """
        SELECT r.id, t.id FROM rewards_reward r LEFT JOIN rewards_terms t ON t.id = r.terms_id
        WHERE (
            t.reward_id, t.name, t.name_en, t.description, t.description_en, t.kind, t.value_minor,
            t.percent, t.most_minor, t.minimum_minor, t.scope, t.branches
        ) IS DISTINCT FROM (
            r.id, r.name, r.name_en, r.description, r.description_en, r.kind, r.value_minor,
            r.percent, r.most_minor, r.minimum_minor, r.scope, r.branches
        )
    """,
    "a redemption took its cost and gave one voucher of its reward": """
        SELECT d.id, d.cost_points, e.points, v.id
        FROM rewards_redemption d
        LEFT JOIN ledger_entry e ON e.id = d.entry_id
        LEFT JOIN rewards_voucher v ON v.redemption_id = d.id
        WHERE e.points IS DISTINCT FROM -d.cost_points OR e.kind <> 'redeem'
            OR v.reward_id IS DISTINCT FROM d.reward_id
    """,
    "a cancelled redemption gave its points back and ended its voucher": """
        SELECT d.id, d.cancelling_entry_id, c.points, v.state
        FROM rewards_redemption d
        JOIN rewards_voucher v ON v.redemption_id = d.id
        LEFT JOIN ledger_entry c ON c.id = d.cancelling_entry_id
        WHERE (v.state = 'cancelled') <> (d.cancelling_entry_id IS NOT NULL)
            OR d.cancelling_entry_id IS NOT NULL
                AND (c.points, c.reverses_id) IS DISTINCT FROM (d.cost_points, d.entry_id)
    """,
    "every voucher came from points, a full card, a purchase or a return": """
        SELECT v.id, v.customer_id FROM rewards_voucher v
        WHERE v.redemption_id IS NULL AND v.replaces_id IS NULL AND v.coupon = ''
            AND NOT EXISTS (
                SELECT FROM rewards_stampentry s WHERE s.voucher_id = v.id AND s.kind = 'full'
            )
    """,
    "a shared voucher was used as often as it counts": """
        SELECT s.id, s.uses, count(u.id)
        FROM rewards_sharedvoucher s LEFT JOIN rewards_voucheruse u ON u.shared_id = s.id
        GROUP BY s.id HAVING s.uses <> count(u.id)
    """,
    "a customer's uses of a shared voucher are numbered 1, 2, 3 …": """
        SELECT customer_id, shared_id, max(number), count(*) FROM rewards_voucheruse
        WHERE shared_id IS NOT NULL AND customer_id IS NOT NULL
        GROUP BY customer_id, shared_id HAVING max(number) <> count(*)
    """,
    "stamps follow on one another": """
        SELECT customer_id, card, number, stamps_after FROM (
            SELECT customer_id, card, number, stamps_after, row_number() OVER w AS place,
                sum(stamps) OVER w AS running
            FROM rewards_stampentry WINDOW w AS (PARTITION BY customer_id, card ORDER BY number)
        ) s
        WHERE number <> place OR stamps_after <> running
    """,
    "a full card's voucher is cancelled exactly when its stamps came back": """
        SELECT v.id, f.customer_id, f.card, v.state
        FROM rewards_stampentry f JOIN rewards_voucher v ON v.id = f.voucher_id
        LEFT JOIN rewards_stampentry o ON o.voucher_id = f.voucher_id AND o.kind = 'reopened'
        WHERE f.kind = 'full' AND ((v.state = 'cancelled') <> (o.id IS NOT NULL)
            OR o.stamps <> -f.stamps)
    """,
}


@dataclass(frozen=True)
class Proof:
    rewards: int
    vouchers: int
    problems: tuple[Problem, ...]  # The first few of each rule.


def verify() -> Proof:
    """
    Count and compare, reading only, inside a transaction. An empty `problems` is the proof.
    """
    problems = problems_in(RULES)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM rewards_reward), (SELECT count(*) FROM rewards_voucher)"
        )
        rewards, vouchers = cursor.fetchone()
    return Proof(rewards, vouchers, tuple(problems))
