"""Proofs: rules as queries whose rows break them. Read-only; nothing is repaired."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection

ROWS_SHOWN = 5  # Of each broken rule.


@dataclass(frozen=True)
class Problem:
    rule: str
    row: tuple[object, ...]  # What the rule's query tells of it; whose or which first.

    def __str__(self) -> str:
        return f"{self.rule}: {', '.join(map(str, self.row))}"


def problems_in(rules: Mapping[str, str]) -> list[Problem]:
    """
    The first rows that break each rule; none is the proof. Inside a transaction. Each rule is one
    statement and so sees one moment; others may go on writing between two of them.
    """
    problems: list[Problem] = []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        for rule, sql in rules.items():
            cursor.execute(sql)
            problems += [Problem(rule, tuple(row)) for row in cursor.fetchmany(ROWS_SHOWN)]
    return problems
