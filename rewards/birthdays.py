"""From what a customer told of their birthday to what the rules ask for."""

from customers.models import Customer
from loyalty.programme.birthdays import Birthday


def birthday_of(customer: Customer) -> Birthday | None:
    """The customer's birthday as rules, bonuses and letters see it; None when they told none."""
    told = customer.birthday
    return Birthday(told.day, told.month, told.lunar) if told else None
