"""The product with a believable shop in it: web server, worker and beat on servers of their own."""

import hashlib
import http.client
import json
import os
import time
from typing import Any

from installation import PYTHON, ROOT, RUN_LOCK, compile_messages, install
from processes import Failure, must_run, say, step
from servers import HOST, free_port, port_is_free
from stacks import DEMO, Stack, demo_stack

USUAL_PORT = 8000
ANSWER_SECONDS = 60
DOORS = [
    ("/", "members"),
    ("/counter/", "staff at the till"),
    ("/counter/mailbox/", "what was sent to customers"),
    ("/owner/", "the owner's reports"),
    ("/admin/", "back office"),
]


def run_demo() -> None:
    """Set everything up, run it, and return only by an exception: Stopped or Failure."""
    with step("Packages installed"):
        install(RUN_LOCK)
    port = _web_port()
    with demo_stack(environment(port)) as stack:
        site = stack.env["SITE_URL"]
        _prepare(stack)
        logins = _seed(stack)
        _start_processes(stack, port)
        (DEMO.path / "address").write_text(site)
        _show(site, logins)
        while True:
            stack.supervisor.check()
            time.sleep(0.5)


def _web_port() -> int:
    wanted = os.environ.get("PORT", "")
    if not wanted:
        return free_port(USUAL_PORT)
    if not wanted.isdigit() or not 0 < int(wanted) < 65536:
        raise Failure(f"PORT must be a port number, not {wanted!r}.")
    if not port_is_free(int(wanted)):
        raise Failure(f"Port {wanted} is taken by another program. Choose another: PORT=8010 …")
    return int(wanted)


def environment(port: int) -> dict[str, str]:
    """The settings of a demo on `port`."""
    mailbox = DEMO.path / "mailbox"
    mailbox.mkdir(parents=True, exist_ok=True)
    return {
        "DEBUG": "False",
        "DEMO": "True",
        "ALLOWED_HOSTS": "localhost,127.0.0.1",
        "SITE_URL": f"http://localhost:{port}",
        "SECURE_COOKIES": "False",  # Plain HTTP, on this machine only.
        "EMAIL_URL": f"filemail:///{mailbox}",
        "SMS_BACKEND": "file",
        "MAILBOX_DIR": str(mailbox),
        "STATIC_ROOT": str(DEMO.path / "static"),
    }


def _prepare(stack: Stack) -> None:
    with step("Texts compiled"):
        compile_messages()
    with step("Database up to date"):
        manage = [PYTHON, "manage.py", "migrate", "--verbosity=0"]
        must_run("migrate", manage, env=stack.as_owner())
    digest, stamp = _static_digest(), DEMO.path / "static.stamp"
    if not stamp.exists() or stamp.read_text() != digest:
        with step("Static files collected"):
            manage = [PYTHON, "manage.py", "collectstatic", "--noinput", "--clear", "--verbosity=0"]
            must_run("collectstatic", manage, env=stack.env)
            stamp.write_text(digest)


def _static_digest() -> str:
    digest = hashlib.sha256(RUN_LOCK.read_bytes())
    for file in sorted(path for path in (ROOT / "static").rglob("*") if path.is_file()):
        digest.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return digest.hexdigest()


def _seed(stack: Stack) -> dict[str, Any]:
    with step("Demo shop ready"):
        # Its errors go straight to the terminal, because its progress does.
        command = [PYTHON, "manage.py", "seed_demo", "--json"]
        output = must_run("seed_demo", command, env=stack.env, stderr=None)
    seeded: dict[str, Any] = json.loads(output)
    return seeded


def _start_processes(stack: Stack, port: int) -> None:
    with step("Web server, worker and beat running"):
        celery = [PYTHON, "-m", "celery", "-A", "loyalty.celery"]
        schedule = str(DEMO.path / "beat-schedule")
        start = stack.supervisor.start
        start("worker", [*celery, "worker", "-c", "2", "-l", "INFO"], env=stack.env)
        start("beat", [*celery, "beat", "-l", "INFO", "-s", schedule, "--pidfile="], env=stack.env)
        start("web", _gunicorn(port), env=stack.env)
        stack.supervisor.wait_until(
            lambda: _answers(port), what="The web server", seconds=ANSWER_SECONDS
        )


def _gunicorn(port: int) -> list[str]:
    options = ["--worker-class=gthread", "--workers=2", "--threads=4", "--access-logfile=-"]
    return [
        *(PYTHON, "-m", "gunicorn", "loyalty.wsgi:application"),
        *(f"--bind={HOST}:{port}", "--no-control-socket", *options),
    ]


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _show(site: str, seeded: dict[str, Any]) -> None:
    say()
    for path, who in DOORS:
        say(f"  {site + path:44} {who}")
    say()
    for login in seeded["logins"]:
        say(f"  {login['door']:12} {login['username']:16} password {login['password']}")
    member = seeded["member"]
    say(f"  {'/':12} {member['phone']:16} {member['hint']}")
    say(f"\n  Logs: {(DEMO.logs).relative_to(ROOT)}/*.log      Ctrl-C stops everything.")
