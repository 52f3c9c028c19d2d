"""
The Vietnamese catalogue without the GNU gettext tools. Texts in the code and the templates are
English; `locale/vi` holds the Vietnamese of each. English needs no catalogue.

  update            read the sources, add what is new, drop what is gone, keep every translation
  check             exit 1 and list what is missing, gone, or differs in its placeholders
  fill FILE.json …  take translations from {"English": "Tiếng Việt"} or {"one": ["một dạng"]}
  compile           write the .mo files that Django reads
"""

import sys
from importlib.util import find_spec

# Before the imports, at which another Python would fail with other words.
if find_spec("django") is None or find_spec("babel") is None:
    sys.exit("This Python has no Django. Run: .venv/bin/python scripts/messages.py …")

import argparse
import json
import re
from collections.abc import Collection, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import django.conf
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LOCALE = "vi"
CATALOGUE = ROOT / "locale" / LOCALE / "LC_MESSAGES" / "django.po"
SOURCES = ("loyalty", "customers", "rewards", "campaigns", "templates")
# Packages whose pages our users see and which bring no Vietnamese of their own.
FOREIGN_PACKAGES = ("unfold",)
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")
WIDTH = 100


def extract_template(
    source: BinaryIO,
    keywords: Mapping[str, Any],
    comment_tags: Collection[str],
    options: Any,
) -> Iterator[tuple[int, str, Any, list[str]]]:
    """Babel's extraction method for Django templates."""
    calls = templatize(source.read().decode())
    # Django writes the tags as Python calls amid blanked-out text, whose indentation means nothing.
    python = "\n".join(line.strip() for line in calls.splitlines())
    found: Any = extract_python(BytesIO(python.encode()), keywords, comment_tags, options)
    yield from found


METHODS: list[tuple[str, Any]] = [
    ("**/migrations/**.py", "ignore"),
    # Parts of unfold that we do not use.
    ("contrib/**", "ignore"),
    ("templates/unfold_crispy/**", "ignore"),
    ("**.py", "python"),
    ("**.html", extract_template),
    ("**.txt", extract_template),
]


def extract() -> Catalog:
    """Every text in the sources that people read, with the files it stands in."""
    catalogue = Catalog(locale=LOCALE, domain="django")
    folders = [(ROOT / name, name) for name in SOURCES]
    for folder, shown in folders:
        _extract_folder(folder, shown, into=catalogue)
    translated_by_django = _django_translations()
    for name in FOREIGN_PACKAGES:
        found = Catalog(locale=LOCALE)
        _extract_folder(_package_folder(name), name, into=found)
        for message in found:
            if message.id and message.id not in translated_by_django:
                catalogue.add(message.id, locations=message.locations, context=message.context)
    return catalogue


def _extract_folder(folder: Path, shown: str, *, into: Catalog) -> None:
    found = extract_from_dir(
        folder, METHODS, keywords=KEYWORDS, comment_tags=["Translators:"], strip_comment_tags=True
    )
    for filename, _line, text, comments, context in found:
        if text:
            _refuse_another_form(into.get(text, context), text, filename)
            into.add(
                text,
                locations=[(f"{shown}/{filename}", 0)],
                auto_comments=comments,
                context=context,
            )


def _refuse_another_form(known: Message | None, text: Any, filename: str) -> None:
    """
    Exit for a text that stands here with a plural form and elsewhere without: the catalogue holds one
    of the two, and Python 3.11.2 does not find the other. A context tells them apart.
    """
    if known is not None and known.pluralizable != isinstance(text, tuple):
        sys.exit(f"{filename}: once with a plural form, once without: {_singular(known)!r}")


def _package_folder(name: str) -> Path:
    return Path(django.conf.__file__).parent.parent.parent / name


def _django_translations() -> set[Any]:
    """What Django itself says in Vietnamese, in its apps that we install."""
    files = Path(django.conf.__file__).parent.parent.rglob(f"locale/{LOCALE}/*/django.po")
    return {
        message.id
        for file in files
        if "admindocs" not in file.parts
        for message in _read(file)
        if message.id and message.string
    }


