import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LOCKS = ["requirements.txt", "requirements-dev.txt"]
PINNED = re.compile(r"^([a-z0-9.-]+)(\[[a-z,]+\])?==(\S+)", re.MULTILINE)


def pins(lock: str) -> dict[str, str]:
    return {name: version for name, _, version in PINNED.findall((ROOT / lock).read_text())}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_has_a_version_and_a_hash_and_no_address(lock):
    text = (ROOT / lock).read_text()

    entries = re.split(r"\n(?=\S)", text.strip())
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
    assert "://" not in text


def test_the_full_lock_holds_the_run_lock():
    assert pins("requirements.txt").items() <= pins("requirements-dev.txt").items()


def test_every_dependency_says_why_it_is_there():
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    project = tomllib.loads("\n".join(lines))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]

    unexplained = [
        name for name in wanted if not any(f'"{name}",' in line and "# " in line for line in lines)
    ]
    assert unexplained == []
