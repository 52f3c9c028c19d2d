"""Small files of sales for the tests of the import, and what an import can change."""

from customers.models import Customer
from loyalty.ledger.models import Account, Entry
from loyalty.purchases.imports.job import Job
from loyalty.purchases.imports.layout import Layout
from loyalty.purchases.imports.parsing import parse
from loyalty.purchases.imports.running import import_file
from loyalty.purchases.models import Activity, ImportBatch, Purchase
from loyalty.tiers.models import Qualification, Standing, TierChange
from tests.factories.clock import NOON

ALL_COLUMNS = """source = "old-till"
anonymous = true
[columns]
customer = { column = "customer" }
phone = { column = "phone" }
name = { column = "name" }
date = { column = "date" }
amount = { column = "amount" }
branch = { column = "branch" }
"""
WITH_RECEIPTS = ALL_COLUMNS + 'reference = { column = "receipt" }\n'
HEADER = "customer,phone,name,date,amount,branch"


def layout(text: str = ALL_COLUMNS) -> Layout:
    return parse(text)


def file_of(folder, *rows, header=HEADER):
    path = folder / "sales.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def bring_in(path, *, how=None, at=NOON, **options):
    return import_file(Job(path=path, layout=how or layout(), at=at, by=None, **options))


def refused_rows(path):
    """(line, field) of each row in the file of refusals; None when there is no such file."""
    errors = path.with_name(path.name + ".errors.csv")
    if not errors.exists():
        return None
    lines = errors.read_text("utf-8-sig").splitlines()
    assert lines[0] == "file,line,field,reason"
    return [(int(line.split(",")[1]), line.split(",")[2]) for line in lines[1:]]


def everything():
    """All rows that an import writes."""
    models = (Customer, Purchase, Account, Entry, Qualification, Standing, TierChange)
    return [
        list(model.objects.order_by("pk").values()) for model in (*models, Activity, ImportBatch)
    ]
