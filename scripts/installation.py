"""What is made from the code before it can run: the virtual environment and the compiled texts."""

import fcntl
import hashlib
import os
import sys
import venv
from importlib.util import find_spec
from pathlib import Path

from processes import Failure, must_run, say

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = str(VENV / "bin" / "python")
RUN_LOCK = ROOT / "requirements.txt"
FULL_LOCK = ROOT / "requirements-dev.txt"  # Holds the run lock too.
STAMP = VENV / "installed"


def packages() -> Path:
    """Where the installed packages are."""
    return next((VENV / "lib").glob("python3*")) / "site-packages"


def install(lock: Path) -> None:
    """
    Bring `.venv` to what `lock` says; nothing to do when it already is, or holds more. Waits for
    another process that is at it.
    """
    (ROOT / ".local").mkdir(exist_ok=True)
    with (ROOT / ".local" / "install.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        _install(lock)


def _install(lock: Path) -> None:
    wanted = _digest(lock)
    stamp = STAMP.read_text().split() if STAMP.exists() else []
    if wanted in stamp and Path(PYTHON).exists():
        return
    if not Path(PYTHON).exists():
        _create()
    say(f"Installing {lock.name} …")
    command = [PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(lock)]
    env = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    must_run("Installing the packages", command, env=env)
    stamps = [_digest(RUN_LOCK), wanted] if lock == FULL_LOCK else [wanted]
    STAMP.write_text("\n".join(stamps) + "\n")


def compile_messages() -> None:
    """Compile the translations when they are newer than what was compiled before."""
    sources = (ROOT / "locale").glob("*/LC_MESSAGES/django.po")
    for source in sources:
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
            must_run("Compiling texts", [PYTHON, ROOT / "scripts" / "messages.py", "compile"])
            return


def _digest(lock: Path) -> str:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return hashlib.sha256(version.encode() + lock.read_bytes()).hexdigest()


def _create() -> None:
    say("Making .venv …")
    if find_spec("ensurepip") is None:
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        raise Failure(
            "This Python cannot make virtual environments. On Debian and Ubuntu:\n"
            f"    sudo apt-get install {package}"
        )
    venv.create(VENV, with_pip=True, clear=True)
