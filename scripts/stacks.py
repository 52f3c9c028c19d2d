"""The two stacks a checkout can have at once: the demo's and the tests', each with its own servers."""

import contextlib
import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from installation import PYTHON, ROOT, packages
from processes import Supervisor, must_run
from servers import Addresses, Home, start_servers, write_private

# Speed over safety: what a test wrote may be lost with the machine.
HASTY = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"]


@dataclass(frozen=True)
class Stack:
    """Running servers, and the environment in which the product finds them."""

    home: Home
    supervisor: Supervisor
    addresses: Addresses
    env: dict[str, str]

    def as_owner(self) -> dict[str, str]:
        """The environment for migrations, which change tables."""
        return {**self.env, "DATABASE_URL": self.addresses.owner_url}


@contextlib.contextmanager
def test_stack() -> Iterator[Stack]:
    """Servers for the tests, which they may fill, empty and lose."""
    home = Home(ROOT / ".local" / "test")
    with (
        home.locked("Test servers of this checkout are already running (. .local/test/env.sh)."),
        Supervisor(home.logs) as supervisor,
    ):
        addresses = start_servers(
            supervisor,
            home=home,
            packages=packages(),
            environ=os.environ,
            first_ports=(5433, 6380),
            postgres_settings=HASTY,
            durable=False,
        )
        make_roles(home, addresses)
        variables = {
            "SECRET_KEY": home.secret("secret_key"),
            "DATABASE_URL": addresses.app_url,
            "TEST_OWNER_DATABASE_URL": addresses.owner_url,
            "APP_DATABASE_PASSWORD": home.secret("app_password"),
            "REDIS_URL": addresses.redis_url,
        }
        lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
        write_private(env_file(home), "\n".join(lines) + "\n")
        try:
            yield Stack(home, supervisor, addresses, {**os.environ, **variables})
        finally:
            env_file(home).unlink(missing_ok=True)


def env_file(home: Home) -> Path:
    return home.path / "env.sh"


def make_roles(home: Home, addresses: Addresses) -> None:
    """Make the role that owns nothing, or give it this stack's password again."""
    env = {
        **os.environ,
        "DATABASE_URL": addresses.owner_url,
        "APP_DATABASE_PASSWORD": home.secret("app_password"),
    }
    must_run("Making the database role", [PYTHON, ROOT / "scripts" / "roles.py"], env=env)
