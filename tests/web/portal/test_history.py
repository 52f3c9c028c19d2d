"""Every number can be asked why."""

from datetime import date, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from customers.models import Customer
from loyalty.ledger.services import expire_due, keep_alive
from loyalty.programme.models import ProgrammeVersion
from loyalty.programme.versions import publish
from loyalty.purchases.bill import Bill
from loyalty.purchases.recording import record_purchase
from rewards.bonuses import survey
from rewards.occasions import give_due
from rewards.redemption import redeem_reward
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, give_points
from tests.factories.rewards import RewardFactory
from tests.support.pages import PageClient, words


def buy(member: Customer, amount_minor: int, reference: str = "R-1", days_ago: int = 0) -> None:
    record_purchase(
        source="till",
        reference=reference,
        customer=member,
        branch=None,
        bill=Bill.of_total(amount_minor),
        at=NOON - timedelta(days=days_ago),
        recorded_at=NOON,
        by=None,
    )


def entries(client: PageClient, query: str = "") -> str:
    return words(client.get(f"/history{query}"), of="ul")


def test_a_purchase_explains_its_points_step_by_step(browser: PageClient, member: Customer) -> None:
    buy(member, 1_000_000)
    buy(member, 68_000, "R-2")

    assert entries(browser).startswith(
        "Mua hàng 68.000đ +7 22/11, 12:00 · Vì sao? Còn 107"
        " 68.000đ, cứ 10.000đ = 1 điểm 6 điểm"
        " Hạng Bạc, làm tròn xuống × 1,2 = 7,2"
        " Được cộng, dùng đến 30/11/2027 7 điểm"
    )


def test_a_purchase_explains_its_points_in_english(english: PageClient, member: Customer) -> None:
    buy(member, 1_000_000)
    buy(member, 68_000, "R-2")

    assert entries(english).startswith(
        "Purchase of 68,000đ +7 22 Nov, 12:00 · Why? 107 left"
        " 68,000đ, at 10,000đ = 1 point 6 points"
        " Silver tier, rounded down × 1.2 = 7.2"
        " Added, usable through 30 Nov 2027 7 points"
    )


def test_without_a_multiplier_there_is_no_step_for_it(
    browser: PageClient, member: Customer
) -> None:
    buy(member, 54_000)

    assert entries(browser) == (
        "Mua hàng 54.000đ +5 22/11, 12:00 · Vì sao? Còn 5"
        " 54.000đ, cứ 10.000đ = 1 điểm 5 điểm"
        " Được cộng, dùng đến 30/11/2027 5 điểm"
    )


def test_a_redemption_names_the_points_it_took(browser: PageClient, member: Customer) -> None:
    give_points(member, 30, expires_on=date(2026, 11, 30))
    give_points(member, 50, expires_on=date(2026, 12, 31))
    reward = RewardFactory(name="Bánh mì que", cost_points=40)
    redeem_reward(customer=member, reward=reward, source="portal", reference="x", at=NOON, by=None)

    assert entries(browser).startswith(
        "Đổi Bánh mì que −40 22/11, 12:00 · Vì sao? Còn 40"
        " Lấy từ điểm hết hạn 30/11/2026 30 điểm"
        " Lấy từ điểm hết hạn 31/12/2026 10 điểm"
        " Giá quà 40 điểm"
    )


def test_an_expiry_says_which_points_ended(browser: PageClient, member: Customer) -> None:
    give_points(member, 18, expires_on=date(2026, 10, 31), at=NOON - timedelta(days=390))
    expire_due(at=NOON)

    page = words(browser.get("/history"))

    assert "Tháng 10/2026 Điểm hết hạn −18" in page
    assert "Lấy từ điểm hết hạn 31/10/2026 18 điểm Không dùng kịp hạn 18 điểm" in page


def test_plus_and_minus_can_be_read_apart(browser: PageClient, member: Customer) -> None:
    give_points(member, 50)
    reward = RewardFactory(name="Bánh mì que", cost_points=40)
    redeem_reward(customer=member, reward=reward, source="portal", reference="x", at=NOON, by=None)

    assert entries(browser, "?kind=minus").startswith("Đổi Bánh mì que −40")
    assert "+50" not in entries(browser, "?kind=minus")
    assert entries(browser, "?kind=plus").startswith("Được cộng điểm +50")
    assert "−40" not in entries(browser, "?kind=plus")


