"""`manage.py report NAME`: the same answers for programs and for people at a terminal."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import override

from loyalty.reports.tables import TABLES, csv_text
from loyalty.shop.models import Shop
from tests.factories.shop import ShopFactory, shop_with_programme
from tests.reports.history import bill, customer, history

pytestmark = pytest.mark.django_db

AT = "--at=2026-11-22T12:00:00+07:00"


@pytest.fixture(autouse=True)
def shop():
    return ShopFactory()


def report(*arguments):
    out = StringIO()
    call_command("report", *arguments, stdout=out)
    return out.getvalue()


def rows(*arguments):
    return json.loads(report(*arguments, AT, "--format=json"))["rows"]


def test_retention_of_a_period():
    history("2026-09-10 2026-10-30\n2026-10-20\n2026-08-20 2026-08-30\n2026-11-02")

    assert rows("retention", "--from=2026-10-24", "--to=2026-11-22") == [
        {
            "from": "2026-10-24",
            "to": "2026-11-22",
            "active_days": 60,
            "at_start": 3,
            "new": 1,
            "at_end": 3,
            "percent": 66.7,
        }
    ]


def test_retention_is_of_the_last_30_days_unless_told_otherwise():
    (row,) = rows("retention")

    assert (row["from"], row["to"], row["percent"]) == ("2026-10-24", "2026-11-22", None)


def test_repeat_and_frequency_are_of_all_time_unless_told_otherwise():
    history("2020-01-05 2026-02-03\n2026-03-01")

    assert rows("repeat") == [{"repeat_customers": 1, "customers": 2, "percent": 50.0}]
    assert rows("repeat", "--from=2026-01-01") == [
        {"repeat_customers": 0, "customers": 2, "percent": 0.0}
    ]
    assert [(row["times"], row["customers"]) for row in rows("frequency")] == [
        ("1", 1),
        ("2", 1),
        ("3", 0),
        ("4", 0),
        ("5+", 0),
    ]


def test_cohorts_have_a_row_for_each_cell():
    history("2026-10-05 2026-11-03\n2026-10-06")

    assert rows("cohorts") == [
        {
            "first_month": "2026-10",
            "months_later": 0,
            "cohort_size": 2,
            "customers": 2,
            "percent": 100.0,
            "finished": True,
        },
        {
            "first_month": "2026-10",
            "months_later": 1,
            "cohort_size": 2,
            "customers": 1,
            "percent": 50.0,
            "finished": False,
        },
    ]


def test_returning_knows_only_what_was_known_at_that_moment():
    history("2026-09-01 2026-09-20")

    assert [row["percent"] for row in rows("returning")] == [100.0, 100.0, None, None]


def test_revenue_in_minor_units():
    bill(customer(), "2026-11-01", amount=30_000)
    bill(None, "2026-11-01", amount=10_000)

    assert [(row["group"], row["amount_minor"], row["percent"]) for row in rows("revenue")] == [
        ("tier:", 30_000, 75.0),
        ("anonymous", 10_000, 25.0),
    ]


def test_csv_has_the_keys_of_the_json():
    history("2026-11-01")

    assert report("repeat", AT, "--format=csv") == (
        "repeat_customers,customers,percent\r\n0,1,0.0\r\n"
    )


def test_text_begins_with_the_definition():
    history("2026-11-01")

    text = report("repeat", AT).splitlines()

    assert text[0] != ""
    assert text[-1].split() == ["0", "1", "0.0"]


@pytest.mark.parametrize("name", list(TABLES))
def test_every_report_answers_for_an_empty_shop(name):
    document = json.loads(report(name, "--json"))

    assert document["report"]
    assert document["definition"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("no-such-report",),
        ("repeat", "--from=2026-02-30"),
        ("repeat", "--from=2026-02-02", "--to=2026-02-01"),
        ("repeat", "--from=2200-01-01"),
        ("repeat", "--from=9999-12-31"),
        ("repeat", "--to=0001-01-01"),
        ("repeat", "--at=2026-11-22T12:00:00"),
    ],
)
def test_what_cannot_be_asked_is_an_error(arguments):
    with pytest.raises(CommandError):
        report(*arguments)


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "\n=1", "\0", " =1", "＝1", "＋1", "－1", "＠A"],
)
def test_a_text_that_a_spreadsheet_would_run_is_made_harmless(cell):
    text = csv_text(["name"], [[cell, -5]])

    assert text.startswith("name\r\n")
    assert text.split("\r\n", 1)[1].lstrip('"').startswith("'" + cell[0])
    assert text.endswith(",-5\r\n")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("repeat", "--json", "--format=csv"), "--json and --format=csv exclude each other."),
        (
            ("months", "--from=2026-01-01"),
            "report months is of the 24 newest months that are over: leave out --from and --to.",
        ),
        (
            ("repeat", "--from=2026-11-23", AT),
            "--from=2026-11-23 is after the last day, 2026-11-22.",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(arguments, why):
    with pytest.raises(CommandError) as error:
        report(*arguments)

    assert str(error.value) == why


def test_before_the_first_run_it_says_what_to_do():
    Shop.objects.all().delete()

    with pytest.raises(CommandError, match="set_up_shop"):
        report("repeat")


@pytest.mark.parametrize("day", ["1990-01-01", "2200-12-31"])
@pytest.mark.parametrize("name", [name for name in TABLES if name != "months"])
def test_the_first_and_the_last_day_it_takes(name, day):
    document = json.loads(report(name, f"--from={day}", f"--to={day}", "--json"))

    assert document["to"] == day


@pytest.mark.parametrize(
    ("arguments", "days"),
    [
        (("repeat",), (None, "2026-11-22")),
        (("retention",), ("2026-10-24", "2026-11-22")),
        (("months",), ("2024-11-01", "2026-10-31")),
        (("cohorts", "--from=2026-03-15", "--to=2026-05-02"), ("2026-03-01", "2026-05-02")),
    ],
)
def test_it_names_the_days_it_counted(arguments, days):
    document = json.loads(report(*arguments, AT, "--json"))

    assert (document["from"], document["to"]) == days


def test_people_read_cohorts_as_a_grid():
    history("2026-10-05 2026-11-03\n2026-10-06\n2026-11-07")

    with override("en"):
        lines = report("cohorts", AT).splitlines()

    assert lines[0] == "All days up to 2026-11-22"
    assert lines[-3:] == [
        "First purchase  New customers       0      1",
        "       2026-10              2   100.0  50.0*",
        "       2026-11              1  100.0*",
    ]


def test_people_read_the_names_of_tiers_and_grouped_money():
    shop_with_programme()
    bill(customer(), "2026-11-01", amount=30_000)
    bill(None, "2026-11-01", amount=10_000)

    lines = report("revenue", "--from=2026-11-01", AT).splitlines()

    assert lines[0] == "Từ 2026-11-01 đến 2026-11-22"
    assert lines[-2].split()[-2:] == ["30.000đ", "75.0"]
    assert lines[-1].strip().startswith("Khách vãng lai")
