"""The find box: a phone, a card, a name or a voucher; and a new member when nobody is found."""

import pytest
from django.utils import timezone

from customers.identity import Birthday
from customers.models import Consent, Customer
from customers.services import enrol_customer
from loyalty.ledger.models import Account
from loyalty.programme.models import ProgrammeVersion
from loyalty.programme.versions import publish
from loyalty.shop.models import Branch, User
from rewards.models import Voucher
from rewards.redemption import redeem_reward
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.rewards import RewardFactory
from tests.support.pages import PageClient, words
from tests.web.counter.pages import find, hidden

NEW = {"phone": "0908 123 456"}


@pytest.fixture
def voucher(thao: Customer) -> Voucher:
    redemption = redeem_reward(
        customer=thao, reward=RewardFactory(), source="test", reference="r", at=NOON, by=None
    )
    return redemption.voucher


@pytest.mark.parametrize(
    "typed",
    ["0912 345 678", "+84912345678", "84-912.345.678", "  0912345678 ", "5678", "thu thao", "THẢO"],
)
def test_every_way_to_name_one_customer_chooses_them(
    till: PageClient, thao: Customer, typed: str
) -> None:
    CustomerFactory(name="Lê Văn Bình", phone="+84987111222")

    page = find(till, typed)

    assert hidden(page, "customer") == str(thao.pk)
    assert 'name="amount" value=""' in page.content.decode()
    assert "autofocus" in page.content.decode().partition('id="amount"')[2].partition(">")[0]


def test_a_card_is_found_by_its_number_and_by_its_code(till: PageClient, thao: Customer) -> None:
    number = Customer.objects.get(pk=thao.pk).card_number

    for typed in (number, f"{number[:4]} {number[4:]}", thao.card_token):
        assert hidden(find(till, typed), "customer") == str(thao.pk)


def test_what_was_typed_is_in_no_address(till: PageClient, thao: Customer) -> None:
    answer = till.post("/counter/find", {"q": "0912 345 678"})

    assert (answer.status_code, answer["Location"]) == (302, f"/counter/?customer={thao.pk}")
    assert till.get("/counter/find", {"q": "0912345678"})["Location"] == "/counter/"


def test_of_several_one_is_chosen_from_a_list(till: PageClient, thao: Customer) -> None:
    other = CustomerFactory(name="Trần Thu Thảo", phone="+84987654321")

    page = find(till, "thu thảo")

    assert "Khách nào? Nguyễn Thu Thảo 0912 ••• 678 Trần Thu Thảo 0987 ••• 321" in words(page)
    assert 'value="thu thảo"' in page.content.decode()
    assert f"/counter/?customer={other.pk}" in page.content.decode()
    assert "0987 654 321" not in page.content.decode()


def test_a_long_list_is_cut_and_says_so(till: PageClient, shop: object) -> None:
    for number in range(7):
        CustomerFactory(name=f"Thảo {number}")

    text = words(find(till, "thảo"))

    assert "Thảo 5" in text
    assert "Thảo 6" not in text
    assert "Còn nhiều khách nữa. Nhập thêm tên, hoặc số điện thoại." in text


def test_a_voucher_opens_by_code_and_by_picture(till: PageClient, voucher: Voucher) -> None:
    spaced = f"{voucher.code[:4].lower()} {voucher.code[4:]}"

    for typed in (voucher.code, spaced, voucher.token):
        page = find(till, typed)
        assert page.request["PATH_INFO"] == f"/counter/vouchers/{voucher.pk}"


def test_a_number_with_missing_digits_is_kept_and_explained(till: PageClient) -> None:
    page = find(till, "09123")

    assert "Số này thiếu 5 chữ số. Số di động có 10 chữ số." in words(page)
    assert 'value="09123"' in page.content.decode()
    assert "Thêm thành viên" not in words(page)


def test_an_unknown_phone_offers_to_enrol_it_with_nothing_ticked(till: PageClient) -> None:
    page = find(till, "0908123456")

    text = page.content.decode()
    assert "Thành viên mới Không tìm thấy “0908123456”. Chỉ cần số điện thoại." in words(page)
    assert 'name="phone" value="0908 123 456"' in text
    assert text.count('type="checkbox"') == 3  # SMS, e-mail, lunar calendar.
    assert 'type="checkbox" checked' not in text
    assert " checked" not in text.partition('type="checkbox"')[2]


def test_an_unknown_name_is_kept_for_the_new_member(till: PageClient) -> None:
    assert 'name="name" value="Đỗ Mai"' in find(till, "Đỗ Mai").content.decode()


