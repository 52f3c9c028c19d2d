"""Which lines of a bill a rule is about, and reading that from the document. Pure."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from loyalty.programme.basket import Line
from loyalty.toml import Reader

KEYS = {"skus", "categories", "labels", "not_skus", "not_categories", "not_labels"}


@dataclass(frozen=True)
class Scope:
    """
    Of each list that names something, one must fit, and none of the `not_` lists; an empty
    scope covers every line. Capitals and the way marks are encoded make no difference.
    """

    skus: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    not_skus: tuple[str, ...] = ()
    not_categories: tuple[str, ...] = ()
    not_labels: tuple[str, ...] = ()

    def covers(self, line: Line) -> bool:
        sku, category = _folded([line.sku]), _folded([line.category])
        labels = _folded(line.labels)
        wanted, unwanted = self._wanted, self._unwanted
        return all(
            (not names or names & has) and not (others & has)
            for names, others, has in zip(wanted, unwanted, (sku, category, labels), strict=True)
        )

    @property
    def everything(self) -> bool:
        """Whether it covers every line there can be."""
        return self == Scope()

    @cached_property
    def _wanted(self) -> list[frozenset[str]]:
        return [_folded(names) for names in (self.skus, self.categories, self.labels)]

    @cached_property
    def _unwanted(self) -> list[frozenset[str]]:
        return [_folded(names) for names in (self.not_skus, self.not_categories, self.not_labels)]


def read(reader: Reader, place: str, row: dict[str, Any]) -> Scope:
    """The scope that `row` names."""
    return Scope(**{key: tuple(reader.texts(place, row, key)) for key in sorted(KEYS)})


def _folded(names: Iterable[str]) -> frozenset[str]:
    return frozenset(unicodedata.normalize("NFC", name).strip().casefold() for name in names)
