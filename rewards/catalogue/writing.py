"""Writing the catalogue as a document."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from rewards.models import Picture, Reward

_TEXTS = ("key", "name", "name_en", "description", "description_en", "kind", "icon")
_NUMBERS = (
    *("cost_points", "value_minor", "percent", "most_minor", "minimum_minor", "stock"),
    "most_per_customer",
)
# Keys of the document and the columns they stand for, where those have another name.
_DAYS = {"from": "starts_on", "to": "ends_on", "valid_until": "valid_until"}


def dump(*, folder: Path | None = None) -> str:
    """
    The rewards on offer as a document that `load` reads back without a change. Their pictures go
    into `folder`, and the document names them; without one it does not speak of pictures.
    """
    offered = Reward.objects.filter(is_active=True).order_by("position", "pk")
    if folder is not None:
        _write_pictures(folder)
    return "\n".join(written(reward, *_picture(reward, folder)) for reward in offered)


def written(reward: Reward, *more: str) -> str:
    """One reward as a table of the document, with these lines at its end."""
    return "\n".join(["[[rewards]]", *_lines(reward), *more, ""])


def _write_pictures(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for picture in Picture.objects.filter(rewards__is_active=True).distinct().iterator(10):
        (folder / f"{picture.pk}.webp").write_bytes(picture.content)


def _picture(reward: Reward, folder: Path | None) -> Iterator[str]:
    if folder is not None and reward.picture_id is not None:
        yield f'picture = "{reward.picture_id}.webp"'


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
    if reward.early_days is not None or reward.early_tiers:
        days = reward.early_days or 0
        yield f"early_access = {{tiers = {_list(reward.early_tiers)}, days = {days}}}"


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
