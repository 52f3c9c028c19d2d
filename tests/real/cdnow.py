"""
The CDNOW sample: purchases of 2,357 people, January 1997 to June 1998, in its two public forms.
Not ours to ship: DATA_DIR names a folder with cdnow/ in it.

Source: Fader & Hardie (2001), Interfaces 31(3) part 2; brucehardie.com/datasets.
"""

import pytest

from loyalty.purchases.imports.layout import Layout
from loyalty.purchases.imports.parsing import parse
from tests.support.data import SHARED_DATA

FOLDER = SHARED_DATA / "cdnow"
TEXT, TABLE = FOLDER / "CDNOW_sample.txt", FOLDER / "cdnowElog.csv"

needs_cdnow = pytest.mark.skipif(
    not (TEXT.exists() and TABLE.exists()),
    reason="the CDNOW sample is not here; DATA_DIR names its folder",
)

TEXT_MAP = """
source = "cdnow"
format = "whitespace"
header = false
encoding = "us-ascii"

[columns.customer]
column = 1
integer = true

[columns.date]
column = 3
format = "%Y%m%d"

[columns.amount]
column = 5
"""
TABLE_MAP = """
source = "cdnow"

[columns]
customer = { column = "masterid", integer = true }
date = { column = "date", format = "%Y%m%d" }
amount = { column = "sales" }
"""
DOLLARS = """
[points]
name = "points"
[[earn]]
name = "Purchase"
points = 1
per_minor = 100
[[tiers]]
key = "member"
name = "Member"
entry_minor = 0
multiplier = 1
[[tiers]]
key = "silver"
name = "Silver"
entry_minor = 20_000
multiplier = 1
[[tiers]]
key = "gold"
name = "Gold"
entry_minor = 100_000
multiplier = 1
"""


def text_layout(*, group_by: str = "row") -> Layout:
    return parse(f'group_by = "{group_by}"\n{TEXT_MAP}')


def table_layout(*, group_by: str = "row") -> Layout:
    return parse(f'group_by = "{group_by}"\n{TABLE_MAP}')
