"""The map of a file says which column is what, and is read strictly."""

import pytest

from loyalty.purchases.imports.layout import Field, GroupBy
from loyalty.purchases.imports.parsing import InvalidMap, parse

LEAST = """source = "old-till"
[columns]
phone = { column = "Điện thoại" }
date = { column = "Ngày" }
amount = { column = 3 }
"""


def test_what_is_left_out_has_its_usual_value():
    layout = parse(LEAST)

    assert (layout.source, layout.group_by) == ("old-till", GroupBy.ROW)
    seen_from_the_file = (layout.format, layout.separator, layout.has_header, layout.encoding)
    assert seen_from_the_file == (None, "", None, "")
    assert layout.columns == {Field.PHONE: "Điện thoại", Field.DATE: "Ngày", Field.AMOUNT: 3}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("source", "sauce"), "1: sauce"),
        (('"old-till"', '"Old Till"'), "1: source"),
        (('source = "old-till"', 'source = "a"\nencoding = "koi8-r"'), "2: encoding"),
        (('source = "old-till"', 'source = "a"\nformat = "json"'), "2: format"),
        (('source = "old-till"', 'source = "a"\nseparator = ";;"'), "2: separator"),
        (('source = "old-till"', 'source = "a"\nheader = "no"'), "2: header"),
        (("amount", "amoun"), "amoun"),
        (("column = 3", "column = 0"), "5: columns.amount.column"),
        (("column = 3", 'column = 3, decimals = ","'), "columns.amount.decimals"),
        (("column = 3", 'column = 3, thousands = "."'), "columns.amount.thousands"),
        (('"Ngày"', '"Ngày", format = "%d/%m"'), "columns.date.format"),
        (('"Ngày"', '"Ngày", format = "%A %Y"'), "columns.date.format"),
        (("phone", "name"), "columns.customer"),
        (('source = "old-till"', 'source = "a"\nheader = false'), "columns.phone.column"),
        (("[columns]", 'group_by = "customer_day"\n[columns]\nreference.column = 1'), "group_by"),
        (
            ("[columns]", 'group_by = "customer_day"\nanonymous = true\n[columns]'),
            "2: group_by",
        ),
        (("[columns]", "[columns"), "TOML"),
    ],
)
def test_a_mistake_is_named_with_its_line(change, message):
    with pytest.raises(InvalidMap, match=message.replace(".", r"\.")):
        parse(LEAST.replace(*change))
