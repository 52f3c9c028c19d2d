"""Shops that differ in what becomes of points when goods come back."""

from datetime import datetime

from loyalty.programme.versions import publish
from tests.factories.clock import NOON
from tests.factories.shop import STARTERS

LONG_AGO = NOON.replace(year=1991)


def returns_say(rules: str, *, since: datetime = LONG_AGO) -> None:
    """From then on the café's document has these `rules` under [refunds]."""
    document = (STARTERS / "cafe.toml").read_text(encoding="utf-8")
    publish(document=f"{document}\n[refunds]\n{rules}\n", effective_from=since, at=NOON, by=None)
