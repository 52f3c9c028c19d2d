"""
The stage: the rows of one file in temporary tables, where whole-set SQL turns them into sales.

`import_row` holds what the file says, `import_person` who that is, `import_sale` what is to be
recorded, `import_ready` that in the order of recording, `import_why` how points came about. All of
it is the connection's own, through the import's transactions, and goes away with it.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain, islice
from typing import NamedTuple

from django.db import connection

from loyalty.purchases.imports.checking import SaleRow
from loyalty.purchases.imports.copying import NULL, column
from loyalty.purchases.imports.grouping import NAMES, SALES
from loyalty.purchases.imports.layout import GroupBy
from loyalty.purchases.imports.making import Staged
from loyalty.purchases.imports.naming import AGAIN

ROWS_AT_ONCE = 500
_CLOSE = """
DROP TABLE IF EXISTS pg_temp.import_row, pg_temp.import_person, pg_temp.import_sale,
    pg_temp.import_ready, pg_temp.import_why
"""
_TABLES = """
CREATE TEMP TABLE import_row (
    line int NOT NULL,
    external_id text NOT NULL,
    phone text NOT NULL,
    name text NOT NULL,
    occurred_at timestamptz NOT NULL,
    occurred_on date NOT NULL,
    amount_minor bigint NOT NULL,
    reference text NOT NULL,
    branch_id bigint,
    kind text NOT NULL,
    return_of text NOT NULL,
    total_minor bigint,
    detail text NOT NULL,
    problem text,
    -- Null: an anonymous sale.
    person text GENERATED ALWAYS AS (
        CASE WHEN external_id <> '' THEN 'id:' || external_id
             WHEN phone <> '' THEN 'tel:' || phone END
    ) STORED
);
CREATE TEMP TABLE import_why (number int PRIMARY KEY, explanation jsonb NOT NULL);
"""
_COPY_ROWS = """
COPY import_row (line, external_id, phone, name, occurred_at, occurred_on, amount_minor,
    reference, branch_id, kind, return_of, total_minor, detail) FROM STDIN
"""

# A row that names only the phone is of the person whom another row names with it.
_PEOPLE = """
ANALYZE import_row;
UPDATE import_row r SET external_id = named.external_id
FROM (
    SELECT DISTINCT ON (phone) phone, external_id FROM import_row
    WHERE phone <> '' AND external_id <> ''
    ORDER BY phone, line
) named
WHERE r.external_id = '' AND r.phone = named.phone;
CREATE TEMP TABLE import_person AS
SELECT person,
    min(external_id) AS external_id,
    coalesce((array_agg(phone ORDER BY line) FILTER (WHERE phone <> ''))[1], '') AS phone,
    coalesce((array_agg(name ORDER BY line) FILTER (WHERE name <> ''))[1], '') AS name,
    min(occurred_at) AS joined_at,
    (array_agg(branch_id ORDER BY occurred_at, line))[1] AS joined_branch_id,
    min(line) AS line,
    NULL::bigint AS customer_id,
    false AS known_by_id,
    NULL::text AS problem
FROM import_row WHERE person IS NOT NULL
GROUP BY person;
ANALYZE import_person;
"""
_RECOGNISE = """
UPDATE import_person p SET customer_id = c.id, known_by_id = true
FROM customers_customer c
WHERE p.customer_id IS NULL AND p.external_id <> '' AND c.external_id = p.external_id;
UPDATE import_person p SET customer_id = c.id
FROM customers_customer c
WHERE p.customer_id IS NULL AND p.phone <> '' AND c.phone = p.phone
    AND (p.external_id = '' OR c.external_id = '');
"""
_DOUBTFUL_PHONES = """
UPDATE import_person p SET problem = 'phone_taken'
WHERE customer_id IS NULL AND phone <> ''
    AND EXISTS (SELECT FROM customers_customer c WHERE c.phone = p.phone);
