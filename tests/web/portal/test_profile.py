"""What a member may add to what the shop knows, and the gift for it."""

import pytest
from django.utils import timezone

from customers.identity import Birthday
from customers.models import Customer
from loyalty.ledger.models import Account, Entry
from loyalty.programme.models import ProgrammeVersion
from loyalty.programme.versions import publish
from tests.support.pages import PageClient, words


@pytest.fixture
def unknown(member: Customer) -> Customer:
    """A member of whom only the phone number is known, in a shop that thanks for more."""
    rules = ProgrammeVersion.objects.get().document + "\n[bonuses.profile]\npoints = 10\n"
    publish(document=rules, effective_from=timezone.now(), at=timezone.now(), by=None)
    Customer.objects.filter(pk=member.pk).update(name="", name_folded="", email="")
    return Customer.objects.get(pk=member.pk)


def test_what_is_missing_is_asked_for_and_what_it_brings_is_said(
    browser: PageClient, unknown: Customer
) -> None:
    page = words(browser.get("/me"))

    assert (
        "Cho quán biết thêm về bạn"
        " Tặng 10 điểm khi đủ thông tin: tên, ngày sinh, số điện thoại hoặc email."
        " Tên Sinh nhật Ví dụ 25/11 hoặc 25/11/1990 Ngày sinh theo âm lịch" in page
    )


def test_a_complete_profile_is_kept_and_thanked_for_once(
    browser: PageClient, unknown: Customer
) -> None:
    said = {"name": "Đỗ  Mai", "birthday": "15/8", "lunar": "on"}

    assert browser.get("/me/profile").url == "/me"

    page = words(browser.post("/me/profile", said, follow=True))
    browser.post("/me/profile", said)

    known = Customer.objects.get(pk=unknown.pk)
    assert (known.name, known.name_folded) == ("Đỗ Mai", "do mai")
    assert known.birthday == Birthday(15, 8, lunar=True)
    assert "Đã lưu. Tặng bạn 10 điểm." in page
    assert "Cho quán biết thêm về bạn" not in page
    assert (Account.objects.get().balance, Entry.objects.count()) == (10, 1)


def test_half_a_profile_is_kept_and_the_rest_still_asked_for(
    browser: PageClient, unknown: Customer
) -> None:
    page = words(browser.post("/me/profile", {"birthday": "15/8/1990"}, follow=True))

    assert "Đã lưu." in page
    assert "Cho quán biết thêm về bạn" in page
    assert Entry.objects.count() == 0


def test_what_is_known_is_not_changed(browser: PageClient, unknown: Customer) -> None:
    browser.post("/me/profile", {"name": "Đỗ Mai", "birthday": "15/8"})

    browser.post("/me/profile", {"name": "Ai khác", "birthday": "22/11"})

    known = Customer.objects.get(pk=unknown.pk)
    assert (known.name, known.birthday) == ("Đỗ Mai", Birthday(15, 8))


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"birthday": "31/2"}, "Lịch không có ngày này."),
        ({"birthday": "31/1", "lunar": "on"}, "Âm lịch không có ngày này."),
        ({"birthday": "mai"}, "Viết ngày sinh như 25/11 hoặc 25/11/1990."),
    ],
)
def test_what_cannot_be_read_is_explained_and_nothing_kept(
    browser: PageClient, unknown: Customer, said: dict[str, str], says: str
) -> None:
    page = browser.post("/me/profile", {"name": "", "birthday": ""} | said)

    assert page.status_code == 422
    assert says in words(page)
    known = Customer.objects.get(pk=unknown.pk)
    assert (known.name, known.birthday) == ("", None)


def test_whoever_is_not_signed_in_changes_nobody(client: PageClient, unknown: Customer) -> None:
    page = client.post("/me/profile", {"name": "Đỗ Mai"})

    assert (page.status_code, page["Location"].partition("?")[0]) == (302, "/sign-in")
    assert Customer.objects.get(pk=unknown.pk).name == ""
