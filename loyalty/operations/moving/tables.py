"""Which tables make up a shop, and which belong to an installation only."""

from dataclasses import dataclass

from django.apps import apps
from django.db import connection

FORMAT, VERSION = "loyalty-shop", 1
# What stays behind, and why. By table, or by the app whose tables they all are.
LEFT_OUT = {
    "admin": "the back office's own diary names rows by the installation's numbers",
    "auth": "groups and rights; roles are the staff's own",
    "contenttypes": "the installation's",
    "sessions": "people sign in anew",
    "integrations": "keys and addresses of other programs are made anew",
    "customers_signinchallenge": "codes that are over",
    "customers_membersession": "members sign in anew",
    "purchases_upload": "files on their way in; what they brought is in the other tables",
    "shop_user_groups": "none are used",
    "shop_user_user_permissions": "none are used",
}
# Filled by migrations; the rows that come take the place of those that are there.
SEEDED = frozenset({"shop_legalrule"})
# Rows that name the row before them, whose key is looked at after each statement.
ORDERED = {"ledger_entry": "account_id, number"}
# A secret of people, not of the shop: whoever reads the file must not be able to guess at it.
BLANKED = {"shop_user": {"password": "!"}}

_COLUMNS = """
SELECT a.attname, a.attgenerated <> '' FROM pg_attribute a
WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
_KEY = """
SELECT a.attname FROM pg_index i JOIN pg_attribute a
    ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
WHERE i.indrelid = %s::regclass AND i.indisprimary
ORDER BY array_position(i.indkey::int2[], a.attnum)
"""


@dataclass(frozen=True)
class Table:
    name: str
    columns: tuple[str, ...]  # All of them, in their order.
    written: tuple[str, ...]  # Those that are not computed by the database.
    order: str  # SQL; the same for the same rows.

    @property
    def file(self) -> str:
        """Its place in the archive."""
        return f"data/{self.name}.ndjson"


def tables() -> list[Table]:
    """Every table of the shop, those first that others name. Two queries a table."""
    return [_table(name) for name in _names()]


def migrations() -> dict[str, list[str]]:
    """The migrations of those tables' apps that this database has, in their order."""
    labels = sorted({model._meta.app_label for model in apps.get_models()} - LEFT_OUT.keys())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT app, array_agg(name ORDER BY name) FROM django_migrations"
            " WHERE app = ANY (%s) GROUP BY app ORDER BY app",
            [labels],
        )
        return dict(cursor.fetchall())


def quoted(column: str) -> str:
    """The column's name as SQL; some are words of SQL."""
    return f'"{column}"'


def _names() -> list[str]:
    found = [
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and model._meta.app_label not in LEFT_OUT
    ]
    return [name for name in found if name not in LEFT_OUT]


def _table(name: str) -> Table:
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS, [name])
        columns = cursor.fetchall()
        cursor.execute(_KEY, [name])
        key = ", ".join(column for (column,) in cursor.fetchall())
    return Table(
        name=name,
        columns=tuple(column for column, _computed in columns),
        written=tuple(column for column, computed in columns if not computed),
        order=ORDERED.get(name, key),
    )