UPDATE import_person p SET problem = 'phone_twice'
WHERE NOT known_by_id AND phone <> '' AND problem IS NULL
    AND EXISTS (
        SELECT FROM import_person other
        WHERE other.phone = p.phone AND other.person <> p.person
            AND (other.known_by_id OR other.line < p.line)
    );
UPDATE import_row r SET problem = p.problem
FROM import_person p WHERE p.person = r.person AND p.problem IS NOT NULL;
"""

_SPOILT = """
UPDATE import_row SET problem = 'spoilt' WHERE problem IS NULL AND reference = ANY (%s)
"""
# A sale whose import was undone keeps its name for ever, and so do its returns; the file's next try
# needs others.
_NAME_AGAIN = """
WITH gone AS (
    SELECT split_part(name, %(again)s, 1) AS name, %(again)s || count(*) AS again
    FROM purchases_importbatch b JOIN purchases_purchase p ON p.batch_id = b.id
    CROSS JOIN LATERAL (
        SELECT p.reference AS name
        UNION ALL
        SELECT r.reference FROM purchases_refund r
        WHERE r.purchase_id = p.id AND r.source = b.source
    ) n
    WHERE b.source = %(source)s AND b.undone_at IS NOT NULL
    GROUP BY 1
), named AS (
    SELECT s.line, s.reference || g.again AS reference, s.return_of || o.again AS return_of
    FROM import_sale s
    LEFT JOIN gone g ON g.name = s.reference
    LEFT JOIN gone o ON o.name = s.return_of
    WHERE g.again IS NOT NULL OR o.again IS NOT NULL
)
UPDATE import_sale s SET reference = coalesce(n.reference, s.reference),
    return_of = coalesce(n.return_of, s.return_of)
FROM named n WHERE n.line = s.line
"""
_COMPARE_WITHIN_FILE = """
UPDATE import_sale s SET problem = CASE
    WHEN (s.person, s.amount_minor, s.occurred_on)
        IS NOT DISTINCT FROM (f.person, f.amount_minor, f.occurred_on)
    THEN 'repeated' ELSE 'reference_twice' END
FROM (
    SELECT DISTINCT ON (reference) reference, line, person, amount_minor, occurred_on
    FROM import_sale WHERE reference IS NOT NULL AND kind = 'sale' ORDER BY reference, line
) f
WHERE s.reference = f.reference AND s.line <> f.line AND s.kind = 'sale'
"""
_COMPARE_WITH_KNOWN = """
UPDATE import_sale s SET problem = CASE
    WHEN (s.amount_minor, s.occurred_on) = (p.amount_minor, p.occurred_on)
        AND (s.customer_id IS NOT DISTINCT FROM p.customer_id OR EXISTS (
            -- Sales go along with a customer who is merged; their names here do not.
            SELECT FROM customers_customer c
            WHERE c.id = s.customer_id AND c.merged_into_id = p.customer_id
        ))
        AND (s.person IS NULL) = (p.customer_id IS NULL)
    THEN 'known' ELSE 'differs' END
FROM purchases_purchase p
WHERE s.problem IS NULL AND s.kind = 'sale' AND p.source = %s AND p.reference = s.reference
"""
# A sale that was cancelled before it was ever brought in never was; nor was a return of nothing.
_DROP_CANCELLED = """
DELETE FROM import_sale s WHERE kind = 'return' AND amount_minor = 0
    OR kind = 'cancelled' AND NOT EXISTS (
        SELECT FROM purchases_purchase p WHERE p.source = %s AND p.reference = s.reference
    )
"""
# Before a return is known to be one: by its own number, or as the nth of a sale's number.
_BACKS = """
SELECT line, kind, CASE WHEN kind = 'cancelled' OR nth = 1 THEN reference
        ELSE concat(reference, ':', nth) END,
    coalesce(nullif(return_of, ''), reference), customer_id, amount_minor, occurred_at,
    CASE WHEN kind = 'return' THEN bill END
