"""The only writers of qualifications and standings. Callers hold the customer's account lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from loyalty.programme.versions import Rules
from loyalty.tiers.models import Qualification, Standing, TierChange

_ADD_QUALIFICATIONS = """
INSERT INTO tiers_qualification
    (customer_id, source, reference, spend_minor, occurred_at, recorded_at)
SELECT * FROM unnest(
    %s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::timestamptz[], %s::timestamptz[]
)
"""
_SAVE_STANDINGS = """
INSERT INTO tiers_standing (customer_id, tier_key, spend_minor, since, programme_version_id)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::timestamptz[], %s::bigint[])
ON CONFLICT (customer_id) DO UPDATE SET tier_key = excluded.tier_key,
    spend_minor = excluded.spend_minor, since = excluded.since,
    programme_version_id = excluded.programme_version_id
"""


@dataclass(frozen=True)
class Climb:
    """Where one customer stands, in memory; `qualify` gives the next one. Pure."""

    customer_id: int
    tier_key: str  # Empty before the first qualification.
    spend_minor: int
    since: datetime | None
    version_id: int | None

    def qualify(self, *, spend_minor: int, at: datetime, rules: Rules) -> "Climb":
        """
        The standing after one more event. A tier once reached is kept: lifetime spend only
        grows, and a later version that asks for more takes nobody's tier away.
        """
        spend = self.spend_minor + spend_minor
        programme = rules.programme
        reached = programme.tier_for_spend(spend)
        if self.tier_key and programme.tier(self.tier_key).entry_minor >= reached.entry_minor:
            return Climb(self.customer_id, self.tier_key, spend, self.since, self.version_id)
        return Climb(self.customer_id, reached.key, spend, at, rules.version_id)


def climbs_of(customer_ids: Sequence[int]) -> dict[int, Climb]:
    """Where each of these customers stands now; new ones at the very start. One query."""
    standings = {
        row.customer_id: Climb(
            row.customer_id, row.tier_key, row.spend_minor, row.since, row.programme_version_id
        )
        for row in Standing.objects.filter(customer_id__in=customer_ids)
    }
    return {pk: standings.get(pk) or Climb(pk, "", 0, None, None) for pk in customer_ids}


def record(
    *, qualifications: Sequence[Qualification], changes: Sequence[TierChange], ends: Sequence[Climb]
) -> None:
    """
    Keep what one or many sales came to: their qualification rows, the moves between tiers on
    the way, and where each customer stands at the end. The database refuses an event twice.
    """
    TierChange.objects.bulk_create(changes)
    with connection.cursor() as cursor:
        cursor.execute(
            _ADD_QUALIFICATIONS,
            [
                [row.customer_id for row in qualifications],
                [row.source for row in qualifications],
                [row.reference for row in qualifications],
                [row.spend_minor for row in qualifications],
                [row.occurred_at for row in qualifications],
                [row.recorded_at for row in qualifications],
            ],
        )
        cursor.execute(
            _SAVE_STANDINGS,
            [
                [end.customer_id for end in ends],
                [end.tier_key for end in ends],
                [end.spend_minor for end in ends],
                [end.since for end in ends],
                [end.version_id for end in ends],
            ],
        )


def change_between(
    before: Climb, after: Climb, *, at: datetime, recorded_at: datetime, rules: Rules
) -> TierChange | None:
    """The row that tells of a move from `before` to `after`, or None when the tier stayed."""
    if before.tier_key == after.tier_key:
        return None
    return TierChange(
        customer_id=after.customer_id,
        from_key=before.tier_key,
        to_key=after.tier_key,
        reason=TierChange.Reason.REACHED if before.tier_key else TierChange.Reason.JOINED,
        spend_minor=after.spend_minor,
        programme_version_id=rules.version_id,
        occurred_at=at,
        recorded_at=recorded_at,
    )
