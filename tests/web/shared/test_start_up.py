"""What the product refuses to start with."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def start(**settings: str) -> subprocess.CompletedProcess[str]:
    """Load the settings in a process of their own."""
    usual = {"SECRET_KEY": "k" * 50, "DEBUG": "False", "SECURE_COOKIES": "True"}
    return subprocess.run(
        [sys.executable, "-c", "import loyalty.settings"],
        cwd=ROOT,
        env={**os.environ, **usual, **settings},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_usual_settings_are_taken() -> None:
    assert start().returncode == 0


@pytest.mark.parametrize(
    "settings", [{"SECRET_KEY": ""}, {"SECRET_KEY": "short"}, {"DEBUG": "True"}]
)
def test_settings_that_would_open_a_real_shop_are_refused(settings: dict[str, str]) -> None:
    refused = start(**settings)

    assert refused.returncode != 0
    assert "ImproperlyConfigured" in refused.stderr


def test_on_ones_own_machine_errors_may_be_shown() -> None:
    assert start(DEBUG="True", SECURE_COOKIES="False").returncode == 0
