"""Stamp cards when customers are merged, and parted again."""

from datetime import timedelta

import pytest

from loyalty.care.parting import CannotPart
from loyalty.programme.versions import in_force
from loyalty.purchases.refunds import void_purchase
from rewards.models import Voucher
from rewards.stamp_cards import cards_of
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.stamps import CARD, card, drink, shop_with_cards

DAY = timedelta(days=1)


@pytest.fixture
def shop(db):  # Instead of the shop of all other tests here.
    shop_with_cards(document=CARD + "valid_days = 30\n")


def on_card(customer, *, at=NOON):
    (state,) = cards_of(customer.pk, cards=in_force(at).programme.stamp_cards, on=at.date())
    return state.stamps


def test_stamps_go_to_the_kept_ones_card_and_fill_it(merge, proven):
    kept, duplicate = CustomerFactory(), CustomerFactory()
    drink(kept, 4)
    drink(duplicate, 5)

    merge(kept, duplicate)
    assert [on_card(kept), on_card(duplicate)] == [9, 0]
    drink(duplicate, 1)

    assert Voucher.objects.get().customer == kept
    proven()


def test_they_come_back_when_the_merge_is_undone(merge, undo):
    kept, duplicate = CustomerFactory(), CustomerFactory()
    drink(kept, 3)
    drink(duplicate, 5, at=NOON - 20 * DAY)

    done = merge(kept, duplicate)
    drink(kept, 1)
    undo(done)

    assert [on_card(kept), on_card(duplicate)] == [4, 5]
    assert card(duplicate) == [("earned", 5, 5), ("moved", -5, 0), ("moved", 5, 5)]
    assert on_card(duplicate, at=NOON + 11 * DAY) == 0  # Of their own first day.


def test_what_has_lapsed_does_not_come_along(merge):
    kept, duplicate = CustomerFactory(), CustomerFactory()
    drink(kept, 1)
    drink(duplicate, 5, at=NOON - 40 * DAY)

    merge(kept, duplicate)

    assert on_card(kept) == 1


def test_a_return_of_the_duplicates_sale_takes_the_stamps_of_the_kept_one(merge, undo):
    kept, duplicate = CustomerFactory(), CustomerFactory()
    sale = drink(duplicate, 5)
    done = merge(kept, duplicate)

    void_purchase(
        purchase=sale, source="till", reference="void", reason="", at=NOON, recorded_at=NOON,
        by=None,
    )  # fmt: skip

    assert on_card(kept) == 0
    with pytest.raises(CannotPart):
        undo(done)


def test_undoing_is_refused_when_the_card_was_filled_since(merge, undo):
    kept, duplicate = CustomerFactory(), CustomerFactory()
    drink(duplicate, 5)
    done = merge(kept, duplicate)
    drink(kept, 5)

    with pytest.raises(CannotPart, match="Stamps"):
        undo(done)
