"""Looking for a customer's rows in the back office, as one looks for the customer at the till."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from customers.queries import find_customers
from loyalty.shop.backoffice import LongListAdmin

FOUND_AT_MOST = 100  # Customers; who types less than a name learns nothing from more.


class OfCustomerAdmin(LongListAdmin):
    """A list whose search box takes a phone, a card number or a name."""

    customer_path = "customer"
    search_fields = ["pk"]  # Only so that the box is there; get_search_results does the work.

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        found = find_customers(search_term, limit=FOUND_AT_MOST)
        return queryset.filter(**{f"{self.customer_path}__in": [one.pk for one in found]}), False