FROM (
    SELECT *, row_number() OVER (PARTITION BY kind, reference ORDER BY occurred_at, line) AS nth
    FROM (SELECT line, kind, reference, return_of, coalesce(c.merged_into_id, c.id) AS customer_id,
        amount_minor, occurred_at, bill
        FROM import_sale s LEFT JOIN customers_customer c ON c.id = s.customer_id
        WHERE kind <> 'sale') back
) counted
ORDER BY occurred_at, line
"""
_DROP_KNOWN = "DELETE FROM import_sale WHERE problem IN ('known', 'repeated')"
_PROBLEMS = """
SELECT line, problem FROM import_row WHERE problem IS NOT NULL
UNION ALL
SELECT unnest(lines), problem FROM import_sale WHERE problem IS NOT NULL
ORDER BY 1
"""
_DROP_DOUBTFUL = "DELETE FROM import_sale WHERE problem IS NOT NULL"
_NAME = """
UPDATE import_sale SET reference = {name}
WHERE reference IS NULL AND (customer_id IS NOT NULL OR person IS NULL)
"""
# Of what is given back; the sales to be recorded are in `import_ready` from then on.
_LINK_BACKS = """
UPDATE import_sale s SET customer_id = p.customer_id
FROM import_person p WHERE p.person = s.person AND s.customer_id IS NULL AND s.kind <> 'sale'
"""
# By customer, so that accounts are locked in the order every other writer locks them; what was
# recorded meanwhile is known.
_READY = """
CREATE TEMP TABLE import_ready AS
SELECT (row_number() OVER (ORDER BY customer_id, occurred_at, line))::int AS place, *
FROM (
    SELECT coalesce(c.merged_into_id, s.customer_id) AS customer_id, branch_id,
        coalesce(reference, {name}) AS reference, amount_minor, fees_minor, bill, occurred_at,
        occurred_on, line
    FROM (
        SELECT coalesce(s.customer_id, p.customer_id) AS customer_id, s.branch_id, s.reference,
            s.amount_minor, s.fees_minor, s.bill, s.occurred_at, s.occurred_on, s.line, s.kind,
            s.nth
        FROM import_sale s LEFT JOIN import_person p USING (person) WHERE s.kind = 'sale'
    ) s LEFT JOIN customers_customer c ON c.id = s.customer_id
) sale;
CREATE UNIQUE INDEX ON import_ready (place);
ANALYZE import_ready;
"""
_PART = """
SELECT place, customer_id, branch_id, reference, amount_minor, fees_minor, bill, occurred_on,
    date_part('epoch', occurred_at)
