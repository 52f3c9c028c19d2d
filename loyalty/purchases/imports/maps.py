"""
Where a map comes from: a file, one saved beside the data or one of ours by its name, or none for
a header in our words.
"""

from pathlib import Path

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from loyalty.commands import read_document
from loyalty.errors import DomainError
from loyalty.purchases.imports.layout import USUAL, USUAL_CUSTOMERS, About, Layout
from loyalty.purchases.imports.parsing import parse

READY = Path(__file__).with_name("presets")


def ready(about: About) -> list[str]:
    """The names of our own maps for files about that."""
    return sorted(path.stem for path in (READY / about).glob("*.toml"))


def layout_of(name: str | None, about: About, beside: Path | None = None) -> Layout:
    """The map of that name, for a file that lies `beside` its own maps. Raises CommandError that names the file and what is wrong."""
    if name is None:
        return USUAL if about is About.SALES else USUAL_CUSTOMERS
    saved = [Path(name)] + ([beside.parent / f"{name}.toml"] if beside else [])
    found = [path for path in (*saved, READY / about / f"{name}.toml") if path.is_file()]
    if not found:
        names = ", ".join(ready(about))
        why = _("%(map)s: there is no such file, and no ready map of that name: %(names)s")
        raise CommandError(why % {"map": name, "names": names})
    try:
        return parse(read_document(found[0]), about)
    except DomainError as error:
        raise CommandError(f"{found[0]}: {error}") from error
