"""
A web server of one worker that sells with one voucher after the other: each line it reads has their
codes, and is answered with the number of the worker, a process of its own, as the worker begins.
"""

import os
import sys

import django


def main() -> None:
    django.setup()
    # Only now: they bring models.
    from rewards.models import Voucher
    from tests.faults.deeds import buy_with

    for line in sys.stdin:
        worker = os.fork()
        if worker:
            os.waitpid(worker, 0)
            continue
        print(os.getpid(), flush=True)  # noqa: T201
        for code in line.split():
            buy_with(Voucher.objects.get(code=code))
        os._exit(0)


if __name__ == "__main__":
    main()