FROM import_ready WHERE place BETWEEN %s AND %s ORDER BY customer_id, occurred_at, line
"""
_MERGED = "UPDATE import_ready SET customer_id = %s WHERE customer_id = %s"
_OTHER_COUNTING = """
SELECT EXISTS (
    SELECT FROM purchases_purchase
    WHERE source = %s AND batch_id IS NOT NULL AND reference !~ %s
)
"""


class Back(NamedTuple):
    """A sale that was given back in part or whole, or cancelled."""

    line: int
    kind: str
    reference: str
    sale: str  # The number of the sale it is about, if there is a sale of that number.
    customer_id: int | None
    amount_minor: int
    occurred_at: datetime
    goods: str | None  # The bill of the return, as JSON; None: the file names no goods.


def fill(sales: Iterable[SaleRow]) -> int:
    """Open an empty stage and copy these sales into it; return how many. Streams."""
    rows = iter(sales)
    # A generator may still have to ask the database something before its first row; once COPY
    # has begun, that would wait for COPY to end.
    rows = chain(list(islice(rows, 1)), rows)
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE)  # Of an import before this one.
        cursor.execute(_TABLES)
        with cursor.copy(_COPY_ROWS) as copy:
            while block := "".join(map(_line_of, islice(rows, ROWS_AT_ONCE))):
                copy.write(block)
        return int(cursor.rowcount)


def _line_of(sale: SaleRow) -> str:
    """The row as COPY reads it."""
    return (
        f"{sale.line}\t{column(sale.external_id)}\t{sale.phone}\t{column(sale.name)}"
        f"\t{_moment(sale.occurred_at)}\t{sale.occurred_on}\t{sale.amount_minor}"
        f"\t{column(sale.reference)}\t{NULL if sale.branch_id is None else sale.branch_id}"
        f"\t{sale.kind}\t{column(sale.return_of)}"
        f"\t{NULL if sale.total_minor is None else sale.total_minor}\t{column(sale.detail)}\n"
    )


@lru_cache(maxsize=1 << 12)
def _moment(at: datetime) -> str:
    return at.isoformat()


def recognise_people() -> None:
    """Find the customers we have by external id, then by phone; mark the doubtful ones."""
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE)
        cursor.execute(_RECOGNISE)
        cursor.execute(_DOUBTFUL_PHONES)


def make_sales(*, source: str, group_by: GroupBy) -> int:
    """Turn rows into sales and drop those that are recorded already; return how many those are."""
    with connection.cursor() as cursor:
        cursor.execute(SALES[group_by])
        cursor.execute(_NAME.format(name=NAMES[group_by]))
        cursor.execute(_COMPARE_WITHIN_FILE)
        cursor.execute(_NAME_AGAIN, {"source": source, "again": AGAIN})
        cursor.execute(_COMPARE_WITH_KNOWN, [source])
        cursor.execute(_DROP_KNOWN)
        return int(cursor.rowcount)


def drop_cancelled(*, source: str) -> int:
    """Leave out cancelled sales that nobody has recorded; return how many those are."""
    with connection.cursor() as cursor:
        cursor.execute(_DROP_CANCELLED, [source])
        return int(cursor.rowcount)


def spoil(references: Sequence[str]) -> None:
    """Mark every row of these receipts, of which a row cannot be taken: half of one is none."""
    with connection.cursor() as cursor:
        cursor.execute(_SPOILT, [list(references)])


def has_backs() -> bool:
    """Whether anything was given back or cancelled."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM import_sale WHERE kind <> 'sale')")
        return bool(cursor.fetchone()[0])


def close() -> None:
    """Leave nothing of the file on the server."""
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE)


def backs() -> list[Back]:
    """What was given back or cancelled, in the order of time; they are few."""
    with connection.cursor() as cursor:
        cursor.execute(_BACKS)
        return [Back(*row) for row in cursor.fetchall()]


def problems() -> Iterator[tuple[int, str]]:
    """Every row that must not be recorded, by line, with the name of what is wrong."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_PROBLEMS)
        yield from cursor


def drop_doubtful() -> None:
    """Leave out the sales that `problems` has told of."""
    with connection.cursor() as cursor:
        cursor.execute(_DROP_DOUBTFUL)


def link_customers(*, group_by: GroupBy) -> int:
    """Give every sale its customer and its name; return how many sales are to be recorded."""
    with connection.cursor() as cursor:
        cursor.execute(_RECOGNISE)
        cursor.execute(_LINK_BACKS)
        cursor.execute(_NAME.format(name=NAMES[group_by]) + "AND kind <> 'sale'")
        cursor.execute(_READY.format(name=NAMES[group_by]))
        cursor.execute("SELECT count(*) FROM import_ready")
        return int(cursor.fetchone()[0])


def part(first: int, last: int) -> list[Staged]:
    """The sales to be recorded of these places, customer by customer in the order of time."""
    with connection.cursor() as cursor:
        cursor.execute(_PART, [first, last])
        # Reading a moment as one takes several times longer than this.
        return [
            Staged._make((*row[:-1], datetime.fromtimestamp(row[-1], UTC)))
            for row in cursor.fetchall()
        ]


def follow_merge(customer_id: int, kept_id: int) -> None:
    """Let the sales of a customer who was merged since be the other one's."""
    with connection.cursor() as cursor:
        cursor.execute(_MERGED, [kept_id, customer_id])


def counted_otherwise(*, source: str, prefix: str) -> bool:
    """Whether earlier files of this source gave their purchases names of another kind."""
    with connection.cursor() as cursor:
        cursor.execute(_OTHER_COUNTING, [source, prefix])
        return bool(cursor.fetchone()[0])
