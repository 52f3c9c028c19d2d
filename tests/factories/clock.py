"""The moment tests live in: noon in the shop, a Sunday in November."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

NOON = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)  # 12:00 in Ho Chi Minh City.

SAIGON = ZoneInfo("Asia/Ho_Chi_Minh")
