"""What about a referral a person should look at before points are paid for it. Only looks."""

from datetime import date

from customers.identity import fold_email
from customers.models import Customer
from loyalty.shop.models import User
from rewards.models import Referral

Reason = Referral.Reason
NOTHING = ""


def of_people(*, referrer: Customer, friend: Customer) -> str:
    """
    Why the two may be one person, or staff who bring themselves; empty when they do not look it.
    Two customers never share a phone: the database keeps it unique.
    """
    emails = {fold_email(one.email) for one in (referrer, friend) if one.email}
    if emails and len(emails) == 1 and referrer.email and friend.email:
        return Reason.SAME_EMAIL
    if _same_birthday(referrer, friend) and referrer.name_folded == friend.name_folded != "":
        return Reason.SAME_PERSON
    return Reason.STAFF if emails & _staff_emails() else NOTHING


def of_haste(*, referrer: Customer, on: date, most: int) -> str:
    """Whether the member brought `most` friends already on that shop-local day."""
    brought = Referral.objects.filter(referrer=referrer, referred_on=on).count()
    return Reason.MANY_A_DAY if brought >= most else NOTHING


def of_cashier(referral: Referral, *, most: int) -> str:
    """
    Whether whoever entered the code also sold to the friend, and did both for `most` other
    friends on that day.
    """
    cashier = referral.referred_by_id
    if cashier is None or cashier != referral.sold_by_id:
        return NOTHING
    others = Referral.objects.filter(
        referred_by=cashier, sold_by=cashier, event_on=referral.event_on
    ).exclude(pk=referral.pk)
    return Reason.ONE_CASHIER if others.count() >= most else NOTHING


def _same_birthday(one: Customer, other: Customer) -> bool:
    if one.birth_day is None or other.birth_day is None:
        return False
    years = {one.birth_year, other.birth_year} - {None}  # One that is not known proves nothing.
    days = {(one.birth_day, one.birth_month), (other.birth_day, other.birth_month)}
    return len(days) == 1 and len(years) <= 1


def _staff_emails() -> set[str]:
    known = User.objects.exclude(email="").values_list("email", flat=True)
    return {fold_email(email) for email in known}
