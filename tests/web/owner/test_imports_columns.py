"""An owner says which column of a file is what, keeps it by a name, and uses it again."""

from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from customers.models import Customer
from loyalty.ledger.models import Account
from loyalty.purchases.imports.layout import About, Field
from loyalty.purchases.imports.mapping import Answers, save_map
from loyalty.purchases.imports.maps import named
from loyalty.purchases.models import ColumnMap, Purchase, Upload
from loyalty.purchases.tasks import work_uploads
from loyalty.shop.models import User
from tests.factories.clock import NOON
from tests.factories.shop import StaffFactory
from tests.support.pages import words

pytestmark = pytest.mark.django_db
NOTEBOOK = (
    "Sổ quán Hạ;;;\n"
    "Ngày giờ;SĐT khách;Người mua;Đã trả\n"
    "20/11/2026 08:15;912345678;Đỗ Hà;450.000\n"
    "21/11/2026 09:30;0912345678;Đỗ Hà;650.000\n"
)
SAID = {
    "column_1": "date",
    "column_2": "phone",
    "column_3": "name",
    "column_4": "amount",
    "headed": "on",
    "dates": "%d/%m/%Y %H:%M",
    "numbers": ".",
    "name": "Sổ của Hạ",
}


def hand_in(owner, content=NOTEBOOK, kind="sales/", name="sổ 11.csv"):
    data = content if isinstance(content, bytes) else content.encode()
    response = owner.post("/owner/imports", {"kind": kind, "file": SimpleUploadedFile(name, data)})
    assert response.status_code == 302, words(response)
    work_uploads()
    return response.url


def say(owner, page, **other):
    response = owner.post(f"{page}/columns", SAID | other)
    work_uploads()
    return response


def chosen(response):
    """The choices the page comes with, by column."""
    form = response.context["form"]
    return {name: form.initial[name] for name in form.initial if name.startswith("column_")}


def test_an_unknown_file_is_asked_about_with_its_columns_and_first_values(owner):
    page = hand_in(owner)

    assert Upload.objects.get().state == "asking"
    response = owner.get(page)
    assert response.url == f"{page}/columns"
    response = owner.get(response.url)
    said = words(response)
    assert "Say below what each column is." in said
    assert "There is no column" not in said
    assert "SĐT khách 912345678 · 0912345678" in said
    assert chosen(response) == {name: SAID[name] for name in SAID if name.startswith("column_")}
    initial = response.context["form"].initial
    assert (initial["dates"], initial["numbers"]) == ("%d/%m/%Y %H:%M", ".")
    assert initial["name"] == "sổ"
    assert not Purchase.objects.exists()


def test_a_file_whose_known_columns_are_missing_says_which(owner):
    page = hand_in(owner, kind="sales/so-tay")

    said = words(owner.get(f"{page}/columns"))
    assert "line 1: There is no column Ngày (for “date”)." in said


def test_what_was_said_checks_the_file_and_is_kept_for_the_next(owner):
    page = hand_in(owner)

    assert say(owner, page).url == page

    assert "Rows read 2 New sales 2 New customers 1 Points given 110" in words(owner.get(page))
    assert "Say anew what the columns are" in words(owner.get(page))
    owner.post(f"{page}/bring")
    work_uploads()
    assert Account.objects.get().balance == 110
    purchase = Purchase.objects.earliest("occurred_at")
    assert (purchase.source, purchase.occurred_at.isoformat()) == (
        "so-cua-ha",
        "2026-11-20T01:15:00+00:00",
    )

    listed = words(owner.get("/owner/imports"))
    assert "Sales: Sổ của Hạ" in listed
    assert "Sổ của Hạ Sales Remove Sổ của Hạ" in listed
    december = NOTEBOOK.replace("20/11/2026 08:15", "20/11/2026 18:15")
    again = hand_in(owner, december, "sales/so-cua-ha")
    assert "New sales 1 Sales that are here already 1" in words(owner.get(again))


def test_a_file_without_headers_goes_by_the_numbers_of_its_columns(owner):
    page = hand_in(owner, "20/11/2026,0912345678,450000\n21/11/2026,0912345678,650000\n")
    response = owner.get(f"{page}/columns")
    assert response.context["form"].initial["headed"] is False
    assert "Column 2 0912345678" in words(response)

    told = {"column_3": "amount", "column_4": "", "headed": "", "numbers": "", "dates": "%d/%m/%Y"}
    say(owner, page, **told)

    assert "Rows read 2 New sales 2" in words(owner.get(page))
    assert "header = false" in ColumnMap.objects.get().text
    assert "0912345678" not in ColumnMap.objects.get().text


