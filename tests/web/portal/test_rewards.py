"""Choosing a reward and paying for it with points."""

import re

import pytest
from pytest_django import DjangoAssertNumQueries

from customers.models import Customer
from loyalty.ledger.models import Account, Entry
from rewards.models import Redemption, Reward, Voucher
from tests.factories.customers import CustomerFactory, give_points
from tests.factories.rewards import RewardFactory
from tests.factories.shop import BranchFactory
from tests.support.pages import PageClient, words


def reference_of(client: PageClient, key: str) -> str:
    page = client.get(f"/rewards/{key}").content.decode()
    found = re.search(r'name="reference" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def balance_of(member: Customer) -> int:
    return Account.objects.get(pk=member.pk).balance


def test_rewards_are_sorted_by_how_far_away_they_are(browser: PageClient, member: Customer) -> None:
    give_points(member, 286)
    RewardFactory(name="Trà sen vàng", cost_points=120)
    RewardFactory(name="Túi vải Hạ", cost_points=320)
    RewardFactory(name="Ly sứ Hạ", cost_points=900)
    RewardFactory(name="Gói hạt rang", cost_points=100, stock=0)
    RewardFactory(name="Không còn bán", cost_points=10, is_active=False)

    assert words(browser.get("/rewards")) == (
        "Đổi quà Bạn có 286 điểm."
        " Sắp đủ Túi vải Hạ Còn 34 điểm · khoảng 340.000đ nữa"
        " Đổi được ngay Trà sen vàng 120 điểm Đổi"
        " Để dành thêm Ly sứ Hạ Còn 614 điểm · khoảng 6.140.000đ nữa"
        " Tạm hết Gói hạt rang 100 điểm"
    )


def test_rewards_have_english_names(english: PageClient, member: Customer) -> None:
    give_points(member, 286)
    RewardFactory(name="Trà sen vàng", name_en="Golden lotus tea", cost_points=120)

    assert words(english.get("/rewards")) == (
        "Rewards You have 286 points. Yours to redeem now Golden lotus tea 120 points Redeem"
    )


def test_an_empty_catalogue_says_so(browser: PageClient) -> None:
    assert words(browser.get("/rewards")) == (
        "Đổi quà Bạn có 0 điểm. Chưa có quà nào Quán đang chọn quà. Điểm của bạn vẫn còn nguyên."
    )


def test_what_is_not_open_to_this_member_says_why(browser: PageClient, member: Customer) -> None:
    give_points(member, 286)
    BranchFactory(key="a", name="Hạ – Nguyễn Trãi")
    RewardFactory(name="Trà của quán kia", cost_points=10, branches=["a"], usable_after_days=2)
    RewardFactory(name="Lớp pha chế", cost_points=20, tiers=["vang", "kim-cuong"])
    RewardFactory(name="Riêng hạng Bạc", cost_points=30, tiers=["bac"])
    RewardFactory(name="Quà Tết", cost_points=40, starts_on="2026-12-01", ends_on="2026-12-31")
    early = {"early_tiers": ["moi"], "early_days": 3}
    RewardFactory(name="Quà Giáng sinh", cost_points=50, starts_on="2026-12-20", **early)
    RewardFactory(name="Hết lượt", cost_points=60, most_total=1, redeemed_total=1)
    monthly = RewardFactory(
        key="thang", name="Quà tháng", cost_points=70, most_per_customer=1, most_per="month"
    )
    browser.post("/rewards/thang", {"reference": reference_of(browser, "thang")})

    assert words(browser.get("/rewards")) == (
        "Đổi quà Bạn có 216 điểm."
        " Đổi được ngay Trà của quán kia 10 điểm Đổi Chỉ tại Hạ – Nguyễn Trãi"
        " Ưu đãi dùng được từ 24/11/2026"
        " Chưa mở cho bạn"
        " Lớp pha chế 20 điểm Từ hạng Vàng"
        " Riêng hạng Bạc 30 điểm Chỉ dành cho hạng: Bạc"
        " Quà Tết 40 điểm Mở đổi từ 01/12/2026 Đổi đến hết 31/12/2026"
        " Quà Giáng sinh 50 điểm Mở cho bạn từ 17/12/2026"
        " Quà tháng 70 điểm Đổi lại được từ 01/12/2026"
        " Tạm hết Hết lượt 60 điểm"
    )
    assert browser.get(f"/rewards/{monthly.key}")["Location"] == "/rewards"


def test_a_limit_reached_meanwhile_is_said_and_takes_nothing(
    browser: PageClient, member: Customer
) -> None:
    give_points(member, 286)
    reward = RewardFactory(key="tea", name="Trà", cost_points=120, branches=["a"])
    BranchFactory(key="a", name="Quán A")
    reference = reference_of(browser, "tea")
    Reward.objects.filter(pk=reward.pk).update(most_total=5, redeemed_total=5)

    said = browser.post("/rewards/tea", {"reference": reference}, follow=True)

    assert "Trà đã được đổi hết số lượt." in words(said)
    assert (Redemption.objects.count(), balance_of(member)) == (0, 286)


def test_asking_before_points_are_spent(browser: PageClient, member: Customer) -> None:
    give_points(member, 286)
    RewardFactory(key="tea", name="Trà sen vàng", cost_points=120, validity_days=30)

    assert words(browser.get("/rewards/tea")) == (
        "Đổi Trà sen vàng? Bạn có 286 Quà này −120 Còn lại 166 điểm"
        " Bạn sẽ có một ưu đãi để đưa ở quầy, dùng đến hết 22/12/2026."
        " Đổi bằng 120 điểm Giữ lại điểm"
    )
    assert Redemption.objects.count() == 0


def test_redeeming_spends_the_points_and_shows_the_voucher(
    browser: PageClient, member: Customer
) -> None:
    give_points(member, 286)
    RewardFactory(key="tea", cost_points=120)

    response = browser.post("/rewards/tea", {"reference": reference_of(browser, "tea")})

    voucher = Voucher.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/vouchers/{voucher.pk}")
    assert (voucher.customer, balance_of(member)) == (member, 166)


def test_a_double_tap_redeems_once(browser: PageClient, member: Customer) -> None:
    give_points(member, 286)
    RewardFactory(key="tea", cost_points=120)
    reference = reference_of(browser, "tea")

    first = browser.post("/rewards/tea", {"reference": reference})
    second = browser.post("/rewards/tea", {"reference": reference})

    assert first["Location"] == second["Location"]
    assert (Redemption.objects.count(), balance_of(member)) == (1, 166)


def test_redeeming_twice_on_purpose_takes_two_pages(browser: PageClient, member: Customer) -> None:
    give_points(member, 286)
    RewardFactory(key="tea", cost_points=120)

    for _time in range(2):
        browser.post("/rewards/tea", {"reference": reference_of(browser, "tea")})

    assert (Redemption.objects.count(), balance_of(member)) == (2, 46)


def test_too_few_points_change_nothing(browser: PageClient, member: Customer) -> None:
    give_points(member, 119)
    RewardFactory(key="tea", cost_points=120)

    asked = browser.get("/rewards/tea")
    response = browser.post("/rewards/tea", {"reference": "made-up"})

    assert (asked.status_code, asked["Location"]) == (302, "/rewards")
    assert (response.status_code, response["Location"]) == (302, "/rewards")
    assert (Redemption.objects.count(), balance_of(member)) == (0, 119)
    assert 'role="alert"' in browser.get("/rewards").content.decode()


def test_the_last_one_gone_changes_nothing(browser: PageClient, member: Customer) -> None:
    give_points(member, 286)
    reward = RewardFactory(key="tea", cost_points=120, stock=1)
    reference = reference_of(browser, "tea")
    reward.stock = 0
    reward.save()

    browser.post("/rewards/tea", {"reference": reference})

    assert (Entry.objects.count(), balance_of(member)) == (1, 286)


def test_a_reward_no_longer_offered_does_not_exist(browser: PageClient, member: Customer) -> None:
    give_points(member, 286)
    RewardFactory(key="tea", cost_points=120, is_active=False)

    assert browser.get("/rewards/tea").status_code == 404
    assert browser.post("/rewards/tea", {"reference": "r"}).status_code == 404
    assert balance_of(member) == 286


@pytest.mark.parametrize("reference", ["", "x" * 65, "a\x00b", "a\nb"])
def test_a_request_without_a_usable_reference_is_asked_again(
    browser: PageClient, member: Customer, reference: str
) -> None:
    give_points(member, 286)
    RewardFactory(key="tea", cost_points=120)

    response = browser.post("/rewards/tea", {"reference": reference})

    assert response["Location"] == "/rewards/tea"
    assert balance_of(member) == 286


def test_another_members_reference_does_not_answer_mine(
    browser: PageClient, member: Customer
) -> None:
    give_points(member, 286)
    reward = RewardFactory(key="tea", cost_points=120)
    other = CustomerFactory()
    give_points(other, 286)
    browser.post("/rewards/tea", {"reference": "same"})
    assert Redemption.objects.get().reference == f"{member.pk}:same"
    assert reward.vouchers.filter(customer=other).count() == 0


@pytest.mark.parametrize("count", [1, 3])
def test_as_many_queries_for_three_rewards_as_for_one(
    browser: PageClient,
    member: Customer,
    count: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    give_points(member, 286)
    RewardFactory.create_batch(count)
    browser.get("/rewards")  # The programme is read once and kept.

    with django_assert_num_queries(6):
        browser.get("/rewards")
    # One more for how often this member had them, one for the names of branches.
    RewardFactory.create_batch(count, most_per_customer=1, most_per="day", branches=["a"])
    with django_assert_num_queries(8):
        browser.get("/rewards")
