"""All that must hold before a change is good: style, types, templates, settings, texts, tests."""

import sys
from collections.abc import Sequence

from installation import PYTHON, ROOT, VENV, compile_messages
from processes import run, say
from stacks import Stack

BIN = VENV / "bin"
# What an installation on the internet sets: `check --deploy` must have nothing to say about it.
PRODUCTION = {
    "DEBUG": "False",
    "DEMO": "False",
    "ALLOWED_HOSTS": "loyalty.example",
    "SITE_URL": "https://loyalty.example",
    "SECURE_COOKIES": "True",
}
MANAGE = [PYTHON, "manage.py"]
# A process a processor, each with a database of its own; a file is the business of one of them. In
# their order: the long ones are not at the end, where one process would wait for the other.
TOGETHER = ["--numprocesses=auto", "--maxprocesses=4", "--dist=loadfile", "--no-loadscope-reorder"]
CHECKS = [
    ("ruff check", [str(BIN / "ruff"), "check"]),
    ("ruff format", [str(BIN / "ruff"), "format", "--check"]),
    ("mypy", [str(BIN / "mypy")]),
    ("djlint", [str(BIN / "djlint"), "templates", "--lint", "--quiet"]),
    ("makemigrations --check", [*MANAGE, "makemigrations", "--check", "--dry-run"]),
    ("check --deploy", [*MANAGE, "check", "--deploy", "--fail-level=WARNING"]),
    ("texts in Vietnamese", [PYTHON, "scripts/messages.py", "check"]),
]


def run_checks(stack: Stack) -> list[str]:
    """Run every check, each with its name above what it says; return the names of those that failed."""
    failed = []
    for name, command in CHECKS:
        say(f"── {name}")
        if run(command, cwd=ROOT, env={**stack.env, **PRODUCTION}).returncode != 0:
            failed.append(name)
    say(f"── {len(CHECKS) - len(failed)} of {len(CHECKS)} checks passed; now the tests")
    return failed


def run_tests(stack: Stack, args: Sequence[str], *, soak: bool = False) -> int:
    """
    Run all tests, or pytest with `args`, and return its exit code; `soak` asks the tests for large
    numbers.
    """
    compile_messages()
    env = {**stack.env, **({"SOAK": "1"} if soak else {})}
    sys.stdout.flush()
    return run([PYTHON, "-m", "pytest", *(args or TOGETHER)], cwd=ROOT, env=env).returncode
