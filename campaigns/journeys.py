"""Journeys: who is due a message today. Set-based, one statement, safe to run as often as one likes."""

from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from customers.signin import CODE_LIFE
from loyalty.dates import end_of_day, local_date
from loyalty.programme.birthdays import LeapDay, Window, occasions_on
from loyalty.programme.versions import NoProgramme, in_force
from loyalty.shop.queries import get_shop

SEND_HOUR = time(9)  # Shop time.
CATCH_UP_DAYS = 2  # A run missed for so long still sends; a wish later than that would be odd.
PATIENCE = timedelta(days=3)  # From SEND_HOUR on; then the message expires unsent.

# Once a year for a customer and channel: the outbox's own key refuses the second.
_ENQUEUE_BIRTHDAYS = """
INSERT INTO campaigns_message
    (campaign_id, customer_id, message_class, occasion, channel, state,
     send_after, not_after, attempts, detail, address_digest)
SELECT
    campaign.id, customer.id, 'advert', due.occasion, campaign.channel, 'queued',
    greatest(due.opens_at, %(at)s), due.not_after, 0, '', ''
FROM unnest(
    %(months)s::int[], %(days)s::int[], %(lunar)s::boolean[], %(occasions)s::text[],
    %(opens)s::timestamptz[], %(closes)s::timestamptz[], %(ends)s::timestamptz[]
) AS due (month, day, lunar, occasion, opens_at, not_after, ends_at)
JOIN customers_customer AS customer
    ON customer.birth_month = due.month AND customer.birth_day = due.day
    AND customer.birth_lunar = due.lunar
JOIN campaigns_campaign AS campaign
    ON campaign.kind = 'birthday' AND campaign.is_active
WHERE EXISTS (
        SELECT FROM customers_customer AS row
        WHERE (row.id = customer.id OR row.merged_into_id = customer.id)
            AND CASE campaign.channel WHEN 'email' THEN row.email ELSE row.phone END <> ''
    )
    AND customer.merged_into_id IS NULL
    -- Whoever joined after the day has not missed a wish.
    AND customer.joined_at <= %(at)s AND customer.joined_at < due.ends_at
ON CONFLICT (customer_id, occasion, channel) DO NOTHING
"""

_ENQUEUE_SIGN_IN_CODES = """
INSERT INTO campaigns_message
    (challenge_id, customer_id, message_class, occasion, channel, state,
     send_after, not_after, attempts, detail, address_digest)
SELECT id, customer_id, 'service', 'sign-in:' || id, channel, 'queued',
    created_at, created_at + make_interval(secs => %(life)s), 0, '', ''
FROM customers_signinchallenge
WHERE created_at > %(since)s AND closed_at IS NULL AND customer_id IS NOT NULL
ON CONFLICT (customer_id, occasion, channel) DO NOTHING
"""


def enqueue_due(*, at: datetime) -> int:
    """
    Write a birthday message for every customer whose day it is in the shop, or was in the last two
    days, and whom a running campaign can reach; returns how many. They go out from 09:00 shop
    time. Whether they may is asked when they are sent. Safe to run twice, late or in parallel.
    """
    zone = get_shop().zone
    today = local_date(at, zone)
    window = Window(leap_day=_leap_day(at))
    due = [
        one
        for back in range(CATCH_UP_DAYS + 1)
        for one in occasions_on(today - timedelta(days=back), window=window)
    ]
    opens = [_opening(occasion.day, zone) for _birthday, occasion in due]
    with connection.cursor() as cursor:
        cursor.execute(
            _ENQUEUE_BIRTHDAYS,
            {
                "at": at,
                "months": [birthday.month for birthday, _occasion in due],
                "days": [birthday.day for birthday, _occasion in due],
                "lunar": [birthday.lunar for birthday, _occasion in due],
                "occasions": [f"birthday:{occasion.year}" for _birthday, occasion in due],
                "opens": opens,
                "closes": [moment + PATIENCE for moment in opens],
                "ends": [end_of_day(occasion.day, zone) for _birthday, occasion in due],
            },
        )
        return int(cursor.rowcount)


def enqueue_sign_in_codes(*, at: datetime) -> int:
    """
    Write a message for every sign-in code somebody known asked for and can still use; returns how
    many. The request that asked only wakes a worker, so that it is the same, to the query, for a
    phone nobody has. Safe to run twice, late or in parallel.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _ENQUEUE_SIGN_IN_CODES, {"since": at - CODE_LIFE, "life": CODE_LIFE.total_seconds()}
        )
        return int(cursor.rowcount)


def _leap_day(at: datetime) -> LeapDay:
    """When those born on 29 February are wished well in other years, as the rules say."""
    with suppress(NoProgramme):
        return in_force(at).programme.leap_day
    return LeapDay.BEFORE


def _opening(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, SEND_HOUR, tzinfo=zone).astimezone(UTC)
