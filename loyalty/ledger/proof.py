"""
The proof of the ledger: everything it says is recomputed from the rows below it, in plain SQL
that shares no code with the writers. Read-only; a mismatch is reported, never repaired.
"""

from dataclasses import dataclass

from django.db import connection

ROWS_SHOWN = 5  # Of each broken rule.


@dataclass(frozen=True)
class Problem:
    rule: str
    row: tuple[object, ...]

    def __str__(self) -> str:
        return f"{self.rule}: {', '.join(map(str, self.row))}"


# Each query returns the rows that break the rule.
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
            SELECT account_id, number, balance_after,
                row_number() OVER w AS place, sum(points) OVER w AS running
            FROM ledger_entry WINDOW w AS (PARTITION BY account_id ORDER BY number)
        ) e
        WHERE number <> place OR balance_after <> running OR balance_after < 0
    """,
    "a credit opens one lot of the same size, and nothing else does": """
        SELECT e.id, e.points, l.points
        FROM ledger_entry e FULL JOIN ledger_lot l ON l.entry_id = e.id
        WHERE (e.points > 0 OR l.id IS NOT NULL)
            AND (e.points IS DISTINCT FROM l.points OR e.account_id <> l.account_id)
    """,
    "what is left of a lot is what was not taken from it": """
        SELECT l.id, l.points, l.remaining, coalesce(sum(a.points), 0)
        FROM ledger_lot l LEFT JOIN ledger_allocation a ON a.lot_id = l.id
        GROUP BY l.id
        HAVING l.remaining <> l.points - coalesce(sum(a.points), 0)
            OR l.remaining NOT BETWEEN 0 AND l.points
    """,
    "a debit takes exactly its points, from lots of its own account": """
        SELECT e.id, e.points, coalesce(sum(a.points), 0)
        FROM ledger_entry e
        LEFT JOIN ledger_allocation a ON a.entry_id = e.id
        LEFT JOIN ledger_lot l ON l.id = a.lot_id
        WHERE e.points < 0
        GROUP BY e.id
        HAVING coalesce(sum(a.points), 0) <> -e.points
            OR bool_or(l.account_id <> e.account_id)
    """,
    "the lots of an account hold its balance": """
        SELECT a.customer_id, a.balance, coalesce(sum(l.remaining), 0)
        FROM ledger_account a LEFT JOIN ledger_lot l ON l.account_id = a.customer_id
        GROUP BY a.customer_id
        HAVING a.balance <> coalesce(sum(l.remaining), 0)
    """,
    "a lot expires once, after its last day, and at most what was left": """
        SELECT e.id, l.id, l.expires_on
        FROM ledger_entry e
        JOIN ledger_allocation a ON a.entry_id = e.id
        JOIN ledger_lot l ON l.id = a.lot_id
        WHERE e.kind = 'expire'
            AND (l.remaining <> 0 OR e.reference <> 'lot:' || l.id
                OR l.expires_on IS NULL OR e.occurred_at::date < l.expires_on)
    """,
    "nothing is redeemed from a lot after its last day": """
        SELECT e.id, l.id, l.expires_on
        FROM ledger_entry e
        JOIN ledger_allocation a ON a.entry_id = e.id
        JOIN ledger_lot l ON l.id = a.lot_id
        CROSS JOIN shop_shop s
        WHERE e.kind = 'redeem'
            AND l.expires_on < (e.occurred_at AT TIME ZONE s.time_zone)::date
    """,
}


@dataclass(frozen=True)
class Proof:
    accounts: int
    entries: int
    points: int  # Outstanding, over all accounts.
    problems: tuple[Problem, ...]


def verify() -> Proof:
    """
    Recompute the ledger in one read-only snapshot and return what it holds and which rows
    break a rule (the first few of each). An empty `problems` is the proof.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        problems = []
        for rule, sql in RULES.items():
            cursor.execute(sql)
            problems += [Problem(rule, tuple(row)) for row in cursor.fetchmany(ROWS_SHOWN)]
        cursor.execute(
            "SELECT (SELECT count(*) FROM ledger_account), (SELECT count(*) FROM ledger_entry),"
            " (SELECT coalesce(sum(balance), 0) FROM ledger_account)"
        )
        accounts, entries, points = cursor.fetchone()
    return Proof(accounts, entries, int(points), tuple(problems))