def _read(file: Path) -> Catalog:
    if not file.exists():
        return Catalog(locale=LOCALE, domain="django")
    with file.open("rb") as source:
        return read_po(source, locale=LOCALE, domain="django", ignore_obsolete=True)


def _write(catalogue: Catalog) -> None:
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    output = BytesIO()
    catalogue.header_comment = (
        "# Vietnamese texts. Written by scripts/messages.py; edit the msgstr lines only."
    )
    write_po(
        output, catalogue, width=WIDTH, sort_output=True, include_lineno=False, ignore_obsolete=True
    )
    # Times in the header would differ on each run.
    lines = output.getvalue().decode().splitlines(keepends=True)
    unwanted = ('"POT-Creation-Date', '"PO-Revision-Date', '"Generated-By')
    CATALOGUE.write_text("".join(line for line in lines if not line.startswith(unwanted)))


def update() -> int:
    catalogue = _read(CATALOGUE)
    catalogue.update(extract(), no_fuzzy_matching=True)
    _write(catalogue)
    missing = sum(not _is_translated(message) for message in catalogue if message.id)
    print(f"{len(catalogue)} texts, {missing} without Vietnamese.")
    return 0


def fill(files: list[Path]) -> int:
    """Put translations from JSON into the catalogue; later files win."""
    update()
    catalogue = _read(CATALOGUE)
    by_singular = {_singular(message): message for message in catalogue if message.id}
    unknown = 0
    for file in files:
        for text, translation in json.loads(file.read_text()).items():
            message = by_singular.get(text)
            if message is None:
                print(f"{file.name}: not in the sources: {text!r}")
                unknown += 1
                continue
            forms = translation if isinstance(translation, list) else [translation]
            message.string = tuple(forms[:1]) if message.pluralizable else forms[0]
            message.flags.discard("fuzzy")
    _write(catalogue)
    print(f"{unknown} unknown.")
    return 0


def check() -> int:
    """Compare the catalogue with the sources; say everything that is wrong with it."""
    catalogue, sources = _read(CATALOGUE), extract()
    wanted = {_key(message): message for message in sources if message.id}
    known = {_key(message): message for message in catalogue if message.id}
    problems = [f"not in the catalogue: {key[0]!r}" for key in wanted.keys() - known.keys()]
    problems += [f"no longer used: {key[0]!r}" for key in known.keys() - wanted.keys()]
    for key in wanted.keys() & known.keys():
        problems += _problems_of(known[key])
    for problem in sorted(problems):
        print(problem)
    if problems:
        print(
            f"{len(problems)} problems in {CATALOGUE.relative_to(ROOT)}; `update` mends the first two kinds."
        )
    return 1 if problems else 0


def _problems_of(message: Message) -> list[str]:
    if not _is_translated(message):
        return [f"without Vietnamese: {_singular(message)!r}"]
    if message.fuzzy:
        return [f"marked fuzzy: {_singular(message)!r}"]
    # Of a plural, the one Vietnamese form is said for every number, so it needs the plural's.
    original = _forms(message.id)[-1]
    translation = _forms(message.string)[0]
    if sorted(PLACEHOLDER.findall(original)) != sorted(PLACEHOLDER.findall(translation)):
        return [f"other placeholders: {original!r} → {translation!r}"]
    return []


def _key(message: Message) -> tuple[Any, str | None]:
    return message.id, message.context


def _singular(message: Message) -> str:
    return _forms(message.id)[0]


def _is_translated(message: Message) -> bool:
    return all(_forms(message.string))


def _forms(text: Any) -> tuple[str, ...]:
    """The forms of a text that has a plural, or its only one."""
    return (text or "",) if isinstance(text, str | None) else tuple(text) or ("",)


def compile_catalogue() -> int:
    with CATALOGUE.with_suffix(".mo").open("wb") as output:
        write_mo(output, _read(CATALOGUE))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("verb", choices=["update", "check", "fill", "compile"])
    parser.add_argument("files", nargs="*", type=Path)
    options = parser.parse_args()
    if options.verb == "fill":
        return fill(options.files)
    return {"update": update, "check": check, "compile": compile_catalogue}[options.verb]()


if __name__ == "__main__":
    sys.exit(main())
