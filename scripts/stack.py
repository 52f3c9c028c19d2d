"""
Runs the product and its checks on any machine that has Python: installs what is missing into `.venv`,
starts PostgreSQL and Valkey below `.local/` unless DATABASE_URL and REDIS_URL name others, and stops
everything it started, however it ends. Needs only the standard library. `--help` lists the verbs.
"""

import argparse
import sys
import time
from collections.abc import Callable

from installation import FULL_LOCK, install
from processes import Failure, Stopped, raise_on_signals, say
from stacks import env_file, test_stack

if sys.version_info < (3, 11):
    sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0])


def serve(_args: list[str]) -> int:
    """Keep the servers of the tests running, so that `pytest` can be called directly."""
    install(FULL_LOCK)
    with test_stack() as stack:
        file = env_file(stack.home)
        say(file.read_text().rstrip())
        say(f"# or: . {file}      Ctrl-C stops the servers.")
        while True:
            stack.supervisor.check()
            time.sleep(0.5)


VERBS: dict[str, Callable[[list[str]], int]] = {
    "servers": serve,
}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="stack.py",
        description=__doc__,
        epilog="\n".join(f"{name:9} {verb.__doc__}" for name, verb in VERBS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("verb", choices=VERBS, metavar="VERB")
    parser.add_argument("args", nargs=argparse.REMAINDER, help="passed on")
    options = parser.parse_args()
    raise_on_signals()
    try:
        return VERBS[options.verb](options.args)
    except Failure as failure:
        say(f"\n{failure}")
        return 1
    except Stopped as stopped:
        return stopped.exit_code


if __name__ == "__main__":
    sys.exit(main())
