"""Maps of columns that owners make: written as a document, read back, kept by their name."""

import pytest

from loyalty.purchases.imports.layout import About, Field
from loyalty.purchases.imports.mapping import Answers, document_of, save_map
from loyalty.purchases.imports.maps import named
from loyalty.purchases.imports.parsing import InvalidMap, parse
from loyalty.purchases.models import ColumnMap
from loyalty.shop.models import User
from tests.factories.clock import NOON

pytestmark = pytest.mark.django_db


def test_every_answer_becomes_a_map_that_can_be_read():
    every = Answers(
        columns={
            Field.DATE: 'Ngày "giờ"', Field.AMOUNT: 4, Field.REFERENCE: "Số\tHĐ", Field.PHONE: "\x7f",
            Field.STATUS: "Trạng thái", Field.ITEM: "Hàng",
        },
        separator="\t",
        date_format="%d/%m/%Y",
        decimal=",",
        thousands=".",
        earns=False,
        returned=("Trả",),
        cancelled=("Hủy", "Đã hủy"),
    )  # fmt: skip

    layout = parse(document_of("mine", About.SALES, every))

    assert layout.columns == every.columns
    assert (layout.separator, layout.decimal, layout.thousands) == ("\t", ",", ".")
    assert (layout.earns, layout.group_by, layout.keeps_anonymous) == (False, "receipt", True)
    assert (layout.returned, layout.cancelled) == ({"tra"}, {"huy", "da huy"})


@pytest.mark.parametrize(
    "header",
    [
        '"',
        "\\",
        "a\nb",
        "\x1f",
        "\x7f",
        "\x85",
        "\u2028",
        "\U0001f600",
        "'''",
        '"""',
        "# x",
        "[a]",
        "=1",
    ],
)
def test_any_header_survives_in_a_map(header):
    answers = Answers(columns={Field.DATE: f"a{header}", Field.AMOUNT: f"x{header}x"})

    assert parse(document_of("mine", About.SALES, answers)).columns == answers.columns


def test_answers_that_make_no_map_keep_nothing(owner):
    with pytest.raises(InvalidMap):
        save_map(
            name="x", about=About.SALES, answers=Answers(columns={}), at=NOON,
            by=User.objects.get(),
        )  # fmt: skip
    assert not ColumnMap.objects.exists()


def test_a_map_of_the_same_name_takes_the_place_of_the_one_before(owner):
    told = {"about": About.SALES, "at": NOON, "by": User.objects.get()}
    columns = {Field.DATE: "a", Field.AMOUNT: "b"}
    save_map(name="Sổ Cũ", answers=Answers(columns=columns), **told)
    save_map(name="sổ cũ", answers=Answers(columns=columns | {Field.PHONE: "c"}), **told)

    assert ColumnMap.objects.get().name == "sổ cũ"
    assert Field.PHONE in named("so-cu", About.SALES).columns
