"""Files are read row by row; what cannot be read at all is refused with its line."""

import pytest

from loyalty.purchases.imports.parsing import parse
from loyalty.purchases.imports.reading import SourceFile, shape_of
from loyalty.purchases.imports.refused import MAX_LINE, FileRefused

MAP = """source = "s"
[columns]
customer = { column = "who" }
date = { column = "day" }
amount = { column = "paid" }
"""


def rows_of(tmp_path, content, *, layout=MAP):
    path = tmp_path / "sales.csv"
    path.write_bytes(content)
    return [(row.line, row.fields) for row in SourceFile(path, parse(layout)).rows()]


def test_a_row_is_named_by_the_line_it_begins_on(tmp_path):
    content = b'who,day,paid\n"An\nna",1,2\n\nBo,3,"4\n\n5"\r\nCy,6,7'

    assert rows_of(tmp_path, content) == [
        (1, ["who", "day", "paid"]),
        (2, ["An\nna", "1", "2"]),
        (5, ["Bo", "3", "4\n\n5"]),
        (8, ["Cy", "6", "7"]),
    ]


def test_runs_of_spaces_separate_and_those_at_the_ends_do_not_count(tmp_path):
    layout = 'format = "whitespace"\n' + MAP

    assert rows_of(tmp_path, b"  4 1   9\r\n\r\n 5\t2 8 \r\n", layout=layout) == [
        (1, ["4", "1", "9"]),
        (3, ["5", "2", "8"]),
    ]


def test_a_byte_order_mark_and_other_encodings_are_read(tmp_path):
    assert rows_of(tmp_path, b"\xef\xbb\xbfwho,x")[0] == (1, ["who", "x"])
    layout = 'encoding = "windows-1258"\n' + MAP
    assert rows_of(tmp_path, "Đỗ,x".encode(), layout=MAP) == [(1, ["Đỗ", "x"])]
    assert rows_of(tmp_path, "Đà".encode("cp1258"), layout=layout) == [(1, ["Đà"])]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", None),
        (b"a,b\nc,\xff\n", 2),
        (b"a,b\nc,d\ne,\x00f\n", 3),
        (b"a,b\n" + b"x" * (MAX_LINE + 1), 2),
        (b'a,b\nc,"d\ne,f\n', 2),
        (b'a,b\nc,"d"e\n', 2),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(tmp_path, content, line):
    with pytest.raises(FileRefused) as error:
        rows_of(tmp_path, content, layout='encoding = "utf-8"\n' + MAP)

    assert error.value.line == line


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(FileRefused, match="nowhere"):
        list(SourceFile(tmp_path / "nowhere.csv", parse(MAP)).rows())


@pytest.mark.parametrize("header", ["who,day", "who,day,paid,paid", "Who,day,paid"])
def test_a_mapped_column_must_be_there_once(tmp_path, header):
    path = tmp_path / "sales.csv"
    path.write_text(header)
    file = SourceFile(path, parse(MAP))

    with pytest.raises(FileRefused) as error:
        shape_of(file.layout, next(file.rows()))

    assert error.value.line == 1
