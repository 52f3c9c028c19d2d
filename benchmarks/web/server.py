"""The web server as production starts it, but with one worker, and what it uses of the processors."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.databases import ROOT, Database

# As in the Dockerfile.
SERVER = ["--worker-class=gthread", "--workers=1", "--threads=4", "--no-control-socket"]
SERVER += ["--worker-tmp-dir=/dev/shm", "--access-logfile=-"]
STARTS_WITHIN = 60.0  # Seconds.
# Behind the proxy that speaks TLS, which is what the usual settings ask for.
PRODUCTION = {"SECURE_COOKIES": "True", "TRUST_PROXY": "True", "DEBUG": "False", "DEMO": "False"}


class WebServer:
    """gunicorn with the product on one database. Ends with `stop`."""

    def __init__(self, database: Database) -> None:
        self.port = _free_port()
        bind = f"--bind=127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "benchmarks.web.wsgi:application", bind, *SERVER],
            cwd=ROOT,
            env=os.environ | PRODUCTION | {"DATABASE_URL": database.app_url},
            stdout=subprocess.DEVNULL,
        )
        self._wait()

    def seconds(self) -> float:
        """CPU seconds of its processes so far."""
        pid = self.process.pid
        workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return sum(map(_cpu_seconds, [pid, *map(int, workers)]))

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def _wait(self) -> None:
        end = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < end and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise SystemExit("The web server does not start.")


def _cpu_seconds(pid: int) -> float:
    """Of all its threads, to the nanosecond: the clock that clock_getcpuclockid(3) names."""
    return time.clock_gettime((~pid << 3) | 2)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
