"""The folders below `.local/` in which a stack keeps its data, its logs and its secrets."""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from processes import Failure


class Home:
    """A folder below `.local/` with one stack's data, logs and secrets."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.logs = path / "logs"

    @contextlib.contextmanager
    def locked(self, refusal: str) -> Iterator[None]:
        """Hold the folder for this process alone; raise Failure with `refusal` when it is held."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.path / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Failure(refusal) from None
            yield

    @contextlib.contextmanager
    def emptied(self) -> Iterator[None]:
        """Have no database from earlier, and leave none behind. For whoever holds the folder."""
        data = self.path / "postgres"
        shutil.rmtree(data, ignore_errors=True)
        try:
            yield
        finally:
            shutil.rmtree(data, ignore_errors=True)

    def is_held(self) -> bool:
        """Whether some process holds the folder."""
        try:
            with self.locked(""):
                return False
        except Failure:
            return True

    def secret(self, name: str) -> str:
        """A password of this stack, made up the first time somebody asks for it."""
        file = self.path / "secrets.json"
        known: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
        if name not in known:
            known[name] = secrets.token_hex(32)
            write_private(file, json.dumps(known, indent=1))
        return known[name]


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        output.write(text)
    draft.replace(file)
