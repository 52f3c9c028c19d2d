"""Rewards of the demo that show what the catalogue can say."""

from datetime import datetime, timedelta

OPENS_AFTER = timedelta(days=10)
DOCUMENT = """
[[rewards]]
key = "giam-10-phan-tram"
name = "Giảm 10%"
name_en = "10% off"
description = "Mỗi tháng một lần, giảm tối đa 30.000đ."
description_en = "Once a month, at most 30,000đ."
kind = "discount_percent"
percent = 10
most_minor = 30_000
most_per_customer = 1
most_per = "month"
cost_points = 60
icon = "cut"

[[rewards]]
key = "hoc-rang-xay"
name = "Một giờ học rang xay"
name_en = "An hour at the roaster"
description = "Rang một mẻ cùng thợ của quán, mang về 100 g."
description_en = "Roast a batch with us and take 100 g home."
kind = "gift"
tiers = ["vang", "kim-cuong"]
most_total = 40
usable_after_days = 2
validity_days = 90
cost_points = 220
value_minor = 250_000
icon = "bean"

[[rewards]]
key = "hop-qua-mua-le"
name = "Hộp quà mùa lễ"
name_en = "Holiday box"
description = "Cà phê, mứt gừng và thiệp của quán."
description_en = "Coffee, candied ginger and a card."
kind = "gift"
from = {opens_on}
early_access = {{tiers = ["vang", "kim-cuong"], days = 7}}
stock = 30
cost_points = 380
value_minor = 180_000
icon = "gift"
"""


def more_rewards(*, at: datetime) -> str:
    """The rewards, as tables of the catalogue's document; one of them opens soon after `at`."""
    return DOCUMENT.format(opens_on=(at + OPENS_AFTER).date().isoformat())
