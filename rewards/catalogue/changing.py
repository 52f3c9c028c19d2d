"""Changing one reward by hand, by the rules of the document."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from loyalty.errors import InvalidInput
from rewards.catalogue.reading import read
from rewards.catalogue.totals import count, passed, standing
from rewards.catalogue.writing import written
from rewards.models import Reward
from rewards.pictures import drop_unused, keep_redrawn

PLACE = "rewards[1]."


def mistakes_in(reward: Reward) -> list[tuple[str, str]]:
    """
    What a document with this reward would be refused for: the keys, with what is wrong with each.
    """
    reader = read(written(reward)).reader
    found = [(key.removeprefix(PLACE), why) for key, why in reader.mistakes]
    if not found and (why := passed(reward, standing(reward))):
        found.append(("most_total", why))
    return found


@transaction.atomic
def save_reward(
    *, reward: Reward, columns: Collection[str], photo: bytes | None, at: datetime
) -> None:
    """
    Write a new reward, or those `columns` of one there is: what redeeming has changed of the others
    meanwhile stays. `photo` is a redrawn picture, empty to take it away, None to leave it. Raises
    InvalidInput when more were redeemed meanwhile than its new total allows.
    """
    # Pictures before rewards, as a loader locks them.
    picture = keep_redrawn(photo, at=at) if photo else None
    current, filled = reward, True
    if reward.pk is not None:
        filled = "stock" in columns
        current = Reward.objects.select_for_update().get(pk=reward.pk)
        for column in columns:
            setattr(current, column, getattr(reward, column))
    if why := count(current, filled=filled):
        raise InvalidInput("most_total", why)
    if photo is not None:
        current.picture = picture
    current.save()
    drop_unused()
