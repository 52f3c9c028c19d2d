"""A reward by hand: the same rules as in the document, and nobody's count is lost."""

import re
from datetime import date
from html import unescape

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from loyalty.purchases.refunds import void_purchase
from rewards.catalogue import dump, load
from rewards.models import Picture, Reward, Voucher
from rewards.redemption import redeem_reward
from tests.factories.clock import NOON
from tests.factories.customers import customer_with_points
from tests.factories.pictures import picture_file
from tests.factories.programmes import line
from tests.factories.rewards import RewardFactory
from tests.factories.sales import sell
from tests.factories.shop import BranchFactory, StaffFactory, shop_with_programme
from tests.factories.stamps import CARD
from tests.factories.vouchers import reward_of
from tests.web.api.calling import the_shop_says

pytestmark = pytest.mark.django_db
COUPON = '[[coupons]]\nkey = "lan-sau"\nname = "L"\nreward = "giam"\nvalid_days = 30\n'
FORM = {
    "key": "tra-sen",
    "name": "Trà sen vàng",
    "kind": "free_item",
    "cost_points": "60",
    "value_minor": "45000",
    "minimum_minor": "0",
    "icon": "gift",
    "validity_days": "30",
    "position": "1",
    "is_active": "on",
}


@pytest.fixture
def manager(client):
    shop_with_programme()
    BranchFactory(key="ha-noi", name="Hạ – Hà Nội")
    client.cookies["language"] = "vi"
    client.force_login(StaffFactory(role="manager"))
    return client


def add(manager, **more):
    return manager.post(reverse("admin:rewards_reward_add"), FORM | more)


def change(manager, reward, **more):
    return manager.post(reverse("admin:rewards_reward_change", args=[reward.pk]), FORM | more)


def photo(data, name="tra.jpg"):
    return SimpleUploadedFile(name, data, content_type="image/jpeg")


def mistakes(page):
    return {name: list(errors) for name, errors in page.context["adminform"].form.errors.items()}


def test_everything_a_document_says_can_be_said_by_hand(manager):
    add(
        manager,
        kind="discount_percent",
        value_minor="0",
        percent="15",
        most_minor="30000",
        stock="9",
        most_per_customer="2",
        most_per="month",
        most_total="50",
        starts_on="01/12/2026",
        ends_on="31/12/2026",
        early_tiers=["vang"],
        early_days="3",
        tiers=["vang", "kim-cuong"],
        branches=["ha-noi"],
        categories="Trà\nCà phê\n",
        not_skus=" TRA-01 ",
        usable_after_days="1",
        validity_days="",
        valid_until="15/01/2027",
    )

    reward = Reward.objects.get()
    assert reward.scope == {"categories": ["Trà", "Cà phê"], "not_skus": ["TRA-01"]}
    assert (reward.tiers, reward.branches) == (["vang", "kim-cuong"], ["ha-noi"])
    assert (reward.early_tiers, reward.early_days) == (["vang"], 3)
    assert (reward.starts_on, reward.valid_until) == (date(2026, 12, 1), date(2027, 1, 15))
    assert (reward.validity_days, reward.redeemed_total) == (None, 0)
    before = list(Reward.objects.values())
    load(dump(), at=NOON)
    assert list(Reward.objects.values()) == before


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"percent": "5"}, "percent"),
        ({"kind": "discount_percent"}, "percent"),
        ({"kind": "gift", "labels": "sale"}, "labels"),
        ({"most_per": "day"}, "most_per"),
        ({"starts_on": "02/12/2026", "ends_on": "01/12/2026"}, "ends_on"),
        ({"early_tiers": ["vang"], "early_days": "3"}, "starts_on"),
        ({"early_tiers": ["vang"], "starts_on": "01/12/2026"}, "early_days"),
        ({"starts_on": "01/12/2026", "early_days": "2"}, "early_tiers"),
        ({"valid_until": "01/12/2026"}, "valid_until"),
        ({"usable_after_days": "31"}, "usable_after_days"),
        ({"tiers": ["platin"]}, "tiers"),
        ({"key": "Trà Sen"}, "key"),
        ({"cost_points": "0"}, "cost_points"),
    ],
)
def test_a_mistake_is_said_at_its_field_and_nothing_is_written(manager, more, field):
    page = add(manager, **more)

    assert field in mistakes(page)
    assert not Reward.objects.exists()


def test_what_is_redeemed_while_the_form_is_open_stays_counted(manager):
    reward = RewardFactory(key="tra-sen", stock=5, most_total=9, redeemed_total=0)
    address = reverse("admin:rewards_reward_change", args=[reward.pk])
    assert 'name="initial-stock" value="5"' in manager.get(address).content.decode()
    redeem_reward(
        customer=customer_with_points(100),
        reward=reward,
        source="s",
        reference="r",
        at=NOON,
        by=None,
    )
    form = {"stock": "5", "initial-stock": "5", "most_total": "9", "name": "Tên mới"}

    change(manager, reward, **form)

    reward.refresh_from_db()
    assert (reward.name, reward.stock, reward.redeemed_total) == ("Tên mới", 4, 1)
    change(manager, reward, **form | {"stock": "20"})  # A delivery.
    reward.refresh_from_db()
    assert (reward.stock, reward.redeemed_total) == (20, 1)


