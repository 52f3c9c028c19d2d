"""Mistakes in a document are named by their lines, from its top to its end."""

import tomllib

import pytest

from loyalty.toml import Reader
from rewards.catalogue import InvalidCatalogue, parse

DOCUMENT = """\
# A note.
[points]
"name" = "xu"

[[earn]]
points = 1
[[earn]]
points = 2
[earn.bonus]
points = 3
[[ earn.days ]]
first = 1
[[notes]]
text = "no"
columns.date = 1
"""


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("points", 2),
        ("points.name", 3),
        ("earn", 5),
        ("earn[1].points", 6),
        ("earn[2].points", 8),
        ("earn[2].bonus", 9),
        ("earn[2].bonus.points", 10),
        ("earn[2].days", 11),
        ("earn[2].days[1].first", 12),
        ("notes", 13),
        ("notes[1].text", 14),
        ("notes[1].columns", 15),
    ],
)
def test_every_key_has_its_line(place, line):
    tomllib.loads(DOCUMENT)

    assert Reader(DOCUMENT).lines[place] == line


def test_mistakes_are_told_in_the_order_of_their_lines():
    text = '[[rewards]]\nkey = "a"\nname = ""\ncost_points = 0\n\n[[notes]]\nx = 1\n'

    with pytest.raises(InvalidCatalogue) as error:
        parse(text)

    assert [line.split(":")[:2] for line in str(error.value).splitlines()] == [
        ["dòng 3", " rewards[1].name"],
        ["dòng 4", " rewards[1].cost_points"],
        ["dòng 6", " notes"],
    ]
