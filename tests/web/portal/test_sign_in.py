"""Members sign in with a code, and a stranger learns nothing about who is a member."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from customers import signin
from customers.models import Customer, MemberSession, SignInChallenge
from tests.factories.clock import NOON
from tests.support.pages import PageClient, words

PHONE = "0912 345 678"
UNKNOWN = "0912 999 999"
REFUSAL = "This code does not work. Check it, or ask for a new one."


@pytest.fixture
def asked(client: PageClient, member: Customer) -> PageClient:
    """A browser that has just asked for a code for `member`."""
    client.post("/sign-in", {"identifier": PHONE})
    return client


def newest_code() -> str:
    return signin.code_of(SignInChallenge.objects.latest("pk"))


def wrong_code() -> str:
    return f"{(int(newest_code()) + 1) % 1_000_000:06d}"


def signed_in(client: PageClient) -> bool:
    return client.get("/card").status_code == 200


def without_form_token(response: HttpResponse) -> bytes:
    return re.sub(rb'name="csrfmiddlewaretoken" value="[^"]+"', b"", response.content)


def test_the_code_lets_the_member_in(asked: PageClient, member: Customer) -> None:
    response = asked.post("/sign-in/code", {"code": newest_code()})

    assert (response.status_code, response["Location"]) == (302, "/")
    cookie = response.cookies["member"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert int(cookie["max-age"]) == 180 * 24 * 60 * 60
    assert response.cookies["sign-in"].value == ""
    assert words(asked.get("/")).startswith("Chào Thảo Hạng Mới")


def test_over_https_the_cookies_are_bound_to_this_host(
    client: PageClient, member: Customer, settings: Settings
) -> None:
    settings.SECURE_COOKIES = True
    settings.MEMBER_COOKIE_NAME = "__Host-member"

    attempt = client.post("/sign-in", {"identifier": PHONE}, secure=True).cookies["sign-in"]
    session = client.post("/sign-in/code", {"code": newest_code()}, secure=True).cookies[
        "__Host-member"
    ]

    for cookie in (attempt, session):
        assert (cookie["secure"], cookie["httponly"], cookie["domain"]) == (True, True, "")
    assert (attempt["path"], session["path"]) == ("/sign-in", "/")


def test_a_code_may_be_typed_with_spaces(asked: PageClient) -> None:
    code = newest_code()

    asked.post("/sign-in/code", {"code": f" {code[:3]} {code[3:]} "})

    assert signed_in(asked)


def test_an_e_mail_works_as_well(client: PageClient, member: Customer) -> None:
    client.post("/sign-in", {"identifier": "THAO@example.com"})
    client.post("/sign-in/code", {"code": newest_code()})

    assert signed_in(client)


def test_the_code_page_asks_for_six_digits_of_the_newest_message(asked: PageClient) -> None:
    page = asked.get("/sign-in/code")

    assert words(page).startswith(
        "Nhập mã đăng nhập Đã gửi mã tới 0912 345 678. Mã dùng được trong 5 phút."
    )
    box = re.search(r"<input[^>]+id_code[^>]*>", page.content.decode())
    assert box is not None
    assert 'autocomplete="one-time-code"' in box[0]
    assert 'inputmode="numeric"' in box[0]


def test_known_and_unknown_phones_get_the_same_answers(member: Customer) -> None:
    known, unknown = (answers_for(phone) for phone in (PHONE, UNKNOWN))

    assert known == unknown


def answers_for(phone: str) -> list[object]:
    """All that a browser can tell from asking for a code and typing a wrong one."""
    client = PageClient()
    with CaptureQueriesContext(connection) as queries:
        sent = client.post("/sign-in", {"identifier": phone})
        typed = wrong_code()
        refused = client.post("/sign-in/code", {"code": typed})
    pages = [client.get("/sign-in/code"), refused]
    return [
        (sent.status_code, sent["Location"], sorted(sent.headers), sent.content),
        (refused.status_code, sorted(refused.headers)),
        [
            without_form_token(page).replace(phone.encode(), b"").replace(typed.encode(), b"")
            for page in pages
        ],
        [row["sql"].split()[0] for row in queries],
    ]


def test_the_right_code_of_an_unknown_phone_is_refused(client: PageClient, shop: object) -> None:
    client.post("/sign-in", {"identifier": UNKNOWN})

    response = client.post("/sign-in/code", {"code": newest_code()})

    assert response.status_code == 422
    assert MemberSession.objects.count() == 0


def test_an_older_code_is_refused(asked: PageClient) -> None:
    old = newest_code()
    asked.post("/sign-in/again")
    asked.cookies["language"] = "en"

    response = asked.post("/sign-in/code", {"code": old})

    assert response.status_code == 422
    assert REFUSAL in words(response)
    assert MemberSession.objects.count() == 0


def test_the_code_sent_again_works(asked: PageClient) -> None:
    asked.post("/sign-in/again")
    asked.post("/sign-in/code", {"code": newest_code()})

    assert signed_in(asked)


def test_another_browser_cannot_use_the_code(asked: PageClient) -> None:
    other = PageClient()

    response = other.post("/sign-in/code", {"code": newest_code()})

    assert (response.status_code, response["Location"]) == (302, "/sign-in")
    assert MemberSession.objects.count() == 0


def test_a_forged_attempt_is_refused(asked: PageClient) -> None:
    asked.cookies["sign-in"] = asked.cookies["sign-in"].value[:-2] + "xx"

    response = asked.post("/sign-in/code", {"code": newest_code()})

    assert (response.status_code, response["Location"]) == (302, "/sign-in")


def test_the_code_is_refused_after_five_minutes(asked: PageClient) -> None:
    with time_machine.travel(NOON + timedelta(minutes=5), tick=False):
        response = asked.post("/sign-in/code", {"code": newest_code()})

    assert response.status_code == 422
    assert MemberSession.objects.count() == 0


def test_a_used_code_is_refused(asked: PageClient) -> None:
    cookie = asked.cookies["sign-in"].value
    asked.post("/sign-in/code", {"code": newest_code()})
    other = PageClient()
    other.cookies["sign-in"] = cookie

    assert other.post("/sign-in/code", {"code": newest_code()}).status_code == 422
    assert MemberSession.objects.count() == 1


def test_the_sixth_try_is_refused_even_when_right(asked: PageClient) -> None:
    for _try in range(5):
        assert asked.post("/sign-in/code", {"code": wrong_code()}).status_code == 422

    assert asked.post("/sign-in/code", {"code": newest_code()}).status_code == 422
    assert MemberSession.objects.count() == 0


def test_a_wrong_phone_says_what_is_wrong_and_keeps_what_was_typed(
    client: PageClient, shop: object
) -> None:
    client.cookies["language"] = "en"

    response = client.post("/sign-in", {"identifier": "0912 345 67"})

    assert response.status_code == 422
    assert 'value="0912 345 67"' in response.content.decode()
    assert 'aria-invalid="true"' in response.content.decode()
    assert SignInChallenge.objects.count() == 0


def test_the_eleventh_code_of_a_day_is_not_sent(client: PageClient, member: Customer) -> None:
    for _time in range(10):
        assert client.post("/sign-in", {"identifier": PHONE}).status_code == 302

    assert client.post("/sign-in", {"identifier": PHONE}).status_code == 422
    assert SignInChallenge.objects.count() == 10


def test_after_signing_in_one_is_where_one_wanted_to_be(
    client: PageClient, member: Customer
) -> None:
    asked_for = client.get("/vouchers")
    assert asked_for["Location"] == "/sign-in?next=%2Fvouchers"

    client.post("/sign-in", {"identifier": PHONE, "next": "/vouchers"})
    response = client.post("/sign-in/code", {"code": newest_code()})

    assert response["Location"] == "/vouchers"


@pytest.mark.parametrize("outside", ["https://evil.example/", "//evil.example", "javascript:x"])
def test_signing_in_never_leads_to_another_site(
    client: PageClient, member: Customer, outside: str
) -> None:
    client.post("/sign-in", {"identifier": PHONE, "next": outside})
    response = client.post("/sign-in/code", {"code": newest_code()})

    assert response["Location"] == "/"


def test_one_who_is_signed_in_is_not_asked_again(browser: PageClient) -> None:
    response = browser.get("/sign-in?next=/card")

    assert (response.status_code, response["Location"]) == (302, "/card")


def test_signing_out_ends_the_session_for_a_copied_cookie_too(browser: PageClient) -> None:
    copied = browser.cookies["member"].value

    response = browser.post("/sign-out")

    assert (response.status_code, response["Location"]) == (302, "/")
    other = PageClient()
    other.cookies["member"] = copied
    assert not signed_in(other)


def test_signing_out_needs_a_post(browser: PageClient) -> None:
    assert browser.get("/sign-out").status_code == 405
    assert signed_in(browser)


def test_signing_in_replaces_the_session_that_was_there(
    browser: PageClient, member: Customer
) -> None:
    before = browser.cookies["member"].value
    browser.post("/sign-in", {"identifier": PHONE})

    browser.post("/sign-in/code", {"code": newest_code()})

    assert browser.cookies["member"].value != before
    assert MemberSession.objects.count() == 1


def test_a_session_ends_after_180_days(browser: PageClient) -> None:
    with time_machine.travel(NOON + timedelta(days=180), tick=False):
        assert not signed_in(browser)


@pytest.mark.parametrize(
    "path", ["/card", "/history", "/rewards", "/rewards/tea", "/vouchers", "/vouchers/1", "/me"]
)
def test_a_stranger_is_asked_to_sign_in(client: PageClient, shop: object, path: str) -> None:
    response = client.get(path)

    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in?next=")
    assert "no-store" in response["Cache-Control"]
