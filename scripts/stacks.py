"""The stacks a checkout can have at once: the demo's, the tests', the measurements', each with its servers."""

import contextlib
import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from homes import Home, write_private
from installation import PYTHON, ROOT, packages
from processes import Failure, Supervisor, must_run
from servers import Addresses, start_servers

# Speed over safety: what a test wrote may be lost with the machine.
HASTY = [
    *("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"),
    "deadlock_timeout=100ms",
]
# As safe as a shop's own server, and no checkpoint in the middle of a measurement.
MEASURED = [
    *("shared_buffers=512MB", "effective_cache_size=4GB", "max_connections=100"),
    *("max_wal_size=8GB", "checkpoint_timeout=30min", "random_page_cost=1.1", "jit=off"),
]
DEMO = Home(ROOT / ".local" / "demo")
TEST = Home(ROOT / ".local" / "test")
BENCH = Home(ROOT / ".local" / "bench" / "server")


@dataclass(frozen=True)
class Stack:
    """Running servers, and the environment in which the product finds them."""

    home: Home
    supervisor: Supervisor
    env: dict[str, str]

    def as_owner(self) -> dict[str, str]:
        """The environment for migrations, which change tables."""
        return {**self.env, "DATABASE_URL": self.env["OWNER_DATABASE_URL"]}


@contextlib.contextmanager
def demo_stack(extra: dict[str, str]) -> Iterator[Stack]:
    """Servers that keep their data from one start to the next; `extra` joins the environment."""
    address = DEMO.path / "address"
    where = f" at {address.read_text()}" if address.exists() else ""
    environ = {name: os.environ.get(name, "") for name in ("DATABASE_URL", "REDIS_URL")}
    with _started(
        DEMO,
        refusal=f"The demo of this checkout is already running{where}.",
        given=environ,
        ports=(5432, 6379),
        postgres_settings=[],
        durable=True,
        extra=extra,
    ) as stack:
        yield stack


@contextlib.contextmanager
def test_stack() -> Iterator[Stack]:
    """Servers for the tests, which they may fill, empty and lose."""
    # A shell that has read env.sh has the product's address in DATABASE_URL, not its owner's.
    owner_url = os.environ.get("OWNER_DATABASE_URL") or os.environ.get("DATABASE_URL", "")
    with _started(
        TEST,
        refusal=f"The test servers are already running; in a shell: . {env_file(TEST)}",
        given={"DATABASE_URL": owner_url, "REDIS_URL": os.environ.get("REDIS_URL", "")},
        ports=(5433, 6380),
        postgres_settings=HASTY,
        durable=False,
        extra={"ALLOWED_HOSTS": "localhost,127.0.0.1,testserver"},
    ) as stack:
        yield stack


@contextlib.contextmanager
def bench_stack() -> Iterator[Stack]:
    """Servers to measure on: they start empty, and nothing of them is kept."""
    with _started(
        BENCH,
        refusal="Measurements of this checkout are already running.",
        given={},
        ports=(5434, 6381),
        postgres_settings=MEASURED,
        durable=True,
        extra={},
        keeps_data=False,
    ) as stack:
        yield stack


def running(home: Home) -> dict[str, str] | None:
    """The environment of the stack that some other process keeps running, or None."""
    if not home.is_held():
        return None
    if not env_file(home).exists():
        raise Failure(f"Another process is just starting the servers of {home.path}. Try again.")
    words = shlex.split(env_file(home).read_text())
    variables = dict(word.split("=", 1) for word in words if "=" in word)
    return {**os.environ, **variables}


@contextlib.contextmanager
def _started(
    home: Home,
    *,
    refusal: str,
    given: dict[str, str],
    ports: tuple[int, int],
    postgres_settings: list[str],
    durable: bool,
    extra: dict[str, str],
    keeps_data: bool = True,
) -> Iterator[Stack]:
    data = contextlib.nullcontext() if keeps_data else home.emptied()
    with home.locked(refusal), data, Supervisor(home.logs) as supervisor:
        addresses = start_servers(
            supervisor,
            home=home,
            packages=packages(),
            given=given,
            usual_ports=ports,
            postgres_settings=postgres_settings,
            durable=durable,
        )
        variables = {**_variables(home, addresses), **extra}
        must_run(
            "Making the database role",
            [PYTHON, ROOT / "scripts" / "roles.py"],
            env={**os.environ, **variables, "DATABASE_URL": addresses.owner_url},
        )
        lines = [f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()]
        write_private(env_file(home), "".join(lines))
        try:
            yield Stack(home, supervisor, {**os.environ, **variables})
        finally:
            env_file(home).unlink(missing_ok=True)


def _variables(home: Home, addresses: Addresses) -> dict[str, str]:
    return {
        "SECRET_KEY": home.secret("secret_key"),
        "DATABASE_URL": addresses.app_url,
        "OWNER_DATABASE_URL": addresses.owner_url,
        "APP_DATABASE_PASSWORD": addresses.app_password,
        "REDIS_URL": addresses.redis_url,
    }


def env_file(home: Home) -> Path:
    return home.path / "env.sh"
