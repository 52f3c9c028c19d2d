"""Programs beside the tests, to be talked to line by line and killed."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def start(module: str, *arguments: str, env: Mapping[str, str]) -> subprocess.Popen[str]:
    """Run a module of this folder; a signal to its group reaches its children too."""
    return subprocess.Popen(
        [sys.executable, "-m", f"tests.faults.{module}", *arguments],
        cwd=ROOT,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
