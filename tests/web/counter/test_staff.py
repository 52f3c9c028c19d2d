"""Who may stand at the till: signing in, its brake, branches, roles, the demo's mailbox."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from django.urls import URLPattern, reverse
from pytest_django import Settings

from customers.models import Customer
from loyalty.shop.models import Branch, User
from loyalty.web.counter.urls import urlpatterns
from rewards.redemption import redeem_reward
from tests.factories.clock import NOON
from tests.factories.rewards import RewardFactory
from tests.factories.shop import BranchFactory, StaffFactory
from tests.support.pages import PageClient, words
from tests.web.counter.pages import find, sell

PASSWORD = "mot-ly-ca-phe-sua"
WRONG = "Tên đăng nhập hoặc mật khẩu chưa đúng."
TOO_MANY = "Sai quá nhiều lần. Đợi 15 phút, hoặc nhờ chủ quán đặt lại mật khẩu."
OPEN_TO_ALL = {"sign-in", "sign-out"}
POST_ONLY = {"sign-out"}


@pytest.fixture(autouse=True)
def counters_of_this_test_alone(settings: Settings) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": str(uuid4()),
        }
    }


@pytest.fixture
def staff(lan: User) -> User:
    lan.set_password(PASSWORD)
    lan.save()
    return lan


def try_to_sign_in(client: PageClient, password: str, username: str = "lan", **more: str):
    sent = {"username": username, "password": password} | more
    return client.post("/counter/sign-in/", sent)


def owner() -> User:
    return StaffFactory(username="chu", role=User.Role.OWNER, branch=None)


def addresses(thao: Customer) -> dict[str, str]:
    voucher = redeem_reward(
        customer=thao,
        reward=RewardFactory(key="tra"),
        source="test",
        reference="r",
        at=NOON,
        by=None,
    ).voucher
    known = {
        "done": {"purchase_id": 1},
        "voucher": {"voucher_id": voucher.pk},
        "redeem": {"customer_id": thao.pk, "key": "tra"},
    }
    names = [str(route.name) for route in urlpatterns if isinstance(route, URLPattern)]
    return {name: reverse(f"counter:{name}", kwargs=known.get(name)) for name in names}


def test_strangers_are_asked_to_sign_in_everywhere(client: PageClient, thao: Customer) -> None:
    for name, address in addresses(thao).items():
        if name in OPEN_TO_ALL:
            continue
        for method in (client.get, client.post):
            answer = method(address)
            if answer.status_code == 405:
                continue
            assert answer.status_code == 302, address
            assert answer["Location"] == f"/counter/sign-in/?next={address}"


@pytest.mark.parametrize("role", User.Role.values)
def test_every_role_may_use_every_page(client: PageClient, thao: Customer, role: str) -> None:
    client.force_login(StaffFactory(role=role))
    done = sell(client, find(client, "0912345678"), "135000")["Location"]
    expected = {"find": 302, "enrol": 302, "branch": 302, "mailbox": 404, "sign-in": 302}

    for name, address in addresses(thao).items():
        path = done if name == "done" else address
        status = 405 if name in POST_ONLY else expected.get(name, 200)
        assert client.get(path).status_code == status, name


def test_a_member_is_no_staff(client: PageClient, thao: Customer) -> None:
    client.cookies["member"] = "whatever"

    assert client.get("/counter/").status_code == 302


def test_signing_in_leads_to_where_one_was_going(client: PageClient, staff: User) -> None:
    page = client.get("/counter/", follow=True)
    assert "Nhân viên đăng nhập" in words(page)

    answer = try_to_sign_in(client, PASSWORD, next="/counter/mailbox/")

    assert (answer.status_code, answer["Location"]) == (302, "/counter/mailbox/")
    assert client.get("/counter/").status_code == 200


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1"]
)
def test_signing_in_never_leads_elsewhere(client: PageClient, staff: User, elsewhere: str) -> None:
    assert try_to_sign_in(client, PASSWORD, next=elsewhere)["Location"] == "/counter/"


def test_a_wrong_password_keeps_the_name_and_not_the_password(
    client: PageClient, staff: User
) -> None:
    page = try_to_sign_in(client, "sai-bet")

    assert page.status_code == 422
    assert WRONG in words(page)
    assert 'value="lan"' in page.content.decode()
    assert "sai-bet" not in page.content.decode()


def test_an_unknown_name_and_a_leaver_get_the_same_answer(client: PageClient, staff: User) -> None:
    User.objects.filter(pk=staff.pk).update(is_active=False)

    for username in ("lan", "ai-do", "lan\x00"):
        page = try_to_sign_in(client, PASSWORD, username)
        assert page.status_code == 422
        assert WRONG in words(page)


def test_after_five_wrong_passwords_even_the_right_one_waits(
    client: PageClient, staff: User
) -> None:
    for _try in range(5):
        assert try_to_sign_in(client, "sai").status_code == 422

    refused = try_to_sign_in(client, PASSWORD, " LAN ")

    assert refused.status_code == 429
    assert TOO_MANY in words(refused)
    assert client.get("/counter/").status_code == 302


@pytest.mark.parametrize("spelling", ["l\x00an", "\x00 lan", "ｌａｎ", "𝐥𝐚𝐧"])
def test_another_spelling_of_a_name_gives_no_new_tries(
    client: PageClient, staff: User, spelling: str
) -> None:
    for _try in range(5):
        try_to_sign_in(client, "sai")

    assert try_to_sign_in(client, PASSWORD, spelling).status_code == 429


def test_the_back_office_has_the_same_door_and_brake(client: PageClient, staff: User) -> None:
    asked = client.get("/admin/customers/customer/", follow=True)

    assert asked.redirect_chain[-1][0] == "/counter/sign-in/?next=/admin/customers/customer/"
    assert client.post("/admin/login/", {"username": "lan", "password": "sai"}).status_code == 405


def test_a_cashier_is_told_that_the_back_office_is_not_theirs(till: PageClient) -> None:
    assert till.get("/admin/", follow=True).status_code == 403


def test_a_manager_at_the_door_is_let_in(client: PageClient, branch: Branch) -> None:
    client.force_login(StaffFactory(role=User.Role.MANAGER, branch=branch))

    assert client.get("/admin/login/")["Location"] == "/admin/"


def test_somebody_else_may_sign_in_meanwhile(client: PageClient, staff: User) -> None:
    for _try in range(5):
        try_to_sign_in(client, "sai", "minh")

    assert try_to_sign_in(client, PASSWORD).status_code == 302


def test_after_twenty_wrong_passwords_the_address_waits(client: PageClient, staff: User) -> None:
    for number in range(20):
        try_to_sign_in(client, "sai", f"ai-do-{number}")

    assert try_to_sign_in(client, PASSWORD).status_code == 429
    elsewhere = client.post(
        "/counter/sign-in/",
        {"username": "lan", "password": PASSWORD},
        REMOTE_ADDR="203.0.113.9",
    )
    assert elsewhere.status_code == 302


def test_a_right_password_forgets_earlier_slips(client: PageClient, staff: User) -> None:
    for _day in range(3):
        for _try in range(4):
            try_to_sign_in(client, "sai")
        assert try_to_sign_in(client, PASSWORD).status_code == 302
        client.post("/counter/sign-out")


def test_without_a_cache_the_shop_still_opens(
    client: PageClient, staff: User, settings: Settings
) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }

    assert try_to_sign_in(client, "sai").status_code == 422
    assert try_to_sign_in(client, PASSWORD).status_code == 302


def test_behind_a_proxy_the_address_is_the_one_the_proxy_saw(
    client: PageClient, staff: User, settings: Settings
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    for number in range(20):
        client.post(
            "/counter/sign-in/",
            {"username": f"ai-{number}", "password": "sai"},
            HTTP_X_FORWARDED_FOR=f"10.0.0.{number}, 203.0.113.9",
        )

    sent = {"username": "lan", "password": PASSWORD}
    same = client.post("/counter/sign-in/", sent, HTTP_X_FORWARDED_FOR="1.1.1.1, 203.0.113.9")
    other = client.post("/counter/sign-in/", sent, HTTP_X_FORWARDED_FOR="203.0.113.9, 1.1.1.1")

    assert (same.status_code, other.status_code) == (429, 302)


def test_signing_out_ends_the_session(till: PageClient) -> None:
    assert till.get("/counter/sign-out").status_code == 405
    assert till.post("/counter/sign-out")["Location"] == "/counter/sign-in/"
    assert till.get("/counter/").status_code == 302


def test_staff_without_a_branch_choose_one_first(
    client: PageClient, branch: Branch, thao: Customer
) -> None:
    client.force_login(owner())
    page = client.get(f"/counter/?customer={thao.pk}", follow=True)
    assert "Hôm nay bán ở đâu? Hạ – Nguyễn Trãi" in words(page)

    answer = client.post(
        "/counter/branch", {"branch": "nguyen-trai", "next": f"/counter/?customer={thao.pk}"}
    )

    assert answer["Location"] == f"/counter/?customer={thao.pk}"
    shown = client.get(answer["Location"])
    assert words(shown, of="header").startswith("Hạ – Nguyễn Trãi Lan Đổi chi nhánh")


@pytest.mark.parametrize("key", ["", "x", "\x00"])
def test_a_branch_that_does_not_exist_is_not_chosen(
    client: PageClient, branch: Branch, key: str
) -> None:
    client.force_login(owner())

    page = client.post("/counter/branch", {"branch": key})

    assert page.status_code == 422
    assert "Chọn một chi nhánh nhé." in words(page)
    assert client.get("/counter/").status_code == 302


def test_staff_of_a_branch_cannot_choose_another(till: PageClient, lan: User) -> None:
    other = BranchFactory()

    till.post("/counter/branch", {"branch": other.key})

    assert words(till.get("/counter/"), of="header").startswith("Hạ – Nguyễn Trãi Lan")


@pytest.mark.parametrize(
    ("role", "links"),
    [
        (User.Role.CASHIER, []),
        (User.Role.MANAGER, ["/admin/"]),
        (User.Role.OWNER, ["/owner/", "/admin/"]),
    ],
)
def test_links_lead_only_where_the_role_may_go(
    client: PageClient, branch: Branch, role: str, links: list[str]
) -> None:
    client.force_login(StaffFactory(role=role, branch=branch))

    page = client.get("/counter/").content.decode()

    assert [door for door in ("/owner/", "/admin/") if f'href="{door}"' in page] == links


def test_the_mailbox_exists_in_the_demo_alone(
    till: PageClient, settings: Settings, tmp_path: Path
) -> None:
    assert till.get("/counter/mailbox/").status_code == 404
    settings.DEMO = True
    settings.MAILBOX_DIR = str(tmp_path)
    assert "Chưa có tin nào" in words(till.get("/counter/mailbox/"))
    sms = {
        "when": NOON.isoformat(),
        "to": "+84912345678",
        "text": "Mã của bạn là 123456 <script>alert(1)</script>",
    }
    (tmp_path / "sms-1.json").write_text(json.dumps(sms), encoding="utf-8")

    page = till.get("/counter/mailbox/")

    assert "SMS 12:00, 22/11/2026 gửi tới 0912 345 678 Mã của bạn là 123456" in words(page)
    assert "<script>alert" not in page.content.decode()