def test_a_column_whose_header_is_no_name_goes_by_its_number(owner):
    first = "Số tiền khách đã thanh toán tại quầy sau khi trừ mọi khuyến mãi (đồng)"
    page = hand_in(owner, f"{first},Cột,Cột,{'x' * 300}\n5000,a,0912345678,2026-11-20\n")

    told = {"column_1": "amount", "column_2": "", "column_3": "phone", "column_4": "date"}
    say(owner, page, **told, dates="", numbers="")

    assert "Rows read 1 New sales 1" in words(owner.get(page))
    columns = named("so-cua-ha", About.SALES).columns
    assert columns == {Field.AMOUNT: first, Field.PHONE: 3, Field.DATE: 4}


def test_a_file_of_customers_too(owner):
    page = hand_in(owner, "Người,Máy,Đang có,Thẻ\nĐỗ Hà,912345678,45,Bạc\n", "customers/")
    told = {
        "column_1": "name", "column_2": "phone", "column_3": "points", "column_4": "tier",
        "through": "2027-12-31", "numbers": "", "name": "Thẻ giấy",
    }  # fmt: skip

    assert "Say through which day the tiers hold." in words(
        owner.post(f"{page}/columns", SAID | told | {"through": ""})
    )
    say(owner, page, **told)

    assert "Rows read 1 New customers 1 Points given 45 Tiers given 1" in words(owner.get(page))
    owner.post(f"{page}/bring")
    work_uploads()
    assert Customer.objects.get().phone == "+84912345678"


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"column_1": ""}, "Say which column is: Date."),
        ({"column_4": "name"}, "Another column is this already."),
        ({"column_3": "item"}, "say which column is the receipt"),
        ({"name": "KiotViet"}, "One of our own maps has this name."),
        ({"name": "…"}, "Give it a name with letters or digits."),
        ({"name": ""}, "This field is required."),
        ({"column_1": "points"}, "Select a valid choice."),
        ({"column_2": "", "dates": "%Q"}, "Select a valid choice."),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_kept(owner, other, why):
    page = hand_in(owner)

    response = say(owner, page, **other)

    assert response.status_code == 422
    assert why in words(response)
    assert (ColumnMap.objects.count(), Upload.objects.get().state) == (0, "asking")


def test_a_checked_file_can_be_said_anew_and_comes_with_what_was_said(owner):
    page = hand_in(owner)
    say(owner, page, dates="%d/%m/%Y")
    said = words(owner.get(page))
    assert "Rows left out 2" in said
    assert "Most rows are left out." in said
    assert "Bring in without" not in said

    form = owner.get(f"{page}/columns").context["form"]
    assert chosen(owner.get(f"{page}/columns")) == {
        f"column_{number}": SAID[f"column_{number}"] for number in range(1, 5)
    }
    assert (form.initial["dates"], form.initial["numbers"]) == ("%d/%m/%Y", ".")
    assert form.initial["name"] == "Sổ của Hạ"
    say(owner, page)

    assert "Rows left out 0" in words(owner.get(page))
    assert ColumnMap.objects.count() == 1


def test_a_file_whose_header_changed_comes_with_what_is_known_and_a_guess_for_the_rest(owner):
    page = hand_in(owner)
    say(owner, page)
    changed = NOTEBOOK.replace("SĐT khách", "Số máy").replace("20/11", "19/11")

    page = hand_in(owner, changed, "sales/so-cua-ha")

    assert Upload.objects.latest("pk").state == "asking"
    response = owner.get(f"{page}/columns")
    assert "There is no column SĐT khách (for “phone”)." in words(response)
    assert chosen(response) == {name: SAID[name] for name in SAID if name.startswith("column_")}
    assert response.context["form"].initial["name"] == "Sổ của Hạ"


def test_the_days_and_numbers_of_such_a_file_are_guessed_from_its_rows(owner):
    say(owner, hand_in(owner))
    other = "Day;Phone;Guest;Paid\n2026-10-03;912345678;An;120000\n"

    page = hand_in(owner, other, "sales/so-cua-ha")

    said = owner.get(f"{page}/columns").context["form"].initial
    assert (said["name"], said["dates"], said["numbers"]) == ("Sổ của Hạ", "", "")


