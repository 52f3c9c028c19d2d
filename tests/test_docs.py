"""The documents stay true: every setting is explained, and every link leads somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
SETTINGS = (ROOT / "loyalty/settings.py").read_text(encoding="utf-8")
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
CONFIGURATION = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")


def test_every_variable_the_settings_read_is_explained_and_no_other():
    read = set(re.findall(r'\benv(?:\.\w+)?\(\s*"([A-Z_]+)"', SETTINGS))
    read |= set(re.findall(r"\$\{([A-Z_]+)", COMPOSE))

    assert set(re.findall(r"^\| `([A-Z_]+)`", CONFIGURATION, flags=re.MULTILINE)) == read


def test_the_example_names_every_variable_that_has_no_default():
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    needed = set(re.findall(r"\$\{([A-Z_]+):\?", COMPOSE)) | {"SECRET_KEY", "DATABASE_URL"}

    assert needed <= set(re.findall(r"^(?:# )?([A-Z_]+)=", example, flags=re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]

    assert [
        target
        for target in targets
        if target and "://" not in target and not (page.parent / target).exists()
    ] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_named_in_a_page_exist(page):
    text = page.read_text(encoding="utf-8")
    named = re.findall(
        r"`((?:docs|scripts|loyalty|tests|customers|rewards|campaigns)/[\w/.-]+)`", text
    )

    assert [path for path in named if not (ROOT / path).exists()] == []
