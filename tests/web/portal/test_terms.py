"""The rules of the programme as a visitor reads them."""

import pytest

from tests.factories.programmes import EVERYDAY
from tests.factories.shop import shop_with_programme
from tests.support.pages import PageClient, words

TIERS = """
[tier_rules]
by = "points"
and_by = "visits"
window = "rolling"
months = 12
downgrade = "review"
[[tiers]]
key = "moi"
name = "Mới"
entry_points = 0
entry_visits = 0
[[tiers]]
key = "vang"
name = "Vàng"
name_en = "Gold"
entry_points = 1_500
entry_visits = 4
renewal_points = 1_000
renewal_visits = 2
"""


@pytest.mark.django_db
def test_a_tier_says_what_it_asks_for_and_what_keeps_it(client: PageClient) -> None:
    shop_with_programme(EVERYDAY + TIERS)
    client.cookies["language"] = "vi"

    page = words(client.get("/terms"))

    assert "Vàng 1.500 điểm, 4 ngày mua hàng 1" in page
    assert "Vàng: giữ hạng từ 1.000 điểm và 2 ngày mua hàng." in page
