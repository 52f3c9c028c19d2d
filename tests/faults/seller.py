"""
A till that never gives up: it records sale after sale for one customer, repeats a sale until it is
answered, and only then prints its number. Ends when its input does. Argument: the customer's id.
"""

import sys
import threading
import time

import django
from django.db import InterfaceError, OperationalError, connection


def main(customer_id: int) -> None:
    django.setup()
    # Only now: they bring models.
    from customers.models import Customer
    from tests.faults.deeds import buy

    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    number = 0
    while not ended.is_set():
        try:
            buy(Customer(pk=customer_id), f"{customer_id}/{number}", amount_minor=10_000)
        except (OperationalError, InterfaceError):
            connection.close()
            time.sleep(0.02)
            continue
        print(f"{customer_id}/{number}", flush=True)  # noqa: T201
        number += 1


if __name__ == "__main__":
    main(int(sys.argv[1]))
