"""Programme documents that together use every key there is; programme_schema.py reads them."""

CONDITIONS = """
from = 2026-01-01
to = 2026-12-31
weekdays = ["mon"]
hours = ["14:00-17:00"]
branches = ["quan-1"]
min_order_minor = 1
code = "TET26"
"""
SCOPE = """
skus = ["a"]
categories = ["b"]
labels = ["c"]
not_skus = ["d"]
not_categories = ["e"]
not_labels = ["f"]
"""
DISCOUNT = f"""
key = "giam-gia"
name = "Giảm giá"
name_en = "Discount"
enabled = true
percent = 10
cap_minor = 1
priority = 1
stackable = true
stop = false
birthday = "week"
{CONDITIONS}
{SCOPE}
"""
BONUS = """
points = 1
expire_after_days = 30
tiers = {moi = 0, bac = 2}
"""

POINTS = """
[points]
name = "điểm"
name_en = "points"
pending_days = 1
expire_each_year_on = "31/12"
last_at_least_days = 30
unless_active = true
"""
EARNING = f"""
[basis]
discounts = "net"
tax = "with"
shipping = "without"
paid_with_points = "without"

[rounding]
mode = "floor"
stage = "step"

[[earn]]
key = "tien"
name = "Mua hàng"
name_en = "Purchase"
enabled = true
points = 1
per_minor = 10_000
cap_points = 1
cap_per = "day"
priority = 1
stackable = true
stop = false
tiers = ["moi"]
birthday = {{days = 3}}
{CONDITIONS}
{SCOPE}

[[earn]]
name = "Mỗi món"
points = 1
per = "unit"

[[earn]]
name = "Gấp đôi"
multiplier = 2

[[marks]]
name = "Hàng khuyến mãi"
name_en = "Reduced goods"
enabled = true
discounted = true
earns = false
counts_for_tier = true
pay_with_points = true
tiers = ["moi"]
birthday = "day"
{CONDITIONS}
{SCOPE}

[[discounts]]
tiers = ["moi"]
{DISCOUNT}

[[marks]]
name = "Thẻ quà"
earns = false

[[discounts]]
key = "it-nhat"
name = "Ít nhất"
percent = 1

[[discounts]]
key = "mua-2-tang-1"
name = "Mua 2 tặng 1"
buy = 2
get = 1
repeat = false

[pay]
enabled = true
money_minor = 1
points = 1
step = 1
minimum = 1
keep_at_least = 0
most_percent = 50
"""
TIERS = f"""
[tier_rules]
by = "spend"
and_by = "visits"
window = "rolling"
months = 12
downgrade = "review"
steps = "one"
grace_days = 30

[[tiers]]
key = "moi"
name = "Mới"
name_en = "New"
entry_minor = 0
entry_visits = 0
renewal_minor = 0
renewal_visits = 0
multiplier = 1
never_expire = true
free_shipping = true
perks = ["Nước suối"]
perks_en = ["Water"]

[[tiers.discounts]]
{DISCOUNT.replace("giam-gia", "gia-cua-hang")}

[[tiers.discounts]]
key = "it-nhat-trong-hang"
name = "Ít nhất"
percent = 1

[[tiers.discounts]]
key = "mua-1-tang-1-trong-hang"
name = "Mua 1 tặng 1"
buy = 1
get = 1
repeat = false

[[tiers]]
key = "bac"
name = "Bạc"
entry_minor = 1
entry_visits = 1
expire_after_days = 400

[[tiers]]
key = "vang"
name = "Vàng"
entry_minor = 2
entry_visits = 1
expire_after_months = 12

[[tiers]]
key = "kim-cuong"
name = "Kim cương"
entry_minor = 3
entry_visits = 1
expire_after_inactive_months = 12

[[tiers]]
key = "hong-ngoc"
name = "Hồng ngọc"
entry_minor = 4
entry_visits = 1
expire_each_year_on = "31/12"
last_at_least_days = 30
unless_active = false
"""
REST = f"""
[birthdays]
leap_day = "28/02"

[refunds]
clawback = "negative"
lowest = -100
spent_points = "pro_rata"

[bonuses]
late_days = 3
[bonuses.welcome]
{BONUS}
[bonuses.birthday]
window = "month"
{BONUS}
[bonuses.anniversary]
{BONUS}
[bonuses.profile]
{BONUS}
[bonuses.survey]
{BONUS}

[referral]
event = "first_sale"
min_order_minor = 1
referrer_points = 1
friend_points = 1
expire_after_days = 30
wait_days = 1
most_per_month = 1
most_per_year = 1
hold_above_per_day = 1
hold_above_per_cashier = 1

[[coupons]]
key = "lan-sau"
name = "Phiếu lần sau"
name_en = "Coupon"
enabled = true
reward = "qua"
valid_days = 30
usable_after_days = 1
repeat = true
birthday = "month"
tiers = ["moi"]
{CONDITIONS}
{SCOPE}

[[stamp_cards]]
key = "the"
name = "Thẻ"
name_en = "Card"
enabled = true
per = "unit"
needed = 10
reward = "qua"
valid_days = 30
most_per_sale = 10
tiers = ["moi"]
birthday = "month"
{CONDITIONS}
{SCOPE}
"""
FEWEST = """
[[coupons]]
key = "it-nhat"
name = "Phiếu"
reward = "qua"

[[stamp_cards]]
key = "the-nho"
name = "Thẻ"
needed = 2
reward = "qua"
"""
BY_POINTS = """
[points]
{expiry}

[[earn]]
name = "Mua hàng"
points = 1
per_minor = 1

[tier_rules]
by = "points"
window = "calendar_year"
carry_over = true
downgrade = "review"

[[tiers]]
key = "moi"
name = "Mới"
entry_points = 0
renewal_points = 0
"""
LEAST = """
[[earn]]
name = "Mua hàng"
points = 1
per_minor = 1

[[tiers]]
key = "moi"
name = "Mới"
entry_minor = 0
"""
WAYS = (
    "never_expire = true",
    "expire_after_days = 1",
    "expire_after_months = 1",
    "expire_after_inactive_months = 1",
)
SAMPLES = (
    POINTS + EARNING + TIERS + REST + FEWEST,
    LEAST,
    BY_POINTS.format(expiry="").replace("carry_over = true\n", ""),
    *(BY_POINTS.format(expiry=way) for way in WAYS),
)