def test_a_total_below_what_was_redeemed_is_refused(manager):
    reward = RewardFactory(key="tra-sen")
    for number in range(2):
        redeem_reward(
            customer=customer_with_points(100),
            reward=reward,
            source="s",
            reference=f"{number}",
            at=NOON,
            by=None,
        )

    assert mistakes(change(manager, reward, most_total="1")) == {
        "most_total": ["đã có 2 lượt đổi rồi"]
    }
    change(manager, reward, most_total="2")
    reward.refresh_from_db()
    assert (reward.most_total, reward.redeemed_total) == (2, 2)


def test_who_was_too_slow_is_told_so_and_nothing_else(manager):
    # The form looks at redemptions; those that are counted came after it had looked.
    reward = RewardFactory(key="tra-sen", most_total=9, redeemed_total=5)

    page = manager.get(change(manager, reward, most_total="4").headers["Location"])

    told = [str(message) for message in page.context["messages"]]
    assert told == ["đã có 5 lượt đổi rồi"]
    assert Reward.objects.get().most_total == 9
    assert not LogEntry.objects.exists()


def test_the_key_of_a_reward_never_changes(manager):
    reward = RewardFactory(key="old")
    change(manager, reward, key="new")

    reward.refresh_from_db()
    assert (reward.key, reward.name) == ("old", "Trà sen vàng")


def test_a_photo_is_drawn_anew_shown_and_taken_away(manager):
    add(manager, photo=photo(picture_file()))
    reward = Reward.objects.get()
    assert bytes(reward.picture.content[:4]) == b"RIFF"

    change(manager, reward, name="Trà sen")
    assert Picture.objects.count() == 1  # No new file: the photo stays.
    change(manager, reward, photo=photo(picture_file("PNG", size=(30, 30))))
    assert Picture.objects.count() == 1
    change(manager, reward, no_photo="on")
    reward.refresh_from_db()
    assert (reward.picture, Picture.objects.count()) == (None, 0)


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'></svg>",
        picture_file() + b"<script>alert(1)</script>",
        b"MZ" + b"\x00" * 200,
        picture_file() + b"\x00" * (5 * 1024 * 1024),
    ],
)
def test_a_file_that_is_no_photo_is_refused(manager, data):
    page = add(manager, photo=photo(data))

    assert list(mistakes(page)) == ["photo"]
    assert (Reward.objects.count(), Picture.objects.count()) == (0, 0)


def test_the_list_says_what_each_is_worth(manager):
    RewardFactory(name="Trà sen", value_minor=45_000)
    RewardFactory(name="Giảm 10%", kind="discount_percent", percent=10, value_minor=0)

    page = manager.get(reverse("admin:rewards_reward_changelist")).content.decode()

    assert ["45.000đ" in page, ">10%<" in page, ">0đ<" in page] == [True, True, False]


def test_an_icon_is_chosen_from_those_there_are(manager):
    add(manager, icon="bread")
    page = add(manager, key="banh-mi", icon="rocket")

    assert list(mistakes(page)) == ["icon"]
    assert [reward.icon for reward in Reward.objects.all()] == ["bread"]


def test_an_icon_that_a_catalogue_named_stays(manager):
    reward = RewardFactory(key="tra-sen", icon="petal")

    change(manager, reward, icon="petal", name="Trà sen")

    reward.refresh_from_db()
    assert (reward.name, reward.icon) == ("Trà sen", "petal")


def said(page):
    """The page's words, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


def test_a_voucher_says_what_was_promised_where_it_came_from_and_where_it_went(manager):
    the_shop_says(COUPON + CARD.replace("needed = 10", "needed = 2"))
    thao, reward = customer_with_points(100), reward_of(key="giam", name="Giảm 20.000đ")
    RewardFactory(key="ca-phe-den", name="Cà phê đen")
    redeem_reward(customer=thao, reward=reward, source="x", reference="1", at=NOON, by=None)
    code = Voucher.objects.get().code
    sale = sell(
        thao, line(30_000, quantity="2", category="Cà phê"), reference="HD-7", vouchers=(code,)
    ).purchase
    void_purchase(
        purchase=sale, source="till", reference="v", reason="", at=NOON, recorded_at=NOON, by=None
    )
    Reward.objects.update(name="Giảm 5.000đ")

    whole_list = said(manager.get(reverse("admin:rewards_voucher_changelist")))
    pages = {
        voucher: said(manager.get(reverse("admin:rewards_voucher_change", args=[voucher.pk])))
        for voucher in Voucher.objects.order_by("pk")
    }

    points, card, coupon, back = pages.values()
    assert "Giảm 20.000đ" in points
    assert "Dùng trong hoá đơn HD-7" in points
    assert "Từ đâu có Điểm" in points
    assert "Từ đâu có Thẻ tem đủ tem" in card
    assert "Từ đâu có Phiếu lần sau lan-sau, có từ hoá đơn HD-7" in coupon
    assert "Từ đâu có Trả lại cho hoá đơn HD-7" in back
    for origin in ("Phiếu lần sau lan-sau, có từ hoá đơn HD-7", "Trả lại cho hoá đơn HD-7"):
        assert origin in whole_list