def test_another_map_of_that_name_is_replaced_only_when_that_is_said(owner):
    say(owner, hand_in(owner))
    other = "Ngày;Máy;Tiền\n2026-10-03;912345678;120000\n"
    page = hand_in(owner, other, name="sổ của hạ.csv")
    told = {
        "column_1": "date", "column_2": "phone", "column_3": "amount", "headed": "on",
        "dates": "", "numbers": "", "name": "sổ của hạ",
    }  # fmt: skip
    assert "the place of the other one" not in words(owner.get(f"{page}/columns"))

    asked = owner.post(f"{page}/columns", told)

    assert (asked.status_code, ColumnMap.objects.get().name) == (422, "Sổ của Hạ")
    assert "There is one of this name already" in words(asked)
    assert "Put this in the place of the other one" in words(asked)
    assert owner.post(f"{page}/columns", told | {"replace": "on"}).status_code == 302
    work_uploads()
    assert ColumnMap.objects.get().name == "sổ của hạ"
    assert Upload.objects.latest("pk").state == "checked"
    assert owner.post(f"{page}/columns", told).status_code == 302  # Its own may be said anew.


def test_columns_that_end_at_another_sign_are_read_again(owner):
    page = hand_in(owner, "Ngày|Giờ;SĐT|x;Tiền|y\n1|2;3|4;5|6\n")
    before = owner.get(f"{page}/columns").context["form"].sample.columns
    other = "bar" if len(before) == 3 else "semicolon"

    owner.post(f"{page}/split", {"separator": other})
    work_uploads()

    assert Upload.objects.get().state == "asking"
    after = owner.get(f"{page}/columns").context["form"].sample.columns
    assert {len(before), len(after)} == {3, 4}
    assert owner.post(f"{page}/split", {"separator": "x"}).status_code == 302
    assert Upload.objects.get().state == "asking"


def test_a_map_is_forgotten_and_what_came_in_stays(owner):
    page = hand_in(owner)
    say(owner, page)
    owner.post(f"{page}/bring")
    work_uploads()

    for _twice in range(2):
        owner.post(
            f"/owner/imports/maps/{ColumnMap.objects.first().pk if _twice == 0 else 1}/forget"
        )

    assert (ColumnMap.objects.count(), Purchase.objects.count()) == (0, 2)


def test_a_file_whose_map_is_gone_says_so(owner):
    page = hand_in(owner)
    owner.post(f"{page}/columns", SAID)
    ColumnMap.objects.all().delete()
    work_uploads()

    assert Upload.objects.get().state == "refused"
    assert "no map of that name" in words(owner.get(page))


def test_what_is_put_aside_or_forgotten_loses_its_first_rows(owner):
    page = hand_in(owner)
    owner.post(f"{page}/drop")

    upload = Upload.objects.get()
    assert (upload.state, upload.content, upload.sample) == ("dropped", None, None)
    assert owner.get(f"{page}/columns").url == page
    assert owner.post(f"{page}/columns", SAID).url == page
    with pytest.raises(IntegrityError, match="forgets_its_rows"), transaction.atomic():
        Upload.objects.update(sample={})


def test_the_command_line_takes_the_same_map(owner, tmp_path):
    answers = Answers(
        columns={Field.DATE: "Ngày", Field.PHONE: "Máy", Field.AMOUNT: "Tiền"},
        date_format="%d/%m/%Y",
        thousands=".",
        decimal=",",
    )
    save_map(name="Sổ cũ", about=About.SALES, answers=answers, at=NOON, by=User.objects.get())
    path = tmp_path / "a.csv"
    path.write_text("Ngày,Máy,Tiền\n20/11/2026,912345678,450.000\n", "utf-8")

    call_command("import_purchases", str(path), "--map", "so-cu", stdout=StringIO())

    assert (Purchase.objects.get().source, Purchase.objects.get().amount_minor) == (
        "so-cu",
        450_000,
    )
    with pytest.raises(CommandError, match="so-tay, so-cu"):
        call_command("import_purchases", str(path), "--map", "nothing")


@pytest.mark.parametrize("role", [User.Role.CASHIER, User.Role.MANAGER])
def test_other_staff_say_nothing(owner, role):
    page = hand_in(owner)
    owner.force_login(StaffFactory(role=role))

    assert owner.get(f"{page}/columns").status_code == 403
    assert owner.post(f"{page}/columns", SAID).status_code == 403
    assert owner.post(f"{page}/split", {"separator": "bar"}).status_code == 403
    assert owner.post("/owner/imports/maps/1/forget").status_code == 403
    assert (ColumnMap.objects.count(), Upload.objects.get().state) == (0, "asking")


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_takes_the_same_number_of_queries(owner, count, django_assert_num_queries):
    for number in range(count):
        hand_in(owner, NOTEBOOK + f"21/11/2026 10:0{number};;;5.000\n")
        columns = {Field.DATE: "a", Field.AMOUNT: "b"}
        save_map(
            name=f"m{number}", about=About.SALES, answers=Answers(columns=columns), at=NOON,
            by=User.objects.get(),
        )  # fmt: skip

    with django_assert_num_queries(11):
        owner.get("/owner/imports")
