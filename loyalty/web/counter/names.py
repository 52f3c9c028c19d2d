"""How the staff call a customer."""

from customers.models import Customer

UNSURE = "anh/chị"  # Vietnamese has no neutral word; one says both.


def called(customer: Customer, *, language: str) -> str:
    """
    Salutation and given name, which in Vietnamese is the last word: "chị Thảo"; in English
    the given name alone. Empty for a customer without a name, in Vietnamese "anh/chị".

    >>> called(Customer(name="Nguyễn Thu Thảo", salutation="chị"), language="vi")
    'chị Thảo'
    >>> called(Customer(name="Nguyễn Thu Thảo"), language="en"), called(Customer(), language="vi")
    ('Thảo', 'anh/chị')
    """
    words = customer.name.split()
    given = words[-1] if words else ""
    if language != "vi":
        return given
    return f"{customer.salutation or UNSURE} {given}".strip()
