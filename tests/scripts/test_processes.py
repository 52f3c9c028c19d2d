import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from processes import Failure, Supervisor, must_run

SCRIPTS = Path(__file__).resolve().parent.parent.parent / "scripts"
SUPERVISE = """
import signal, sys, time
from pathlib import Path
from processes import Stopped, Supervisor, raise_on_signals, say

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # Whoever runs the tests may have it ignored.
raise_on_signals()
try:
    with Supervisor(Path(sys.argv[1])) as supervisor:
        say(str(supervisor.start("sleeper", ["sleep", "600"]).process.pid))
        time.sleep(600)
except Stopped as stopped:
    sys.exit(stopped.exit_code)
"""


def is_running(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):  # Also while it is read.
        return False
    # A zombie whose new parent has not looked yet has ended too.
    return ") Z " not in stat


def ends(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while is_running(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's help is Linux only")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"])
def test_no_child_outlives_a_stopped_supervisor(name, tmp_path):
    env = {name: value for name, value in os.environ.items() if name != "MAKELEVEL"}
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, tmp_path],
        cwd=SCRIPTS,
        env=env,
        stdout=subprocess.PIPE,
        text=True,
    ) as supervisor:
        child = int(supervisor.stdout.readline())
        assert is_running(child)
        supervisor.send_signal(signal.Signals[name])

    assert ends(child)


def test_a_child_that_ends_is_named_with_its_last_words(tmp_path):
    with Supervisor(tmp_path) as supervisor:
        child = supervisor.start("worker", ["sh", "-c", "echo out of paper; exit 3"])
        child.process.wait()

        with pytest.raises(Failure, match=r"worker ended by itself \(exit 3\):\n    out of paper"):
            supervisor.check()


def test_children_stop_in_the_reverse_order_of_their_start(tmp_path):
    said = tmp_path / "said"
    script = 'trap "echo $0 >> $1; exit" TERM; touch $1.$0; while :; do sleep 0.01; done'
    with Supervisor(tmp_path / "logs") as supervisor:
        for name in ("first", "second"):
            supervisor.start(name, ["sh", "-c", script, name, str(said)])
            supervisor.wait_until(Path(f"{said}.{name}").exists, what=name, seconds=10)

    assert said.read_text().split() == ["second", "first"]


def test_a_failed_command_is_reported_with_all_it_said():
    with pytest.raises(Failure, match=r"Counting failed \(exit 2\):\none\ntwo"):
        must_run("Counting", ["sh", "-c", "echo one; echo two >&2; exit 2"])
