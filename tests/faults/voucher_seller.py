"""A web worker that sells with one voucher after the other. Arguments: their codes."""

import sys

import django


def main(codes: list[str]) -> None:
    django.setup()
    # Only now: they bring models.
    from rewards.models import Voucher
    from tests.faults.deeds import buy_with

    print("ready", flush=True)  # noqa: T201
    for code in codes:
        buy_with(Voucher.objects.get(code=code))


if __name__ == "__main__":
    main(sys.argv[1:])
