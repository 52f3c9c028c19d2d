"""Reviews at the same moment as each other and as a sale come to what one after the other does."""

from datetime import datetime
from functools import partial

import pytest

from loyalty.purchases.bill import Bill
from loyalty.purchases.recording import record_purchase
from loyalty.tiers import proof
from loyalty.tiers.models import Standing, TierChange
from loyalty.tiers.services import review_tiers
from tests.factories.clock import SAIGON
from tests.factories.customers import CustomerFactory
from tests.factories.shop import STARTERS, shop_with_programme
from tests.faults.together import together
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db(transaction=True)
TWELVE_MONTHS = '[tier_rules]\nwindow = "rolling"\nmonths = 12\ndowngrade = "review"\n'
REACHED = datetime(2025, 3, 10, 12, tzinfo=SAIGON)
OVER = datetime(2027, 3, 10, 12, tzinfo=SAIGON)


@pytest.fixture(autouse=True)
def shop(transactional_db):
    cafe = (STARTERS / "cafe.toml").read_text(encoding="utf-8")
    shop_with_programme(cafe + TWELVE_MONTHS)


def buy(customer, amount_minor, reference, at):
    return record_purchase(
        source="test",
        reference=reference,
        customer=customer,
        branch=None,
        bill=Bill.of_total(amount_minor),
        at=at,
        recorded_at=at,
        by=None,
    )


def test_two_reviews_and_a_sale_at_once():
    for trial in range(rounds(usual=20, soak=300)):
        customer = CustomerFactory()
        buy(customer, 1_000_000, f"first-{trial}", REACHED)

        first, second, sale = together(
            partial(review_tiers, at=OVER),
            partial(review_tiers, at=OVER),
            partial(buy, customer, 68_000, f"second-{trial}", OVER),
        )

        assert (sale.tier_before, sale.purchase.points) == ("moi", 6)
        assert first + second in (0, 1)  # Whoever came first, the sale included, settled it.
        moves = TierChange.objects.filter(customer=customer).order_by("pk")
        assert list(moves.values_list("to_key", "reason")) == [("bac", "joined"), ("moi", "review")]
        assert Standing.objects.get(customer=customer).tier_key == "moi"
    assert proof.verify(at=OVER).differences == ()
