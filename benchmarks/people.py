"""Who is measured: the numbers of customers (in the reference, of members) with a part to play."""

HOT = 1  # Whom all clients want at once; never runs dry.
DEEP = {10: 2, 100: 3, 1_000: 4, 10_000: 5}  # Lots: the customer who has that many open.
FIRST = 6  # From here on: everybody else.


def phone_of(number: int) -> str:
    """As a cashier types it; `filling` writes the same in E.164."""
    return f"09{number:08}"


def token_of(number: int) -> str:
    """What the QR code on the card says."""
    return f"{number:022}"


SALES_A_CUSTOMER = 10  # Of a file that is brought in.
