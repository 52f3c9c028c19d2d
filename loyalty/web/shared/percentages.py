"""Percentages as people of a language write them."""

from django.utils.translation import get_language

from loyalty.reports.shares import Share

NONE = "–"  # Nothing was counted, so there is no rate.


def decimal(tenths: int) -> str:
    """684 → 68,4."""
    mark = "." if get_language() == "en" else ","
    return f"{tenths // 10}{mark}{tenths % 10}"


def percent(share: Share) -> str:
    """With one decimal and its sign, or a dash."""
    return NONE if share.tenths is None else f"{decimal(share.tenths)}%"