@pytest.mark.parametrize("typed", ["\x00", "%", "' OR 1=1 --", "ẫ" * 300, "<b>x</b>", "٠٩١٢"])
def test_odd_text_finds_nobody_and_breaks_nothing(
    till: PageClient, thao: Customer, typed: str
) -> None:
    page = find(till, typed)

    assert page.status_code == 200
    assert "<b>x" not in page.content.decode()


def test_one_field_is_enough_to_enrol(
    till: PageClient, shop: object, lan: User, branch: Branch
) -> None:
    page = till.post("/counter/enrol", NEW, follow=True)

    customer = Customer.objects.get()
    assert (customer.phone, customer.name, customer.joined_branch) == ("+84908123456", "", branch)
    assert customer.joined_at == NOON
    assert not Consent.objects.exists()
    assert hidden(page, "customer") == str(customer.pk)
    assert "Đã thêm thành viên mới." in words(page)
    assert "Khách" in words(page)


def test_all_that_was_said_is_kept_with_the_consents(till: PageClient, lan: User) -> None:
    said = NEW | {
        "name": "Đỗ  Mai",
        "salutation": "chị",
        "birthday": "29/2",
        "email": "mai@example.com",
        "consents": ["sms", "email"],
    }

    till.post("/counter/enrol", said)

    customer = Customer.objects.get()
    assert (customer.name, customer.salutation) == ("Đỗ Mai", "chị")
    assert (customer.birth_day, customer.birth_month, customer.birth_year) == (29, 2, None)
    consents = Consent.objects.order_by("channel").values_list(
        "channel", "granted", "wording", "means", "recorded_by", "recorded_at"
    )
    assert list(consents) == [
        ("email", True, "counter-2", "counter", lan.pk, NOON),
        ("sms", True, "counter-2", "counter", lan.pk, NOON),
    ]


def test_a_new_member_is_told_of_the_gift_and_has_it(till: PageClient) -> None:
    rules = ProgrammeVersion.objects.get().document + "\n[bonuses.welcome]\npoints = 20\n"
    publish(document=rules, effective_from=timezone.now(), at=timezone.now(), by=None)

    page = words(till.post("/counter/enrol", NEW, follow=True))

    assert "Chào mừng thành viên mới, tặng ngay 20 điểm." in page
    assert Account.objects.get().balance == 20


def test_a_lunar_birthday_takes_one_more_tick(till: PageClient) -> None:
    till.post("/counter/enrol", NEW | {"birthday": "30/2/1990", "lunar": "on"})

    assert Customer.objects.get().birthday == Birthday(30, 2, 1990, lunar=True)


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"phone": ""}, "Cần số điện thoại."),
        ({"phone": "0908"}, "Số này thiếu 6 chữ số. Số di động có 10 chữ số."),
        ({"phone": "hỏi sau"}, "Đây không phải số điện thoại."),
        ({"birthday": "31/2"}, "Lịch không có ngày này."),
        ({"birthday": "31/2", "lunar": "on"}, "Âm lịch không có ngày này."),
        ({"birthday": "mai"}, "Viết ngày sinh như 25/11 hoặc 25/11/1990."),
        ({"email": "mai"}, "Đây không phải địa chỉ thư điện tử."),
        ({"consents": "email"}, "Muốn gửi email thì cần địa chỉ email."),
    ],
)
def test_what_cannot_be_read_is_explained_kept_and_not_written(
    till: PageClient, said: dict[str, str], says: str
) -> None:
    page = till.post("/counter/enrol", NEW | {"name": "Đỗ Mai"} | said)

    assert page.status_code == 422
    assert says in words(page)
    assert 'name="name" value="Đỗ Mai"' in page.content.decode()
    assert not Customer.objects.exists()
    assert not Consent.objects.exists()


def test_a_known_phone_is_chosen_and_nothing_of_theirs_changes(
    till: PageClient, thao: Customer
) -> None:
    page = till.post(
        "/counter/enrol",
        {"phone": "0912345678", "name": "Ai đó", "consents": ["sms"]},
        follow=True,
    )

    assert "Khách này đã là thành viên." in words(page)
    assert hidden(page, "customer") == str(thao.pk)
    assert Customer.objects.get().name == "Nguyễn Thu Thảo"
    assert not Consent.objects.exists()


def test_an_e_mail_of_somebody_else_chooses_that_member(till: PageClient, shop: object) -> None:
    known = enrol_customer(
        phone="0912345678", email="thao@example.com", birthday=Birthday(1, 2), at=NOON, by=None
    )

    page = till.post("/counter/enrol", NEW | {"email": "Thao@example.com"}, follow=True)

    assert hidden(page, "customer") == str(known.pk)
    assert Customer.objects.count() == 1
