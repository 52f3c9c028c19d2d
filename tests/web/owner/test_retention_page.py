"""The page “Keeping customers”, in English unless said otherwise."""

import pytest
import time_machine
from django.db import InternalError, connection

from loyalty.reports.asking import one_moment
from loyalty.shop.models import Branch, User
from tests.factories.clock import NOON
from tests.factories.shop import StaffFactory, shop_with_programme
from tests.reports.history import bill, customer, history
from tests.support.pages import words

pytestmark = pytest.mark.django_db

# The usual period is 24/10 to 22/11; the one before it 24/09 to 23/10; active means 60 days.
HISTORY = """
    2026-09-10 2026-10-30
    2026-10-20
    2026-08-20 2026-08-30
    2026-11-02 2026-11-03
    - 2026-11-05
"""


def test_shows_each_rate_with_what_it_came_from(owner):
    history(HISTORY)

    page = words(owner.get("/owner/"))

    # At the start (24/10) three were active, since 25/08; at the end all but the third.
    assert "Retention rate 66.7%" in page
    assert "(3 − 1) / 3 customers" in page
    # In the period two bought, one of them twice.
    assert "Repeat purchase rate 50.0%" in page
    assert "1 / 2 customers" in page
    # Three bills of members, one of nobody, 50,000đ each.
    assert "Revenue from members 75.0%" in page
    assert "150,000đ / 200,000đ" in page


def test_says_the_answer_first_and_does_not_claim_a_rate_from_few(owner):
    history(HISTORY)

    assert (
        "In the last 30 days, 2 of 3 regulars still come. That is too few for a firm rate."
        in words(owner.get("/owner/"))
    )


def test_says_so_many_of_ten_when_there_are_enough(owner):
    history("2026-09-10 2026-10-30\n" * 14 + "2026-09-10\n" * 6)

    assert "7 of every 10 regulars still come." in words(owner.get("/owner/"))


def test_a_rate_of_nobody_is_a_dash(owner):
    history("2026-11-02")

    page = words(owner.get("/owner/"))

    assert "Retention rate – (1 − 1) / 0 customers" in page
    assert "there were no regulars yet whose return could be measured." in page


def test_prints_the_definition_beside_each_figure(owner):
    history(HISTORY)

    page = words(owner.get("/owner/"))

    assert "“Buying” means a purchase in the 60 days before." in page
    assert "Customers with two purchases or more, divided by customers with at least one." in page


def test_names_the_change_against_the_period_compared(owner):
    history("2026-10-01 2026-10-02\n2026-10-03\n2026-11-01 2026-11-02\n2026-11-03 2026-11-04")

    assert "Repeat purchase rate 100.0% up 50.0 % points from 50.0%" in words(owner.get("/owner/"))


def test_the_same_days_a_year_ago_can_be_compared(owner):
    history("2025-11-01\n2026-11-01 2026-11-02")

    page = words(owner.get("/owner/", {"compare": "year"}))

    assert "compared with 24 Oct 2025 – 22 Nov 2025" in page
    assert "up 100.0 % points from 0.0%" in page


def test_counts_the_bills_of_one_branch(owner):
    north, south = (Branch.objects.create(key=key, name=key) for key in ("north", "south"))
    who = customer()
    bill(who, "2026-11-01", branch=north)
    bill(who, "2026-11-02", branch=south)

    assert "1 / 1 customers" in words(owner.get("/owner/"))
    assert "0 / 1 customers" in words(owner.get("/owner/", {"branch": north.pk}))


def test_a_shop_without_sales_is_told_what_comes_next(owner):
    page = words(owner.get("/owner/"))

    assert "No purchases of members yet" in page
    assert "Retention rate" not in page


def test_speaks_vietnamese_by_default(owner):
    owner.cookies["language"] = "vi"
    history(HISTORY)

    page = owner.get("/owner/").content.decode()

    assert '<html lang="vi"' in page
    assert "66,7" in page
    assert "150.000đ / 200.000đ" in page


