"""Texts that are kept as what was said, to be said again in the reader's language."""

import json

from django.utils.translation import override

from loyalty.errors import InvalidInput
from loyalty.sayings import lines_of, parts_of, said, said_of_many, say_again


def again(text, language):
    kept = json.loads(json.dumps(parts_of(text)))
    with override(language):
        return say_again(kept)


def test_a_saying_is_a_text_of_the_moment_and_can_be_said_in_another_language():
    with override("vi"):
        saying = said("longer than %(count)d letters") % {"count": 64}

    assert saying == "dài hơn 64 chữ"
    assert again(saying, "en") == "longer than 64 letters"
    assert again(saying, "vi") == "dài hơn 64 chữ"


def test_numbers_choose_their_form_in_each_language():
    one = "%(count)d digit is missing. Mobile numbers have 10."
    many = "%(count)d digits are missing. Mobile numbers have 10."

    for count, english in ((1, "1 digit is missing."), (2, "2 digits are missing.")):
        with override("vi"):
            saying = said_of_many(one, many, count) % {"count": count}
        assert again(saying, "en").startswith(english)


def test_it_stays_a_saying_in_an_error_and_beside_other_texts():
    error = InvalidInput("name", said("no customer"))
    whole = "A1: " + said("not an amount of money") + "!"

    assert parts_of(str(error)) == [{"say": "no customer"}]
    assert again(whole, "en") == "A1: not an amount of money!"
    assert again(lines_of(["a", said("no customer")]), "en") == "a\nno customer"


def test_what_is_no_saying_is_kept_as_it_stands():
    assert parts_of("plain 100 %") == ["plain 100 %"]
    assert parts_of("") == []
    assert again("plain 100 %", "vi") == "plain 100 %"


def test_a_message_that_nobody_knows_any_more_is_said_in_english():
    with override("vi"):
        assert say_again([{"say": "gone: %(n)d", "with": {"n": 3}}]) == "gone: 3"
