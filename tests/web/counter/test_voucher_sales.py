"""A voucher in the sale at the till: picked or scanned, its money off shown, used with the sale."""

from datetime import date
from uuid import uuid4

import pytest
from pytest_django import Settings

from customers.models import Customer
from loyalty.programme.versions import publish
from loyalty.purchases.models import Purchase
from rewards.models import Reward, Voucher
from tests.factories.clock import NOON
from tests.factories.programmes import EVERYDAY, ONE_TIER, SILVER
from tests.factories.vouchers import reward_of, shared_voucher, voucher_of
from tests.support.pages import PageClient, words
from tests.web.counter.pages import facts, hidden, text_after


@pytest.fixture(autouse=True)
def counters_of_this_test_alone(settings: Settings) -> None:
    memory = "django.core.cache.backends.locmem.LocMemCache"
    settings.CACHES = {"default": {"BACKEND": memory, "LOCATION": str(uuid4())}}


@pytest.fixture
def reward(shop: object) -> Reward:
    return reward_of(name="Giảm 20.000đ", name_en="20,000đ off", minimum_minor=60_000)


@pytest.fixture
def voucher(thao: Customer, reward: Reward) -> Voucher:
    return voucher_of(thao, reward)


def sell(till: PageClient, customer: Customer | None, amount: str, vouchers: str) -> object:
    address = {"customer": customer.pk} if customer else {}
    page = till.get("/counter/", address)
    sent = {
        "reference": hidden(page, "reference"),
        "customer": customer.pk if customer else "",
        "amount": amount,
        "vouchers": vouchers,
    }
    return till.post("/counter/", sent, follow=True)


def preview(till: PageClient, customer: Customer, amount: str, vouchers: str) -> str:
    sent = {"customer": customer.pk, "amount": amount, "vouchers": vouchers}
    return text_after(till.post("/counter/preview", sent), '<div class="stack">')


def test_the_panel_offers_it_and_one_tap_puts_its_code_beside_the_bill(
    till: PageClient, thao: Customer, voucher: Voucher
) -> None:
    panel = till.get("/counter/", {"customer": thao.pk})
    address = f"/counter/?customer={thao.pk}&amp;voucher={voucher.pk}"
    code = f"{voucher.code[:4]} {voucher.code[4:]}"

    assert f'href="{address}" data-voucher="{code}"' in panel.content.decode()
    picked = till.get("/counter/", {"customer": thao.pk, "voucher": voucher.pk})
    assert f'name="vouchers" value="{code}"' in picked.content.decode()
    other = till.get("/counter/", {"voucher": voucher.pk})
    assert code not in other.content.decode()


def test_the_preview_says_what_it_takes_off(
    till: PageClient, thao: Customer, voucher: Voucher
) -> None:
    said = preview(till, thao, "200.000", voucher.code)

    assert "Hoá đơn 200.000đ Giảm 20.000đ −20.000đ" in said
    assert "thu 180.000đ" in said
    assert "60.000đ" in preview(till, thao, "59.999", voucher.code)


def test_a_code_is_never_read_from_an_address(
    till: PageClient, thao: Customer, voucher: Voucher
) -> None:
    asked = {"customer": thao.pk, "amount": "200000", "vouchers": voucher.code}

    assert "−20.000đ" not in till.get("/counter/preview", asked).content.decode()


def test_the_sale_takes_it_off_and_uses_it(
    till: PageClient, thao: Customer, voucher: Voucher
) -> None:
    done = sell(till, thao, "200.000", f"{voucher.code[:4]} {voucher.code[4:]}".lower())

    sale = Purchase.objects.get(source="counter")
    assert (sale.amount_minor, sale.discount_minor) == (180_000, 20_000)
    assert "Giảm 20.000đ: −20.000đ" in words(done)
    assert facts(done)["Giảm 20.000đ"] == "−20.000đ"
    voucher.refresh_from_db()
    assert (voucher.state, voucher.used_reference) == ("used", sale.reference)


def test_a_refusal_says_which_and_keeps_what_was_typed(
    till: PageClient, thao: Customer, voucher: Voucher
) -> None:
    typed = f"{voucher.code}, AAAA0000"

    page = sell(till, thao, "200.000", typed)

    assert page.status_code == 409
    assert "AAAA0000: Khách không có ưu đãi này." in words(page)
    assert f'name="vouchers" value="{typed}"' in page.content.decode()
    assert not Purchase.objects.filter(source="counter").exists()
    voucher.refresh_from_db()
    assert voucher.state == "issued"


def test_a_shared_one_works_for_a_walk_in(till: PageClient, reward: Reward) -> None:
    assert 'name="vouchers"' not in till.get("/counter/").content.decode()
    shared_voucher(reward=reward)

    sell(till, None, "100.000", "tet2027")

    assert Purchase.objects.get(source="counter").amount_minor == 80_000


def test_a_scanned_money_voucher_goes_to_the_bill_and_a_gift_is_handed_over(
    till: PageClient, thao: Customer, voucher: Voucher
) -> None:
    page = words(till.get(f"/counter/vouchers/{voucher.pk}"))
    gift = voucher_of(thao, reward_of("gift"))

    assert "Trừ vào hoá đơn" in page
    assert "Trừ vào hoá đơn" not in words(till.get(f"/counter/vouchers/{gift.pk}"))


def test_typing_a_wrong_code_once_is_one_guess(till: PageClient, thao: Customer) -> None:
    for _time in range(40):
        assert "Nhiều mã" not in preview(till, thao, "100000", "AAAA0000")
    for number in range(1, 30):
        preview(till, thao, "100000", f"AAAA{number:04d}")

    assert "Nhiều mã chưa đúng quá" in preview(till, thao, "100000", "BBBB0000")
    page = sell(till, thao, "100000", "CCCC0000")
    assert (page.status_code, Purchase.objects.filter(source="counter").exists()) == (429, False)


def test_the_done_page_tells_what_the_sale_brought(till: PageClient, thao: Customer) -> None:
    coupon = '[[coupons]]\nkey = "lan-sau"\nname = "Lần sau"\nreward = "lan-sau"\nvalid_days = 30\n'
    rules = "\n".join([coupon, EVERYDAY, ONE_TIER, SILVER])
    publish(document=rules, effective_from=NOON, at=NOON, by=None)
    reward_of(key="lan-sau", name="Giảm 10.000đ")

    done = sell(till, thao, "100.000", "")

    brought = Voucher.objects.get(customer=thao)
    assert brought.expires_on == date(2026, 12, 22)
    assert "Tặng cho lần sau: Giảm 10.000đ, đến hết 22/12/2026" in words(done)
