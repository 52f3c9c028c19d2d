"""What the shop knows of a member, and what the member allows."""

from customers.models import Consent, Customer, MemberSession
from loyalty.web.shared.qr import qr_path
from tests.support.pages import PageClient, words


def consents() -> list[tuple[str, bool, str, str]]:
    rows = Consent.objects.order_by("pk")
    return list(rows.values_list("channel", "granted", "means", "wording"))


def test_contacts_are_masked(browser: PageClient, member: Customer) -> None:
    response = browser.get("/me")

    number = f"{member.card_number[:4]} {member.card_number[4:]}"
    assert words(response).startswith(
        "Nguyễn Thu Thảo Thành viên từ 22/11/2026"
        f" Điện thoại 0912 ••• 678 Email t•••@example.com Số thẻ {number}"
    )
    assert "345" not in words(response)
    assert "thao@" not in response.content.decode()


def test_nothing_is_ticked_before_the_member_ticks_it(browser: PageClient) -> None:
    assert " checked" not in browser.get("/me").content.decode()
    assert consents() == []


def test_agreeing_is_recorded_per_channel(browser: PageClient, member: Customer) -> None:
    response = browser.post("/me/consents", {"channel": "sms"})

    assert (response.status_code, response["Location"]) == (302, "/me")
    assert consents() == [("sms", True, "portal", "portal-me-2")]
    assert Consent.objects.get().customer == member
    assert browser.get("/me").content.decode().count(" checked") == 1


def test_refusing_is_as_easy(browser: PageClient) -> None:
    browser.post("/me/consents", {"channel": ["sms", "email"]})
    browser.post("/me/consents", {"channel": "email"})

    assert consents()[2:] == [("sms", False, "portal", "portal-me-2")]


def test_saving_the_same_again_adds_nothing(browser: PageClient) -> None:
    browser.post("/me/consents", {"channel": "sms"})
    browser.post("/me/consents", {"channel": "sms"})

    assert len(consents()) == 1


def test_a_channel_without_an_address_is_not_offered(browser: PageClient, member: Customer) -> None:
    Customer.objects.filter(pk=member.pk).update(email="")

    browser.post("/me/consents", {"channel": ["email", "pigeon"]})

    assert consents() == []
    assert "Qua email" not in words(browser.get("/me"))


def test_a_stranger_records_nothing(client: PageClient, member: Customer) -> None:
    assert client.post("/me/consents", {"channel": "sms"})["Location"] == "/sign-in?next=%2F"
    assert consents() == []


def test_the_card_shows_the_token_as_a_code_and_the_number_to_read(
    browser: PageClient, member: Customer
) -> None:
    response = browser.get("/card")

    page = response.content.decode()
    number = f"{member.card_number[:4]} {member.card_number[4:]}"
    assert qr_path(member.card_token)[1] in page
    assert f'aria-label="Mã QR thành viên {number}"' in page
    assert f"Đưa mã này cho thu ngân Điểm vào thẻ của bạn ngay. {number}" in words(response)
    assert member.card_token not in page


def test_the_session_token_is_in_no_page_and_not_in_the_database(browser: PageClient) -> None:
    token = browser.cookies["member"].value

    assert MemberSession.objects.filter(token_digest=token).count() == 0
    for path in ("/", "/card", "/history", "/rewards", "/vouchers", "/me", "/terms"):
        assert token not in browser.get(path).content.decode()


def test_the_terms_say_the_rules_in_words(client: PageClient, shop: object) -> None:
    client.cookies["language"] = "en"

    page = words(client.get("/terms"))

    assert page.startswith(
        "How the points work These rules have applied since 22 Nov 1990."
        " Points 10,000đ = 1 point. Points last 12 months, to the end of that month."
    )
    assert page.endswith("Cà phê Hạ, 12 phố Mẫu, Hà Nội · 0240 000 0000")


def test_the_birthday_the_member_told_is_shown(browser: PageClient, member: Customer) -> None:
    Customer.objects.filter(pk=member.pk).update(birth_day=5, birth_month=9, birth_year=1990)

    assert "Sinh nhật 05/09/1990 Số thẻ" in words(browser.get("/me"))


def test_a_lunar_birthday_is_said_with_the_day_it_is_kept_on_next(
    browser: PageClient, member: Customer
) -> None:
    Customer.objects.filter(pk=member.pk).update(birth_day=15, birth_month=8, birth_lunar=True)

    assert "Sinh nhật 15/08 âm lịch Sinh nhật tới 15/09/2027 Số thẻ" in words(browser.get("/me"))
