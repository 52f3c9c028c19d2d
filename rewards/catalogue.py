"""
The catalogue as a TOML document: read, compared by key, written back.

Money is in the shop's minor unit, points are whole. An unknown key is refused with its line. What
the document no longer has is retired and never deleted: its redemptions stay.
"""

import tomllib
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from loyalty.errors import DomainError
from loyalty.toml import Reader
from rewards.models import Reward

MAX_POINTS = 10**9
MAX_MONEY = 10**12
FIELDS = {
    *("key", "name", "name_en", "description", "description_en", "kind", "icon"),
    *("cost_points", "value_minor", "minimum_minor", "stock", "validity_days"),
}


class InvalidCatalogue(DomainError):
    """The document cannot be used; the text names each line, key and what is allowed."""


@dataclass(frozen=True)
class Loaded:
    added: int
    changed: int
    retired: int


def parse(text: str) -> list[Reward]:
    """
    The rewards of a document in its order, not saved. Raises InvalidCatalogue with every
    mistake found.
    """
    try:
        data = tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError is one; so is a number of thousands of digits.
        raise InvalidCatalogue(_("Not valid TOML: %(error)s") % {"error": error}) from error
    reader = Reader(text)
    root = reader.table("", data, {"rewards"})
    rows = reader.tables("rewards", root)
    rewards = [_reward(reader, *row, position=index) for index, row in enumerate(rows, 1)]
    keys = [reward.key for reward in rewards]
    for index, key in enumerate(keys):
        if key in keys[:index]:
            reader.refuse(f"rewards[{index + 1}]", "key", _("another reward has this key"))
    if reader.errors:
        raise InvalidCatalogue("\n".join(reader.errors))
    return rewards


def _reward(reader: Reader, place: str, row: dict[str, Any], *, position: int) -> Reward:
    reader.table(place, row, FIELDS)
    reward = Reward(
        key=reader.key(place, row, "key"),
        name=reader.text(place, row, "name"),
        name_en=reader.text(place, row, "name_en", default=""),
        description=reader.text(place, row, "description", default=""),
        description_en=reader.text(place, row, "description_en", default=""),
        kind=row.get("kind", Reward.Kind.FREE_ITEM),
        icon=reader.text(place, row, "icon", default="gift"),
        cost_points=reader.whole(place, row, "cost_points", 1, MAX_POINTS),
        value_minor=_money(reader, place, row, "value_minor"),
        minimum_minor=_money(reader, place, row, "minimum_minor"),
        stock=reader.optional_whole(place, row, "stock", 0, 10**6),
        validity_days=reader.optional_whole(place, row, "validity_days", 1, 3_650) or 30,
        is_active=True,
        position=position,
    )
    if reward.kind not in Reward.Kind.values:
        names = ", ".join(Reward.Kind.values)
        reader.refuse(place, "kind", _("one of: %(names)s") % {"names": names})
    if reward.kind == Reward.Kind.DISCOUNT_AMOUNT and not reward.value_minor:
        reader.refuse(place, "value_minor", _("a discount needs its amount"))
    if len(reward.icon) > 20:
        reader.refuse(place, "icon", _("the name of a picture, at most 20 letters"))
    return reward


def _money(reader: Reader, place: str, row: dict[str, Any], key: str) -> int:
    return reader.optional_whole(place, row, key, 0, MAX_MONEY) or 0


@transaction.atomic
def load(text: str) -> Loaded:
    """
    Make the catalogue what the document says and tell what that changed. Safe to repeat: the
    same document changes nothing. `stock` left out means unlimited; a number sets what is on
    the shelf now. Raises InvalidCatalogue, and then nothing is written.
    """
    wanted = parse(text)
    # One loader at a time, and no redemption takes from a shelf that is being counted.
    known = {reward.key: reward for reward in Reward.objects.select_for_update().order_by("pk")}
    added = [reward for reward in wanted if reward.key not in known]
    changed = [
        known[reward.key] for reward in wanted if reward.key in known and _copy(reward, known)
    ]
    Reward.objects.bulk_create(added)
    Reward.objects.bulk_update(changed, [*sorted(FIELDS - {"key"}), "is_active", "position"])
    retired = (
        Reward.objects.filter(is_active=True)
        .exclude(key__in=[reward.key for reward in wanted])
        .update(is_active=False)
    )
    return Loaded(len(added), len(changed), retired)


def _copy(wanted: Reward, known: dict[str, Reward]) -> bool:
    """Bring the known reward of that key up to the wanted one; whether anything differed."""
    reward = known[wanted.key]
    differs = False
    for field in (*FIELDS, "is_active", "position"):
        value = getattr(wanted, field)
        if getattr(reward, field) != value:
            setattr(reward, field, value)
            differs = True
    return differs


def dump() -> str:
    """The rewards on offer as a document that `load` reads back without a change."""
    offered = Reward.objects.filter(is_active=True).order_by("position", "pk")
    return "\n".join(_written(reward) for reward in offered)


def _written(reward: Reward) -> str:
    texts = ("key", "name", "name_en", "description", "description_en", "kind", "icon")
    numbers = ("cost_points", "value_minor", "minimum_minor", "validity_days", "stock")
    return "\n".join(
        [
            "[[rewards]]",
            *(f"{field} = {_quoted(str(getattr(reward, field)))}" for field in texts),
            *(
                f"{field} = {getattr(reward, field)}"
                for field in numbers
                if getattr(reward, field) is not None
            ),
            "",
        ]
    )


def _quoted(text: str) -> str:
    """A basic TOML string (TOML 1.0, "String"): quotes, backslashes and controls escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    plain = (char if char >= " " and char != "\x7f" else f"\\u{ord(char):04x}" for char in escaped)
    return f'"{"".join(plain)}"'
