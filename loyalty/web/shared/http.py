"""Requests as our views see them, after the middleware and a door's decorator have run."""

from django.http import HttpRequest

from customers.models import Customer
from loyalty.shop.models import Shop, User


class ShopRequest(HttpRequest):
    shop: Shop


class StaffRequest(ShopRequest):
    user: User


class VisitorRequest(ShopRequest):
    """A page open to strangers, which greets a member all the same."""

    member: Customer | None


class MemberRequest(ShopRequest):
    member: Customer