def test_twenty_entries_a_page(browser: PageClient, member: Customer) -> None:
    for number in range(1, 22):
        give_points(member, number, reference=f"entry-{number}")

    first = browser.get("/history").content.decode()
    second = browser.get("/history?before=2").content.decode()

    assert (first.count("<details>"), second.count("<details>")) == (20, 1)
    assert 'href="/history?before=2"' in first
    assert "before=" not in second


@pytest.mark.parametrize("before", ["", "x", "-1", "²", "9" * 30, "%00"])
def test_a_page_address_that_makes_no_sense_shows_the_newest(
    browser: PageClient, member: Customer, before: str
) -> None:
    give_points(member, 7)

    assert "+7" in entries(browser, f"?before={before}")


def test_only_ones_own_entries(browser: PageClient, member: Customer) -> None:
    give_points(member, 7)
    give_points(CustomerFactory(), 99)

    page = words(browser.get("/history"))

    assert "+7" in page
    assert "99" not in page


@pytest.mark.parametrize("count", [1, 3])
def test_as_many_queries_for_many_entries_as_for_few(
    browser: PageClient,
    member: Customer,
    count: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    reward = RewardFactory(cost_points=40)
    for number in range(count):
        buy(member, 1_000_000, f"R-{number}")
        redeem_reward(
            customer=member, reward=reward, source="portal", reference=f"{number}", at=NOON, by=None
        )
    browser.get("/history")  # The programme is read once and kept.

    with django_assert_num_queries(8):
        browser.get("/history")


@pytest.mark.parametrize(
    ("expires_on", "added"),
    [
        (None, "Được cộng, dùng từ 06/12/2026"),
        (date(2027, 11, 30), "Cộng thêm, dùng được từ 06/12/2026 đến hết 30/11/2027"),
    ],
)
def test_points_that_wait_say_until_when(
    browser: PageClient, member: Customer, expires_on: date | None, added: str
) -> None:
    give_points(member, 6, usable_from=date(2026, 12, 6), expires_on=expires_on)

    row = entries(browser)

    assert "Dùng được từ 06/12" in row
    assert added in row


def test_points_that_have_waited_no_longer_say_so(browser: PageClient, member: Customer) -> None:
    give_points(member, 6, usable_from=date(2026, 11, 22))

    assert "Dùng được từ 22/11 " not in entries(browser)


def with_bonuses() -> None:
    rules = ProgrammeVersion.objects.get().document
    rules += "\n[bonuses.birthday]\npoints = 50\n[bonuses.survey]\npoints = 5\n"
    publish(document=rules, effective_from=NOON - timedelta(days=30), at=NOON, by=None)


def test_a_bonus_says_what_it_was_for(browser: PageClient, member: Customer) -> None:
    with_bonuses()
    Customer.objects.filter(pk=member.pk).update(birth_day=22, birth_month=11)
    give_due(at=NOON)

    assert entries(browser).startswith(
        "Quà sinh nhật +50 22/11, 12:00 · Vì sao? Còn 50"
        " Cho ngày 22/11/2026, hạng Mới 50 điểm"
        " Được cộng, dùng đến 30/11/2027 50 điểm"
    )


def test_a_bonus_says_what_it_was_for_in_english(english: PageClient, member: Customer) -> None:
    with_bonuses()
    survey(customer_id=member.pk, key="s1", at=NOON)

    assert entries(english).startswith(
        "Thank you for your answers +5 22 Nov, 12:00 · Why? 5 left"
        " For 22 Nov 2026, New tier 5 points"
    )


def test_the_terms_name_the_gifts(browser: PageClient) -> None:
    with_bonuses()

    page = words(browser.get("/terms"))

    assert "Quà tặng Tặng 50 điểm đúng ngày sinh nhật." in page
    assert "Điểm tặng dùng như điểm thường, nhưng không tính lên hạng." in page


def test_points_that_purchases_kept_beyond_their_last_day_say_so(
    browser: PageClient, member: Customer
) -> None:
    day = NOON.date()
    give_points(member, 120, expires_on=day - timedelta(days=1), at=NOON - timedelta(days=9))
    keep_alive(until={member.pk: day}, at=NOON - timedelta(days=9))
    reward = RewardFactory(cost_points=100)
    redeem_reward(customer=member, reward=reward, source="till", reference="1", at=NOON, by=None)
    expire_due(at=NOON + timedelta(days=1))

    shown = entries(browser)

    assert "Lấy từ điểm được giữ nhờ bạn vẫn mua hàng 100" in shown
    assert "Lấy từ điểm hết hạn 22/11/2026 20" in shown
