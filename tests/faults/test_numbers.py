"""Numbers beyond every edge, at every door that takes one: refused by name, nothing written."""

import pytest

from loyalty.errors import InvalidInput
from loyalty.money import MAX_MINOR, parse_money
from loyalty.programme.document import InvalidProgramme, parse
from loyalty.purchases.imports.refusals import RowsRefused
from loyalty.purchases.models import Purchase
from tests.factories.shop import STARTERS, shop_with_programme
from tests.purchases.sales_files import bring_in, everything, file_of, refused_rows
from tests.support.numbers import IMPOSSIBLE, NAMES

each = pytest.mark.parametrize("text", IMPOSSIBLE, ids=NAMES)
IN_TOML = ("0x10", "1_000")  # Are numbers there.
CAFE = (STARTERS / "cafe.toml").read_text(encoding="utf-8")


@each
@pytest.mark.parametrize("currency", ["VND", "USD"])
def test_typed_amounts(text, currency):
    with pytest.raises(InvalidInput) as refused:
        parse_money(text, currency=currency)

    assert refused.value.field == "amount"


@each
@pytest.mark.django_db
def test_amounts_of_a_file(tmp_path, text):
    shop_with_programme()
    path = file_of(tmp_path, "1,,,2026-11-20,10000,", f"2,,,2026-11-20,{text},")
    before = everything()

    with pytest.raises(RowsRefused):
        bring_in(path)

    assert refused_rows(path) == [(3, "amount")]
    assert everything() == before
    assert not Purchase.objects.exists()


@pytest.mark.parametrize(
    "text", [text for text in IMPOSSIBLE if text not in IN_TOML], ids=lambda text: text[:20]
)
@pytest.mark.parametrize(
    "place",
    ["expire_after_months = 12", "points = 1\n", "per_minor = 10_000", "entry_minor = 1_000_000"],
)
def test_numbers_of_the_document(text, place):
    name = place.partition(" =")[0]
    assert place in CAFE

    with pytest.raises(InvalidProgramme) as refused:
        parse(CAFE.replace(place, f"{name} = {text}\n", 1))

    assert len(refused.value.errors) >= 1


def test_the_largest_amount_is_taken_and_one_more_is_not():
    assert parse_money(str(MAX_MINOR), currency="VND") == MAX_MINOR
    with pytest.raises(InvalidInput):
        parse_money(str(MAX_MINOR + 1), currency="VND")
