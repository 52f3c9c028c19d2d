"""Compiles the translations when they are newer than what was compiled before."""

from installation import PYTHON, ROOT
from processes import must_run


def compile_messages() -> None:
    sources = (ROOT / "locale").glob("*/LC_MESSAGES/django.po")
    for source in sources:
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
            must_run("Compiling texts", [PYTHON, ROOT / "scripts" / "messages.py", "compile"])
            return
