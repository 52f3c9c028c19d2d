"""
The proof of the ledger: everything it says is recomputed from the rows below it, in plain SQL
that shares no code with the writers. Read-only; a mismatch is reported, never repaired.
"""

from dataclasses import dataclass

from django.db import connection

from loyalty.proving import ROWS_SHOWN, Problem

# Each query returns the rows that break the rule, the account first.
RULES = {
    "balance equals the sum of the entries": """
        SELECT a.customer_id, a.balance, coalesce(sum(e.points), 0)
        FROM ledger_account a LEFT JOIN ledger_entry e ON e.account_id = a.customer_id
        GROUP BY a.customer_id
        HAVING a.balance <> coalesce(sum(e.points), 0)
            OR coalesce(a.last_number, 0) <> count(e.id)
    """,
    "entries are numbered 1, 2, 3 … and carry the running balance": """
        SELECT account_id, number, balance_after FROM (
            SELECT account_id, number, kind, balance_after,
                row_number() OVER w AS place, sum(points) OVER w AS running
            FROM ledger_entry WINDOW w AS (PARTITION BY account_id ORDER BY number)
        ) e
        WHERE number <> place OR balance_after <> running
            OR (balance_after < 0 AND kind IN ('redeem', 'expire'))
    """,
    "a credit opens one lot of the same size, and nothing else does": """
        SELECT coalesce(e.account_id, l.account_id), e.id, e.points, l.points
        FROM ledger_entry e FULL JOIN ledger_lot l ON l.entry_id = e.id
        WHERE (e.points > 0 AND e.kind <> 'reverse' OR l.id IS NOT NULL)
            AND (e.points IS DISTINCT FROM l.points OR e.account_id <> l.account_id
                OR (e.kind = 'reverse' AND l.origin_id IS NULL))
    """,
    "what is left of a lot is what was not taken from it": """
        SELECT l.account_id, l.id, l.points, l.remaining, coalesce(sum(a.points), 0)
        FROM ledger_lot l LEFT JOIN ledger_allocation a ON a.lot_id = l.id
        GROUP BY l.id
        HAVING l.remaining <> l.points - coalesce(sum(a.points), 0)
            OR l.remaining NOT BETWEEN 0 AND l.points
    """,
    "a debit takes exactly its points, from lots of its own account or as a debt": """
        SELECT e.account_id, e.id, e.points, coalesce(sum(a.points), 0), max(d.points)
        FROM ledger_entry e
        LEFT JOIN ledger_allocation a ON a.entry_id = e.id AND a.debt_id IS NULL
        LEFT JOIN ledger_lot l ON l.id = a.lot_id
        LEFT JOIN ledger_debt d ON d.entry_id = e.id
        WHERE e.points < 0 OR (e.kind = 'reverse'
            AND NOT EXISTS (SELECT FROM ledger_lot o WHERE o.entry_id = e.id))
        GROUP BY e.id
        HAVING coalesce(sum(a.points), 0) + coalesce(max(d.points), 0) <> -e.points
            OR bool_or(l.account_id <> e.account_id)
    """,
    "the lots of an account, less what it owes, hold its balance": """
        SELECT a.customer_id, a.balance, l.points, d.points
        FROM ledger_account a
        CROSS JOIN LATERAL (SELECT coalesce(sum(remaining), 0) AS points
            FROM ledger_lot WHERE account_id = a.customer_id) l
        CROSS JOIN LATERAL (SELECT coalesce(sum(remaining), 0) AS points
            FROM ledger_debt WHERE account_id = a.customer_id) d
        WHERE a.balance <> l.points - d.points
    """,
    "nobody has points and owes some": """
        SELECT DISTINCT d.account_id, d.id
        FROM ledger_debt d JOIN ledger_lot l ON l.account_id = d.account_id
        WHERE d.remaining > 0 AND l.remaining > 0
    """,
    "what is left of a debt is what was not repaid": """
        SELECT d.account_id, d.id, d.points, d.remaining, coalesce(sum(a.points), 0)
        FROM ledger_debt d LEFT JOIN ledger_allocation a ON a.debt_id = d.id
        GROUP BY d.id
        HAVING d.remaining <> d.points - coalesce(sum(a.points), 0)
            OR d.remaining NOT BETWEEN 0 AND d.points
    """,
    "only a reversal or a merge leaves a debt, and within its floor": """
        SELECT d.account_id, d.id, e.balance_after, d.floor
        FROM ledger_debt d JOIN ledger_entry e ON e.id = d.entry_id
        WHERE e.kind NOT IN ('reverse', 'merge') OR e.points > 0 OR e.balance_after < d.floor
            OR e.account_id <> d.account_id
    """,
    "nothing is reversed by more than it was, nor across accounts": """
        SELECT o.account_id, o.id, o.points, r.points
        FROM (
            SELECT e.reverses_id, sum(e.points) AS points, min(sign(e.points)) AS low,
                max(sign(e.points)) AS high, min(coalesce(c.merged_into_id, c.id)) AS first,
                max(coalesce(c.merged_into_id, c.id)) AS last
            FROM ledger_entry e JOIN customers_customer c ON c.id = e.account_id
            WHERE e.reverses_id IS NOT NULL AND e.kind = 'reverse' GROUP BY e.reverses_id
        ) r
        JOIN ledger_entry o ON o.id = r.reverses_id
        JOIN customers_customer c ON c.id = o.account_id
        WHERE abs(r.points) > abs(o.points)
            OR r.low <> -sign(o.points) OR r.high <> -sign(o.points)
            OR r.first <> coalesce(c.merged_into_id, c.id)
            OR r.last <> coalesce(c.merged_into_id, c.id)
    """,
    # From the few reversals to what they reverse: no plan compares every entry with every other.
    "no lot is given more back than was taken from it": """
        WITH spent AS (
            SELECT DISTINCT o.id, o.account_id
            FROM ledger_entry r JOIN ledger_entry o ON o.id = r.reverses_id
            WHERE r.reverses_id IS NOT NULL AND r.kind = 'reverse' AND o.points < 0
        ), part AS (
            SELECT id AS entry_id, id AS spent_id, account_id FROM spent
            UNION ALL
            SELECT r.id, o.id, o.account_id
            FROM spent o JOIN ledger_entry r ON r.reverses_id = o.id AND r.kind = 'reverse'
        )
        SELECT p.account_id, moved.lot_id, p.spent_id, sum(moved.points)
        FROM part p
        CROSS JOIN LATERAL (
            SELECT coalesce(l.origin_id, l.id) AS lot_id, a.points
            FROM ledger_allocation a JOIN ledger_lot l ON l.id = a.lot_id
            WHERE a.entry_id = p.entry_id AND a.debt_id IS NULL
            UNION ALL
            SELECT l.origin_id, -l.points FROM ledger_lot l
            WHERE l.entry_id = p.entry_id AND p.entry_id <> p.spent_id
        ) AS moved
        GROUP BY p.account_id, moved.lot_id, p.spent_id
        HAVING sum(moved.points) < 0
    """,
    "a lot expires when it has ended, wholly, and again only after points came back": """
        SELECT l.account_id, l.id, l.expires_on, count(*) FILTER (WHERE e.kind = 'expire')
        FROM ledger_lot l
        JOIN ledger_allocation a ON a.lot_id = l.id
        JOIN ledger_entry e ON e.id = a.entry_id
        JOIN ledger_account c ON c.customer_id = l.account_id
        CROSS JOIN LATERAL (SELECT CASE WHEN l.expires_on IS NOT NULL THEN
            coalesce(l.ended_on, greatest(l.expires_on, c.active_until)) END AS day) ends
        CROSS JOIN shop_shop s
        GROUP BY l.id
        HAVING bool_or(e.kind = 'expire' AND (l.remaining <> 0
                OR split_part(e.reference, '/', 1) <> 'lot:' || l.id
                OR l.expires_on IS NULL
                OR (e.occurred_at AT TIME ZONE s.time_zone)::date <> ends.day + 1))
            OR count(*) FILTER (WHERE e.kind = 'expire')
                > 1 + count(*) FILTER (WHERE a.points < 0)
    """,
    "nothing is redeemed from a lot before its first day or after its end": """
        SELECT l.account_id, e.id, l.id, l.usable_from, l.expires_on
        FROM ledger_entry e
        JOIN ledger_allocation a ON a.entry_id = e.id
        JOIN ledger_lot l ON l.id = a.lot_id
        JOIN ledger_account c ON c.customer_id = l.account_id
        CROSS JOIN LATERAL (SELECT CASE WHEN l.expires_on IS NOT NULL THEN
            coalesce(l.ended_on, greatest(l.expires_on, c.active_until)) END AS day) ends
        CROSS JOIN shop_shop s
        WHERE e.kind = 'redeem'
            AND ((e.occurred_at AT TIME ZONE s.time_zone)::date > ends.day
                OR (e.occurred_at AT TIME ZONE s.time_zone)::date < l.usable_from)
    """,
    "what a merge takes from one account it gives to the other": """
        SELECT min(account_id), split_part(reference, ':', 1), sum(points)
        FROM ledger_entry WHERE kind = 'merge'
        GROUP BY split_part(reference, ':', 1), reference LIKE '%:undo:%'
        HAVING sum(points) <> 0
    """,
    "exactly the accounts of merged customers are closed": """
        SELECT a.customer_id, a.closed_at, c.merged_into_id
        FROM ledger_account a JOIN customers_customer c ON c.id = a.customer_id
        WHERE (a.closed_at IS NULL) <> (c.merged_into_id IS NULL)
    """,
    "an adjustment is what its author asked for, and above the limit another agreed": """
        SELECT e.account_id, e.id, e.points, a.points
        FROM ledger_entry e LEFT JOIN ledger_adjustment a ON a.entry_id = e.id
        WHERE e.kind = 'adjust'
            AND ((e.account_id, e.points, e.reason, e.recorded_by_id)
                    IS DISTINCT FROM (a.account_id, a.points, a.reason, a.requested_by_id)
                OR e.approved_by_id IS DISTINCT FROM a.decided_by_id
                OR e.approved_by_id IS NULL AND abs(a.points) > a.limit_points)
    """,
}


@dataclass(frozen=True)
class Proof:
    accounts: int
    entries: int
    points: int  # Outstanding, over all accounts.
    problems: tuple[Problem, ...]
    broken: dict[int, str]  # Every account with a mistake, and the first rule it breaks.


def verify() -> Proof:
    """
    Recompute the ledger, reading only, and return what it holds and which rows break a rule
    (the first few of each). An empty `problems` is the proof. Each rule is one statement and so
    sees one moment; sales may go on between two of them.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        problems: list[Problem] = []
        broken: dict[int, str] = {}
        for rule, sql in RULES.items():
            cursor.execute(sql)
            rows = [tuple(row) for row in cursor.fetchall()]
            problems += [Problem(rule, row) for row in rows[:ROWS_SHOWN]]
            for row in rows:
                broken.setdefault(row[0], rule)
        cursor.execute(
            "SELECT (SELECT count(*) FROM ledger_account), (SELECT count(*) FROM ledger_entry),"
            " (SELECT coalesce(sum(balance), 0) FROM ledger_account)"
        )
        accounts, entries, points = cursor.fetchone()
    return Proof(accounts, entries, int(points), tuple(problems), broken)
