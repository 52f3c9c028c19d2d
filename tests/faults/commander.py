"""
A process that is up and runs commands: each line it reads is one, and is answered with the number of
the process of its own that runs it, as that begins.
"""

import os
import sys

import django
from django.core.management import call_command
from django.urls import get_resolver


def main() -> None:
    django.setup()
    get_resolver().url_patterns  # noqa: B018  Else each command reads all pages for its links.
    for line in sys.stdin:
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            continue
        print(os.getpid(), flush=True)  # noqa: T201
        with open(os.devnull, "w") as nowhere:
            call_command(*line.split(), stdout=nowhere)
        os._exit(0)


if __name__ == "__main__":
    main()
