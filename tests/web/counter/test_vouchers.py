"""Points become a voucher, and a voucher is used once."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine

from customers.models import Customer
from loyalty.ledger.models import Account, Entry
from loyalty.shop.models import Branch, User
from rewards.models import Redemption, Reward, Voucher
from rewards.redemption import redeem_reward
from tests.factories.clock import NOON
from tests.factories.rewards import RewardFactory
from tests.factories.shop import BranchFactory
from tests.support.pages import PageClient, words
from tests.web.counter.pages import facts, hidden


@pytest.fixture
def reward(shop: object) -> Reward:
    return RewardFactory(
        key="giam-20",
        name="Giảm 20.000đ",
        name_en="20,000đ off",
        kind="discount_amount",
        value_minor=20_000,
        minimum_minor=60_000,
        cost_points=120,
    )


@pytest.fixture
def voucher(thao: Customer, reward: Reward) -> Voucher:
    return redeemed(thao, reward)


def redeemed(thao: Customer, reward: Reward) -> Voucher:
    redemption = redeem_reward(
        customer=thao, reward=reward, source="test", reference="r", at=NOON, by=None
    )
    Voucher.objects.filter(pk=redemption.voucher.pk).update(code="7K3M94QD")
    return Voucher.objects.get()


def address_of(voucher: Voucher) -> str:
    return f"/counter/vouchers/{voucher.pk}"


def use(till: PageClient, voucher: Voucher, reference: str = "") -> object:
    page = till.get(address_of(voucher))
    sent = {"reference": reference or hidden(page, "reference")}
    return till.post(address_of(voucher), sent, follow=True)


def test_a_voucher_says_what_it_was_issued_for(
    till: PageClient, thao: Customer, voucher: Voucher
) -> None:
    Reward.objects.update(name="Giảm 5.000đ", value_minor=5_000, minimum_minor=900_000)

    panel, page = till.get("/counter/", {"customer": thao.pk}), till.get(address_of(voucher))

    assert "Giảm 20.000đ Ưu đãi 7K3M 94QD, hoá đơn từ 60.000đ" in words(panel)
    assert (facts(page)["Hoá đơn từ"], "Giảm 20.000đ" in words(page)) == ("60.000đ", True)
    assert "Giảm 5.000đ" not in words(page)
    used = words(use(till, voucher))
    assert "Nhớ trừ 20.000đ vào hoá đơn" in used


def test_redeeming_asks_first_then_shows_the_voucher(
    till: PageClient, thao: Customer, reward: Reward, lan: User
) -> None:
    panel = till.get("/counter/", {"customer": thao.pk})
    assert "Khách dùng được Giảm 20.000đ Đổi bằng 120 điểm Đổi" in words(panel)

    asked = till.get(f"/counter/redeem/{thao.pk}/giam-20")
    assert "Đổi Giảm 20.000đ?" in words(asked)
    assert facts(asked) == {
        "Điểm hiện có": "298",
        "Quà này": "−120",
        "Còn lại": "178 điểm",
    }
    assert "dùng ngay hoặc đến hết 22/12/2026" in words(asked)
    assert not Redemption.objects.exists()

    page = till.post(
        f"/counter/redeem/{thao.pk}/giam-20",
        {"reference": hidden(asked, "reference")},
        follow=True,
    )

    voucher = Voucher.objects.get()
    assert page.request["PATH_INFO"] == address_of(voucher)
    assert "Đã trừ điểm, ưu đãi sẵn sàng." in words(page)
    entry = Entry.objects.get(kind="redeem")
    assert (entry.points, entry.balance_after, entry.recorded_by_id) == (-120, 178, lan.pk)


def test_a_double_press_redeems_once(till: PageClient, thao: Customer, reward: Reward) -> None:
    reference = {"reference": str(uuid4())}

    answers = [till.post(f"/counter/redeem/{thao.pk}/giam-20", reference) for _press in range(2)]

    assert answers[0]["Location"] == answers[1]["Location"]
    assert Redemption.objects.count() == Voucher.objects.count() == 1
    assert Account.objects.get(customer=thao).balance == 178


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"cost_points": 900}, "Cần 900 điểm, hiện dùng được 298 điểm."),
        ({"stock": 0}, "Giảm 20.000đ đã hết."),
        ({"is_active": False}, "Giảm 20.000đ không còn trong danh mục."),
    ],
)
def test_a_refused_reward_takes_nothing(
    till: PageClient, thao: Customer, reward: Reward, change: dict[str, object], says: str
) -> None:
    Reward.objects.update(**change)

    page = till.post(f"/counter/redeem/{thao.pk}/giam-20", {"reference": str(uuid4())})

    assert page.status_code == 409
    assert says in words(page)
    assert "Đổi bằng" not in words(page)
    assert not Redemption.objects.exists()
    assert Account.objects.get(customer=thao).balance == 298
    assert "Giảm 20.000đ" not in words(till.get("/counter/", {"customer": thao.pk}))


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ({"branches": ["kia"]}, "Giảm 20.000đ chỉ đổi được tại: Quán kia."),
        ({"tiers": ["kim-cuong"]}, "Giảm 20.000đ chỉ dành cho các hạng: Kim cương."),
        ({"starts_on": "2026-12-01"}, "Giảm 20.000đ được đổi từ ngày 01/12/2026."),
    ],
)
def test_a_limit_is_said_at_the_till_before_and_after_pressing(
    till: PageClient, thao: Customer, reward: Reward, columns: dict[str, object], text: str
) -> None:
    BranchFactory(key="kia", name="Quán kia")
    page = till.get(f"/counter/redeem/{thao.pk}/giam-20")
    Reward.objects.update(**columns)

    asked = till.get(f"/counter/redeem/{thao.pk}/giam-20")
    pressed = till.post(
        f"/counter/redeem/{thao.pk}/giam-20", {"reference": hidden(page, "reference")}
    )

    assert text in words(asked)
    assert "Đổi bằng" not in words(asked)
    assert text in words(pressed)
    assert "Giảm 20.000đ" not in words(till.get("/counter/", {"customer": thao.pk}))
    assert not Redemption.objects.exists()


def test_too_few_points_are_said_before_anybody_presses(
    english: PageClient, thao: Customer, reward: Reward
) -> None:
    Reward.objects.update(cost_points=299)

    page = english.get(f"/counter/redeem/{thao.pk}/giam-20")

    assert "1 point is missing." in words(page)
    assert "Redeem for" not in words(page)


def test_a_voucher_shows_its_worth_and_is_used_by_one_button(
    till: PageClient, voucher: Voucher, thao: Customer, lan: User, branch: Branch
) -> None:
    page = till.get(address_of(voucher))
    assert "Ưu đãi 7K3M 94QD Dùng được Giảm 20.000đ" in words(page)
    assert facts(page) == {
        "Khách": "Nguyễn Thu Thảo",
        "Hoá đơn từ": "60.000đ",
        "Ngày cuối": "22/12/2026",
    }

    after = use(till, voucher)

    assert "Đã dùng ưu đãi 7K3M 94QD. Nhớ trừ 20.000đ vào hoá đơn." in words(after)
    assert hidden(after, "customer") == str(thao.pk)
    voucher.refresh_from_db()
    assert (voucher.state, voucher.used_at) == ("used", NOON)
    assert (voucher.used_by, voucher.used_branch) == (lan, branch)


def test_a_free_item_is_named_when_used(
    english: PageClient, thao: Customer, reward: Reward
) -> None:
    Reward.objects.update(kind="free_item")
    voucher = redeemed(thao, reward)

    assert "Voucher 7K3M 94QD is used: 20,000đ off." in words(use(english, voucher))


def test_a_used_voucher_says_when_where_and_by_whom(till: PageClient, voucher: Voucher) -> None:
    use(till, voucher)

    page = till.get(address_of(voucher))

    assert "Đã dùng" in words(page)
    assert facts(page)["Dùng lúc"] == "12:00, 22/11/2026"
    assert facts(page)["Chi nhánh"] == "Hạ – Nguyễn Trãi"
    assert facts(page)["Thu ngân"] == "Lan"
    assert "Dùng ưu đãi" not in words(page)


def test_a_second_till_is_refused_and_a_second_press_is_not(
    till: PageClient, voucher: Voucher
) -> None:
    reference = str(uuid4())
    use(till, voucher, reference)

    again = till.post(address_of(voucher), {"reference": reference})
    other = till.post(address_of(voucher), {"reference": str(uuid4())})

    assert again.status_code == 302
    assert other.status_code == 409
    assert "Ưu đãi này đã được dùng lúc 22/11/2026 12:00." in words(other)


def test_a_voucher_past_its_last_day_is_refused_and_unchanged(
    till: PageClient, voucher: Voucher, lan: User
) -> None:
    with time_machine.travel(NOON + timedelta(days=30), tick=False):
        till.force_login(lan)
        assert "Hôm nay là ngày cuối" in words(till.get(address_of(voucher)))
    with time_machine.travel(NOON + timedelta(days=31), tick=False):
        till.force_login(lan)
        page = till.get(address_of(voucher))
        refused = till.post(address_of(voucher), {"reference": str(uuid4())})

    assert "Ưu đãi này đã hết hạn ngày 22/12/2026." in words(page)
    assert "Dùng ưu đãi" not in words(page)
    assert refused.status_code == 409
    voucher.refresh_from_db()
    assert voucher.state == "issued"


def test_a_reference_that_no_page_made_is_refused(
    till: PageClient, voucher: Voucher, thao: Customer
) -> None:
    for address in (address_of(voucher), f"/counter/redeem/{thao.pk}/giam-20"):
        assert till.post(address, {"reference": "\x00"}).status_code == 422
    voucher.refresh_from_db()
    assert voucher.state == "issued"
    assert Redemption.objects.count() == 1


def test_what_may_be_used_is_cut_so_that_the_till_does_not_scroll(
    till: PageClient, thao: Customer, voucher: Voucher
) -> None:
    for number in range(4):
        RewardFactory(name=f"Quà {number}", cost_points=20 + number)

    text = words(till.get("/counter/", {"customer": thao.pk}))

    assert "Ưu đãi 7K3M 94QD, hoá đơn từ 60.000đ Trừ hoá đơn Giảm 20.000đ Đổi bằng 120 điểm" in text
    assert "Quà 3 Đổi bằng 23 điểm Đổi Xem thêm 3 Quà 2" in text
