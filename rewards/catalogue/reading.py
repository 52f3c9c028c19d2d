"""Reading the document: every mistake in it, named by line and key. No query."""

import tomllib
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from loyalty.errors import DomainError
from loyalty.programme import scope
from loyalty.toml import Reader
from rewards.models import Reward
from rewards.models.catalogue import USUAL_DAYS

Kind = Reward.Kind
MAX_POINTS = 10**9
MAX_MONEY = 10**12
MAX_COUNT = 10**6
MAX_DAYS = 3_650
_LIMITS = {"stock", "most_per_customer", "most_per", "most_total", "from", "to", "early_access"}
_VOUCHER = {"usable_after_days", "validity_days", "valid_until"}
KEYS = {
    *("key", "name", "name_en", "description", "description_en", "kind", "icon", "picture"),
    *("cost_points", "value_minor", "percent", "most_minor", "minimum_minor", "tiers", "branches"),
    *_LIMITS,
    *_VOUCHER,
    *scope.KEYS,
}


class InvalidCatalogue(DomainError):
    """The document cannot be used; the text names each line, key and what is allowed."""


@dataclass(frozen=True)
class Document:
    """What a document says, and the reader that has collected what is wrong with it so far."""

    reader: Reader
    rewards: list[Reward]  # Not saved, in their order; the first is `rewards[1]` to the reader.
    pictures: dict[str, str]  # Names of files by the rewards' keys; empty: none any more.

    def finish(self) -> None:
        """Raise InvalidCatalogue when anything was wrong."""
        if self.reader.errors:
            raise InvalidCatalogue("\n".join(self.reader.errors))


def parse(text: str) -> list[Reward]:
    """
    The rewards of a document in its order, not saved. Raises InvalidCatalogue with every
    mistake found.
    """
    document = read(text)
    document.finish()
    return document.rewards


def read(text: str) -> Document:
    """All that can be read of it. Raises InvalidCatalogue for what is no TOML."""
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
    pictures = {
        reward.key: reader.text(place, row, "picture", default="")
        for reward, (place, row) in zip(rewards, rows, strict=True)
        if "picture" in row
    }
    return Document(reader, rewards, pictures)


def _reward(reader: Reader, place: str, row: dict[str, Any], *, position: int) -> Reward:
    reader.table(place, row, KEYS)
    kind = row.get("kind", Kind.FREE_ITEM)
    if kind not in Kind.values:
        reader.refuse(place, "kind", _("one of: %(names)s") % {"names": ", ".join(Kind.values)})
        kind = Kind.FREE_ITEM
    reward = Reward(
        key=reader.key(place, row, "key"),
        name=reader.text(place, row, "name"),
        name_en=reader.text(place, row, "name_en", default=""),
        description=reader.text(place, row, "description", default=""),
        description_en=reader.text(place, row, "description_en", default=""),
        kind=kind,
        icon=reader.text(place, row, "icon", default="gift"),
        cost_points=reader.whole(place, row, "cost_points", 1, MAX_POINTS),
        is_active=True,
        position=position,
    )
    if len(reward.icon) > 20:
        reader.refuse(place, "icon", _("the name of a picture, at most 20 letters"))
    _read_worth(reader, place, row, reward)
    _read_limits(reader, place, row, reward)
    _read_days(reader, place, row, reward)
    _read_voucher(reader, place, row, reward)
    return reward


def _read_worth(reader: Reader, place: str, row: dict[str, Any], reward: Reward) -> None:
    """What it is worth, and for which goods."""
    of_percent = reward.kind == Kind.DISCOUNT_PERCENT
    reward.value_minor = reader.optional_whole(place, row, "value_minor", 0, MAX_MONEY) or 0
    reward.minimum_minor = reader.optional_whole(place, row, "minimum_minor", 0, MAX_MONEY) or 0
    if reward.kind == Kind.DISCOUNT_AMOUNT and not reward.value_minor:
        reader.refuse(place, "value_minor", _("a discount needs its amount"))
    if of_percent:
        reward.percent = reader.whole(place, row, "percent", 1, 100)
        reward.most_minor = reader.optional_whole(place, row, "most_minor", 1, MAX_MONEY)
    for key in {"percent", "most_minor"} & row.keys() if not of_percent else ():
        reader.refuse(place, key, _('only with kind = "discount_percent"'))
    named = scope.KEYS & row.keys()
    if reward.kind == Kind.GIFT:
        for key in named:
            reader.refuse(place, key, _("a gift is not of the goods on the bill"))
    reward.scope = {key: _names(reader, place, row, key) for key in sorted(named)}


def _read_limits(reader: Reader, place: str, row: dict[str, Any], reward: Reward) -> None:
    """How many there are, and for whom."""
    reward.stock = reader.optional_whole(place, row, "stock", 0, MAX_COUNT)
    reward.most_total = reader.optional_whole(place, row, "most_total", 1, MAX_COUNT)
    reward.most_per_customer = reader.optional_whole(place, row, "most_per_customer", 1, MAX_COUNT)
    reward.tiers = _names(reader, place, row, "tiers")
    reward.branches = _names(reader, place, row, "branches")
    if reward.most_per_customer is None:
        if "most_per" in row:
            reader.refuse(place, "most_per", _("only with most_per_customer"))
        return
    reward.most_per = row.get("most_per", Reward.Per.EVER)
    if reward.most_per not in Reward.Per.values:
        names = ", ".join(Reward.Per.values)
        reader.refuse(place, "most_per", _("one of: %(names)s") % {"names": names})


def _read_days(reader: Reader, place: str, row: dict[str, Any], reward: Reward) -> None:
    """When it can be redeemed, and by whom some days before."""
    reward.starts_on = reader.optional_day(place, row, "from")
    reward.ends_on = reader.optional_day(place, row, "to")
    if reward.starts_on and reward.ends_on and reward.ends_on < reward.starts_on:
        reader.refuse(place, "to", _("not before the first day"))
    if "early_access" not in row:
        return
    below = f"{place}.early_access"
    early = reader.table(below, row["early_access"], {"tiers", "days"})
    if reward.starts_on is None:
        reader.refuse(place, "early_access", _("only with a first day: from"))
    reward.early_tiers = _names(reader, below, early, "tiers")
    if not reward.early_tiers and "tiers" not in early:
        reader.refuse(below, "tiers", _('a list of texts, such as ["a", "b"]'))
    reward.early_days = reader.whole(below, early, "days", 1, 365)


def _read_voucher(reader: Reader, place: str, row: dict[str, Any], reward: Reward) -> None:
    """From when until when its voucher can be used."""
    after = reader.optional_whole(place, row, "usable_after_days", 0, 365) or 0
    days = reader.optional_whole(place, row, "validity_days", 1, MAX_DAYS)
    reward.valid_until = reader.optional_day(place, row, "valid_until")
    reward.usable_after_days = after
    reward.validity_days = None if reward.valid_until else days or USUAL_DAYS
    if reward.valid_until and days:
        reader.refuse(place, "valid_until", _("either this or validity_days"))
    if reward.valid_until and reward.starts_on and reward.valid_until < reward.starts_on:
        reader.refuse(place, "valid_until", _("not before the first day"))
    if reward.validity_days is not None and after > reward.validity_days:
        reader.refuse(place, "usable_after_days", _("not after the voucher's last day"))


def _names(reader: Reader, place: str, row: dict[str, Any], key: str) -> list[str]:
    names = reader.texts(place, row, key)
    if any(not name.strip() or len(name) > 100 or "\x00" in name for name in names):
        reader.refuse(place, key, _('a list of texts, such as ["a", "b"]'))
    return names