def test_two_drawings_of_the_chart_say_the_same(owner):
    history("2025-10-10 2026-09-10 2026-10-10")

    page = owner.get("/owner/").content.decode()

    assert page.count('role="img"') == 2
    said = (
        "From 100.0% (November 2025) to 100.0% (October 2026); "
        "lowest 0.0% (December 2025), highest 100.0% (November 2025)."
    )
    assert page.count(said) == 2


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"since": "2026-11-02", "until": "2026-11-01"}, "The last day lies before the first."),
        ({"until": "2026-11-23"}, "The last day cannot lie after today."),
        ({"since": "0001-01-01"}, "This day is too long ago."),
        ({"since": "yesterday"}, "Enter a valid date."),
        ({"compare": "never"}, "Select a valid choice."),
        ({"branch": "0"}, "Select a valid choice."),
        ({"branch": "\x00"}, "Null characters are not allowed."),
    ],
)
def test_what_cannot_be_asked_is_said_beside_the_usual_period(owner, asked, told):
    history(HISTORY)

    response = owner.get("/owner/", asked)

    assert response.status_code == 422
    assert told in words(response)
    assert "24 Oct 2026 – 22 Nov 2026" in words(response)


@pytest.mark.parametrize("customers", [1, 3])
def test_takes_the_same_queries_for_any_number_of_customers(
    owner, customers, django_assert_max_num_queries
):
    history("2026-09-10 2026-10-30\n" * customers)
    owner.get("/owner/")  # The programme is read once for all.

    with django_assert_max_num_queries(20) as queries:
        owner.get("/owner/")

    assert len(queries) == EXPECTED_QUERIES


# Session, staff, shop, the chosen branch's list (once to check, once to show); eleven reports,
# some of them twice for the period compared; the versions of the rules and the one in force.
EXPECTED_QUERIES = 17


@pytest.mark.django_db(transaction=True)
def test_reports_are_read_in_one_transaction_that_cannot_write():
    with pytest.raises(InternalError, match="read-only"), one_moment():
        Branch.objects.create(key="north", name="north")

    with one_moment(), connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        assert cursor.fetchone() == ("repeatable read",)


class TestTables:
    def test_brings_a_table_a_spreadsheet_reads(self, owner):
        history(HISTORY)

        response = owner.get("/owner/retention/frequency.csv")

        assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert response.headers["Content-Disposition"] == (
            'attachment; filename="frequency-2026-10-24-2026-11-22.csv"'
        )
        assert response.content.decode() == (
            "\N{BYTE ORDER MARK}Times bought,Customers,Percent\r\n"
            "1,1,50.0\r\n2,1,50.0\r\n3,0,0.0\r\n4,0,0.0\r\n5+,0,0.0\r\n"
        )

    def test_has_the_months_of_the_chart(self, owner):
        history(HISTORY)

        lines = owner.get("/owner/retention/months.csv").content.decode().splitlines()

        assert len(lines) == 25
        assert lines[-1].startswith("2026-10-01,2026-10-31,60,")

    def test_names_the_groups_of_revenue_as_people_do(self, owner):
        bill(customer(), "2026-11-01", amount=30_000)
        bill(None, "2026-11-01", amount=10_000)

        lines = owner.get("/owner/retention/revenue.csv").content.decode().splitlines()

        assert lines[1:] == [
            "Members without a tier,1,1,30000,75.0",
            "Without a card,0,1,10000,25.0",
        ]

    def test_there_is_no_other_table(self, owner):
        assert owner.get("/owner/retention/users.csv").status_code == 404


@pytest.mark.parametrize("address", ["/owner/", "/owner/retention/frequency.csv"])
class TestDoor:
    def test_a_stranger_signs_in_first(self, client, address):
        shop_with_programme()

        response = client.get(address)

        assert response.status_code == 302
        assert response.headers["Location"] == f"/counter/sign-in/?next={address}"

    @pytest.mark.parametrize("role", [User.Role.CASHIER, User.Role.MANAGER])
    def test_other_staff_are_kept_out(self, client, address, role):
        shop_with_programme()
        history(HISTORY)
        client.force_login(StaffFactory(role=role))
        client.cookies["language"] = "en"

        response = client.get(address)

        assert response.status_code == 403
        assert words(response).startswith("This page is not for your role")
        assert b"66" not in response.content

    def test_only_reading_is_possible(self, client, address):
        shop_with_programme()
        client.force_login(StaffFactory(role=User.Role.OWNER))

        assert client.post(address).status_code == 405


def test_today_is_the_shops(client):
    shop_with_programme()
    history(HISTORY)
    client.cookies["language"] = "en"

    # 23:30 in UTC is already the next morning in the shop.
    with time_machine.travel(NOON.replace(hour=23, minute=30), tick=False):
        client.force_login(StaffFactory(role=User.Role.OWNER))
        page = words(client.get("/owner/"))

    assert "25 Oct 2026 – 23 Nov 2026" in page
