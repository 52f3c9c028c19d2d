"""The command says what it did, to people and to programs, and fails with a reason."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import override

from loyalty.purchases.imports.progress import ProgressBar
from loyalty.purchases.models import ImportBatch, Purchase
from tests.factories.customers import CustomerFactory
from tests.factories.shop import shop_with_programme
from tests.purchases.sales_files import ALL_COLUMNS, HEADER

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(db):
    shop_with_programme()


@pytest.fixture
def sales(tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text(f"{HEADER}\n1,,,2025-11-20,68000,\n", encoding="utf-8")
    return path


def test_a_file_in_our_own_words_needs_no_map(sales, capsys):
    with override("en"):
        call_command("import_purchases", str(sales))

    assert capsys.readouterr().out == (
        "Read as: utf-8, columns separated by “,”.\n"
        "1 row read, 0 left out, 0 there already, 1 added, 1 new customer, 6 points\n"
        f"To take it back: manage.py undo_import {ImportBatch.objects.get().pk}\n"
    )
    assert Purchase.objects.get().source == "file"


def test_json_is_one_document(sales, tmp_path, capsys):
    path = tmp_path / "map.toml"
    path.write_text(ALL_COLUMNS)

    call_command("import_purchases", str(sales), "--map", str(path), "--dry-run", "--json")

    assert json.loads(capsys.readouterr().out) == {
        "import": None,
        "rows_read": 1,
        "rows_refused": 0,
        "rows_cancelled": 0,
        "purchases_known": 0,
        "purchases_added": 1,
        "refunds_added": 0,
        "customers_added": 1,
        "points_added": 6,
        "tiers_reached": {},
        "dry_run": True,
        "read_as": "utf-8, các cột cách nhau bằng “,”",
    }
    assert Purchase.objects.count() == 0


def test_refused_rows_are_a_failure_that_names_them(sales):
    sales.write_text(f"{HEADER}\n" + "1,,,nonsense,1,\n" * 7)

    with pytest.raises(CommandError) as error:
        call_command("import_purchases", str(sales))

    lines = str(error.value).splitlines()
    assert lines[0].endswith("sales.csv.errors.csv")
    assert len(lines) == 7  # The head, five rows, and how many more there are.


@pytest.mark.parametrize("content", ["source = 1", "source =", None])
def test_a_map_that_cannot_be_used_is_named(sales, tmp_path, content):
    path = tmp_path / "map.toml"
    if content:
        path.write_text(content)

    with pytest.raises(CommandError, match=r"map\.toml"):
        call_command("import_purchases", str(sales), "--map", str(path))


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_sees_a_bar_that_goes_away():
    stream = Terminal()
    bar = ProgressBar(stream)

    bar("reading", 1, 2)
    bar("reading", 2, 2)
    bar.close()

    drawn = stream.getvalue().split("\r")
    assert drawn[1] == "reading    [" + "#" * 16 + "." * 16 + "]  50 %"
    assert drawn[2] == "reading    [" + "#" * 32 + "] 100 %"
    assert drawn[3:] == [" " * len(drawn[2]), ""]


def test_a_log_sees_a_line_every_few_seconds():
    stream, now = io.StringIO(), iter([0.0, 1.0, 6.0, 6.0, 7.0])
    bar = ProgressBar(stream, clock=lambda: next(now))

    for done in (10, 20, 30):
        bar("recording", done, 100)
    bar.close()

    assert stream.getvalue() == "recording 20 %\n"


def test_the_counts_are_vietnamese_as_the_errors_are(sales, capsys):
    call_command("import_purchases", str(sales), "--dry-run")

    assert capsys.readouterr().out == (
        "Đọc là: utf-8, các cột cách nhau bằng “,”.\n"
        "Chạy thử, chưa ghi gì: đọc 1 dòng, bỏ qua 0, đã có sẵn 0, thêm mới 1, 1 khách mới, "
        "6 điểm\n"
    )


def test_rows_left_out_are_said_to_be_in_a_file(sales, capsys):
    sales.write_text(f"{HEADER}\n1,,,nonsense,1,\n", encoding="utf-8")

    with override("en"):
        call_command("import_purchases", str(sales), "--skip-bad")

    assert capsys.readouterr().out.splitlines()[2] == (
        f"The rows left out are listed in {sales}.errors.csv"
    )


def test_a_header_alone_is_no_failure(sales, capsys):
    sales.write_text(f"{HEADER}\n", encoding="utf-8")

    with override("en"):
        call_command("import_purchases", str(sales))

    assert capsys.readouterr().out.splitlines()[1:] == ["The file has no rows."]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            f"{HEADER}\n1,,,2025-11-20,45.000,\n",
            'line 2: amount: a mark between thousands: say thousands = "." in the map',
        ),
        (
            f'{HEADER}\n1,,,2025-11-20,"45,000",\n',
            'line 2: amount: a mark between thousands: say thousands = "," in the map',
        ),
        (
            f"{HEADER}\n1,,,20/11/2025,45000,\n",
            'line 2: date: say format = "%d/%m/%Y" in the map, with its times',
        ),
        (
            f"{HEADER}\n1,,,2025-11-20,45000đ,\n",
            "line 2: amount: not an amount of money: leave the đ out",
        ),
        (
            f"{HEADER}\n".replace("date", "day"),
            "line 1: There is no column date (for “date”).",
        ),
        (b"\xd0\xcf\x11\xe0old", "This is an old or locked Excel file: save it as .xlsx."),
        (None, "there is no such file"),
    ],
)
def test_a_refusal_says_what_to_try(sales, content, said):
    if content is None:
        sales.unlink()
    else:
        sales.write_bytes(content if isinstance(content, bytes) else content.encode())

    with pytest.raises(CommandError) as error, override("en"):
        call_command("import_purchases", str(sales))

    assert str(error.value).splitlines()[-1].removeprefix(f"{sales}: ") == said
    assert Purchase.objects.count() == 0


def test_a_dry_run_keeps_what_would_change_without_names(tmp_path, capsys):
    known = CustomerFactory(phone="+84912345678", name="Hà")
    rows = (
        *("1,0987654321,An,2025-11-20,9000000,", ",912345678,Hà,2025-11-20,68000,"),
        *("2,0912345679,HA,2025-11-20,1,", "3,0987654312,Ân,2025-11-20,1,"),
    )
    sales, diff = tmp_path / "sales.csv", tmp_path / "diff.csv"
    sales.write_text("\n".join([HEADER, *rows, ",,,2025-11-20,5000,", ""]), encoding="utf-8")

    with override("en"):
        call_command("import_purchases", str(sales), "--dry-run", "--diff", str(diff))

    assert diff.read_text("utf-8-sig").splitlines() == [
        "line,card,what,sales,points,tier_before,tier_after",
        "2,,new,1,900,moi,kim-cuong",
        f"3,{known.card_number},known,1,6,moi,moi",
        "4,,new,1,0,moi,moi",
        "5,,new,1,0,moi,moi",
        *(f"4,{known.card_number},double,,,,", "2,line 5,double,,,,"),
    ]
    assert "Customers by the tier they reach: kim-cuong 1" in capsys.readouterr().out
    assert Purchase.objects.count() == 0
