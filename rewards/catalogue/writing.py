"""Writing the catalogue as a document."""

from collections.abc import Iterator
from datetime import date

from rewards.models import Reward

_TEXTS = ("key", "name", "name_en", "description", "description_en", "kind", "icon")
_NUMBERS = (
    *("cost_points", "value_minor", "percent", "most_minor", "minimum_minor", "stock"),
    "most_per_customer",
)
# Keys of the document and the columns they stand for, where those have another name.
_DAYS = {"from": "starts_on", "to": "ends_on", "valid_until": "valid_until"}


def dump() -> str:
    """The rewards on offer as a document that `load` reads back without a change."""
    offered = Reward.objects.filter(is_active=True).order_by("position", "pk")
    return "\n".join("\n".join(["[[rewards]]", *_lines(reward), ""]) for reward in offered)


def _lines(reward: Reward) -> Iterator[str]:
    for key in _TEXTS:
        yield f"{key} = {_quoted(str(getattr(reward, key)))}"
    for key in _NUMBERS:
        yield from _number(key, getattr(reward, key))
    if reward.most_per:
        yield f"most_per = {_quoted(reward.most_per)}"
    yield from _number("most_total", reward.most_total)
    for key, column in _DAYS.items():
        yield from _day(key, getattr(reward, column))
    yield from _number("validity_days", reward.validity_days)
    yield from _number("usable_after_days", reward.usable_after_days or None)
    for key, names in {
        "tiers": reward.tiers,
        "branches": reward.branches,
        **reward.scope,
    }.items():
        if names:
            yield f"{key} = {_list(names)}"
    if reward.early_days is not None:
        yield f"early_access = {{tiers = {_list(reward.early_tiers)}, days = {reward.early_days}}}"


def _number(key: str, value: int | None) -> Iterator[str]:
    if value is not None:
        yield f"{key} = {value}"


def _day(key: str, value: date | None) -> Iterator[str]:
    if value is not None:
        yield f"{key} = {value.isoformat()}"


def _list(names: list[str]) -> str:
    return f"[{', '.join(_quoted(name) for name in names)}]"


def _quoted(text: str) -> str:
    """A basic TOML string (TOML 1.0, "String"): quotes, backslashes and controls escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    plain = (char if char >= " " and char != "\x7f" else f"\\u{ord(char):04x}" for char in escaped)
    return f'"{"".join(plain)}"'
