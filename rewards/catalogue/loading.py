"""Making the catalogue what its document says."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from loyalty.programme.versions import NoProgramme, in_force
from loyalty.shop.models import Branch
from loyalty.toml import Reader
from rewards.catalogue.reading import Document, read
from rewards.catalogue.totals import count
from rewards.models import Reward
from rewards.pictures import MOST_BYTES, PictureRefused, drop_unused, keep_picture

# Every column that the document decides.
COLUMNS = sorted(
    {field.attname for field in Reward._meta.concrete_fields}
    - {"id", "key", "redeemed_total", "stocked", "terms_id"}
)


@dataclass(frozen=True)
class Loaded:
    added: int
    changed: int
    retired: int


@transaction.atomic
def load(text: str, *, at: datetime, folder: Path | None = None) -> Loaded:
    """
    Make the catalogue what the document says and tell what that changed. Safe to repeat: the
    same document changes nothing. `stock` left out means unlimited; a number sets what is on
    the shelf now. Pictures are files in `folder`; a reward whose document names none keeps the
    one it has. Tiers are those of the programme in force at `at`. Raises InvalidCatalogue, and then
    nothing is written.
    """
    document = read(text)
    reader, wanted = document.reader, document.rewards
    _check_names(reader, wanted, at)
    pictures = _pictures(document, folder, at)
    document.finish()
    # One loader at a time, and nobody redeems from a reward that is being changed.
    known = {reward.key: reward for reward in Reward.objects.select_for_update().order_by("pk")}
    for reward in wanted:
        kept = known[reward.key].picture_id if reward.key in known else None
        reward.picture_id = pictures.get(reward.key, kept)
    added = [reward for reward in wanted if reward.key not in known]
    filled = {one.key for one in wanted if one.key in known and one.stock != known[one.key].stock}
    changed = [
        known[reward.key] for reward in wanted if reward.key in known and _copy(reward, known)
    ]
    for place, key in enumerate((reward.key for reward in wanted), 1):
        if key in known and (passed := count(known[key], filled=key in filled)):
            reader.refuse(f"rewards[{place}]", "most_total", passed)
    document.finish()
    for reward in added:
        count(reward, filled=True)
    Reward.objects.bulk_create(added)
    Reward.objects.bulk_update(changed, [*COLUMNS, "redeemed_total", "stocked"])
    retired = (
        Reward.objects.filter(is_active=True)
        .exclude(key__in=[reward.key for reward in wanted])
        .update(is_active=False)
    )
    drop_unused()
    return Loaded(len(added), len(changed), retired)


def _pictures(document: Document, folder: Path | None, at: datetime) -> dict[str, str | None]:
    """The pictures that the document names, kept, by the rewards' keys; None: none any more."""
    pictures: dict[str, str | None] = {}
    for index, reward in enumerate(document.rewards, 1):
        name = document.pictures.get(reward.key)
        if name:
            try:
                pictures[reward.key] = keep_picture(_file(name, folder), at=at).pk
            except PictureRefused as error:
                document.reader.refuse(f"rewards[{index}]", "picture", str(error))
        elif name is not None:
            pictures[reward.key] = None
    return pictures


def _file(name: str, folder: Path | None) -> bytes:
    """The file of that plain name; no more of it than a picture may have, and one byte."""
    if folder is None or name != Path(name).name or name.startswith("."):
        raise PictureRefused(_("the name of a file beside the document"))
    try:
        with (folder / name).open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise PictureRefused(_("there is no such file beside the document")) from error


def _check_names(reader: Reader, rewards: list[Reward], at: datetime) -> None:
    """Refuse tiers and branches that do not exist."""
    branches = set(Branch.objects.values_list("key", flat=True))
    tiers = _tiers(at) if any(r.tiers or r.early_tiers for r in rewards) else set()
    for index, reward in enumerate(rewards, 1):
        place = f"rewards[{index}]"
        for unknown in sorted(set(reward.branches) - branches):
            reader.refuse(place, "branches", _("no branch has the key %(key)s") % {"key": unknown})
        for unknown in sorted(set(reward.tiers) - tiers):
            reader.refuse(place, "tiers", _("no tier has the key %(key)s") % {"key": unknown})
        for unknown in sorted(set(reward.early_tiers) - tiers):
            text = _("no tier has the key %(key)s") % {"key": unknown}
            reader.refuse(place, "early_access", text)


def _tiers(at: datetime) -> set[str]:
    try:
        return {tier.key for tier in in_force(at).programme.tiers}
    except NoProgramme:
        return set()


def _copy(wanted: Reward, known: dict[str, Reward]) -> bool:
    """Bring the known reward of that key up to the wanted one; whether anything differed."""
    reward = known[wanted.key]
    differs = False
    for column in COLUMNS:
        value = getattr(wanted, column)
        if getattr(reward, column) != value:
            setattr(reward, column, value)
            differs = True
    return differs
