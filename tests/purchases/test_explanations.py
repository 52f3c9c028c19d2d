"""Whatever was sold, every entry's explanation comes to its points."""

import pytest

from loyalty.ledger.models import Entry
from loyalty.programme.recomputing import recompute
from tests.factories.customers import CustomerFactory
from tests.factories.programmes import EVERYDAY, ONE_TIER, SILVER, line
from tests.factories.sales import sell, shop_that_says

pytestmark = pytest.mark.django_db


def test_every_entry_of_a_sale_can_be_worked_out_again():
    shop_that_says(
        '[basis]\ntax = "without"\nshipping = "with"\n',
        '[[marks]]\nname = "Giảm giá"\ndiscounted = true\nearns = false\n',
        '[[discounts]]\nkey = "sale"\nname = "Bánh"\npercent = 10\ncategories = ["bánh"]\n',
        "[pay]\nmoney_minor = 1_000\n",
        earn=EVERYDAY
        + '[[earn]]\nkey = "tra"\nname = "Trà"\nmultiplier = 1.5\ncategories = ["trà"]\n'
        + 'cap_points = 8\ncap_per = "day"\n'
        + '[[earn]]\nname = "Hạt"\npoints = 5\nper = "unit"\nskus = ["HAT"]\n',
        tiers=ONE_TIER + SILVER + "multiplier = 1.3\n",
    )
    customer = CustomerFactory()
    tea = line(108_000, category="trà", tax_minor=8_000)
    cake, beans = line(45_000, category="bánh"), line(90_000, quantity="2.5", sku="HAT")
    for number, lines in enumerate([(tea, cake), (tea, beans), (beans,) * 9, (tea, tea, beans)]):
        sell(customer, *lines, reference=f"R-{number}", shipping_minor=20_000)
    sell(customer, tea, beans, reference="R-9", spend_points=30)

    entries = Entry.objects.filter(kind=Entry.Kind.EARN).order_by("number")

    explained = [recompute(entry.explanation) for entry in entries]
    assert explained == [entry.points for entry in entries]
    assert len(explained) == 5
