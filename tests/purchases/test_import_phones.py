"""No phone is lost on the way from a spreadsheet: it is mended, or its row says what to do."""

import random

import phonenumbers
import pytest
from django.utils.translation import override

from customers.models import Customer
from loyalty.errors import InvalidInput
from loyalty.purchases.imports.phones import phone_in_file
from tests.factories.shop import shop_with_programme
from tests.purchases.sales_files import bring_in, file_of
from tests.support.rounds import rounds

# New prefix, and the one that it had before 15 September 2018, without the 0.
CHANGED = {
    **{f"3{digit}": f"16{digit}" for digit in range(2, 10)},
    "70": "120",
    "79": "121",
    "77": "122",
    "76": "126",
    "78": "128",
    "83": "123",
    "84": "124",
    "85": "125",
    "81": "127",
    "82": "129",
    "56": "186",
    "58": "188",
    "59": "199",
}
PREFIXES = [*CHANGED, "86", "88", "89", "90", "91", "93", "94", "96", "97", "98", "99", "92"]
FORMS = (
    "{0}",  # The 0 that a spreadsheet drops.
    *("0{0}", "84{0}", "+84{0}", "0084{0}", "840{0}", "+840{0}", "+84 (0){0}"),
    *(
        "'0{0}",
        " 0{0} ",
        "\u00a00{0}",
        "\u202d0{0}\u202c",
        "{0}.0",
        "0{1}",
        "0{2}",
        "+84 {1}",
        "(0{3})",
    ),
)


def written(number, dice):
    """That number as people and programs write it."""
    plain = number
    if number[:2] in CHANGED and dice.random() < 0.3:
        plain = CHANGED[number[:2]] + number[2:]
    parts = (plain[:-6], plain[-6:-3], plain[-3:])
    return dice.choice(FORMS).format(plain, " ".join(parts), ".".join(parts), "-".join(parts))


def numbers(count, dice):
    """Different ones that the networks have given out."""
    found = {}
    while len(found) < count:
        number = f"{dice.choice(PREFIXES)}{dice.randrange(10**7):07}"
        if phonenumbers.is_valid_number(phonenumbers.parse(f"+84{number}")):
            found[number] = None
    return list(found)


def test_five_thousand_dirty_phones_are_all_found_again():
    dice = random.Random(20181115)

    lost = [
        (number, text)
        for number in numbers(5_000, dice)
        if phone_in_file(text := written(number, dice)) != f"+84{number}"
    ]
    assert lost == []


@pytest.mark.django_db
def test_a_dirty_file_loses_no_phone(tmp_path):
    shop_with_programme()
    dice = random.Random(5_000)
    wanted = numbers(rounds(usual=50, soak=5_000), dice)
    path = file_of(tmp_path, *(f",{written(one, dice)},,2026-11-20,45000," for one in wanted))

    batch = bring_in(path)

    assert batch.customers_added == len(wanted)
    assert set(Customer.objects.values_list("phone", flat=True)) == {f"+84{one}" for one in wanted}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("9.12E+08", "shortened by Excel: widen the column, or make it text"),
        ("8,49E+10", "shortened by Excel: widen the column, or make it text"),
        ("0912345678 / 0987654321", "more than one number: leave the one that is used"),
        ("0912345678;0987654321", "more than one number: leave the one that is used"),
        ("028 3822 1234", "a landline, which gets no messages: leave it out"),
        ("091234567", "1 digit is missing. Mobile numbers have 10."),
        ("09123456789", "1 digit too many. Mobile numbers have 10."),
        ("0912345678 (Zalo)", "This is not a phone number."),
        ("0112345678", "No phone has this number. Please check the digits."),
    ],
)
def test_what_cannot_be_mended_says_what_to_do(text, why):
    with override("en"), pytest.raises(InvalidInput) as error:
        phone_in_file(text)

    assert str(error.value) == why
