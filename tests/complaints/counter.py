"""A customer at the till of the café, for the tests that are named after complaints."""

from datetime import date, datetime

from loyalty.ledger.models import Account, Entry
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.shop import StaffFactory
from tests.properties.till import Till

TODAY = date(2026, 11, 22)


class Visit:
    """One customer, told of by their till in few words. Money in đồng, points whole."""

    def __init__(self) -> None:
        self.customer = CustomerFactory()
        self.till = Till(self.customer, StaffFactory(role="owner"))

    def buy(self, amount: int, name: str, *, at: datetime = NOON) -> object:
        return self.till.sell(name, amount, at=at, now=at)

    def give_back(self, amount: int | None, sale: str, name: str, *, at: datetime = NOON) -> object:
        return self.till.refund(name, sale, amount, at=at, now=at)

    @property
    def balance(self) -> int:
        return Account.objects.get(customer=self.customer).balance

    @property
    def entries(self) -> list[tuple[str, int]]:
        rows = Entry.objects.filter(account_id=self.customer.pk).order_by("number")
        return [tuple(row) for row in rows.values_list("kind", "points")]
