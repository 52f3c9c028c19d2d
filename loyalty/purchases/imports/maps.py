"""
Where a map comes from: a file, one saved beside the data, one of ours or one that an owner made by
its name, or none for a header in our words.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from django.utils.translation import gettext as _

from loyalty.commands import read_document
from loyalty.errors import DomainError
from loyalty.purchases.imports.layout import USUAL, USUAL_CUSTOMERS, About, Layout
from loyalty.purchases.imports.parsing import parse
from loyalty.purchases.models import ColumnMap

READY = Path(__file__).with_name("presets")


class UnknownMap(DomainError):
    """No file and no map has that name."""


def ready(about: About) -> list[str]:
    """The names of our own maps for files about that."""
    return sorted(path.stem for path in (READY / about).glob("*.toml"))


def saved(about: About) -> list[ColumnMap]:
    """Those that owners of this shop made."""
    return list(ColumnMap.objects.filter(about=about))


def layout_of(name: str | None, about: About, beside: Path | None = None) -> Layout:
    """
    The map of that name, for a file that lies `beside` its own maps. Raises UnknownMap, InvalidMap
    that names the map and what is wrong, CommandError for a file that is none.
    """
    if name is None:
        return named("", about)
    files = [Path(name)] + ([beside.parent / f"{name}.toml"] if beside else [])
    found = [path for path in files if path.is_file()]
    if found:
        return _parsed(str(found[0]), read_document(found[0]), about)
    return named(name, about)


def named(name: str, about: About) -> Layout:
    """One of ours, or of the shop's owners; empty: in our words. Raises UnknownMap, InvalidMap."""
    if not name:
        return USUAL if about is About.SALES else USUAL_CUSTOMERS
    if name in ready(about):
        return _parsed(name, _text_of(name, about), about)
    own = ColumnMap.objects.filter(about=about, key=name).first()
    if own is not None:
        return _parsed(name, own.text, about)
    why = _("%(map)s: there is no such file, and no map of that name: %(names)s")
    raise UnknownMap(why % {"map": name, "names": ", ".join(names(about))})


def names(about: About) -> list[str]:
    """What maps for such files are called, ours first."""
    return [*ready(about), *(own.key for own in saved(about))]


def known_maps(about: About) -> Iterator[Layout]:
    """All of them that can be read."""
    for name in names(about):
        with suppress(DomainError):  # One that an owner made for an earlier version.
            yield named(name, about)


def _text_of(name: str, about: About) -> str:
    return read_document(READY / about / f"{name}.toml")


def _parsed(name: str, text: str, about: About) -> Layout:
    try:
        return parse(text, about)
    except DomainError as error:
        raise type(error)(f"{name}: {error}") from error
