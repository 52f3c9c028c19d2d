"""
Whom or what the cashier means: a phone, a card, a name, or a voucher.

Asked by POST and answered with a row's number: phones and names stay out of addresses, and so
out of the server's logs.
"""

import re

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from customers.identity import normalise_phone, show_phone
from customers.queries import find_customers
from loyalty.errors import InvalidInput
from loyalty.web.counter.codes import who
from loyalty.web.counter.enrol_form import EnrolForm
from loyalty.web.counter.sale import Till, show_till, to_till_of
from loyalty.web.counter.till import TillRequest, at_the_till
from loyalty.web.shared.guessing import Guess, TooManyCodes
from rewards.vouchers import find_voucher, looks_like_code

MATCHES_SHOWN = 6
LONGEST = 200


@require_http_methods(["GET", "HEAD", "POST"])
@at_the_till
def find(request: TillRequest) -> HttpResponse:
    typed = request.POST.get("q", "").replace("\x00", "").strip()[:LONGEST]
    if not typed:
        return redirect("counter:sale")
    guess = Guess.of(request, who(request), typed) if looks_like_code(typed) else None
    if guess and not guess.may_go_on():
        return show_till(request, Till(typed=typed, find_error=str(TooManyCodes())), status=429)
    voucher = find_voucher(typed) if guess else None
    found = () if voucher else find_customers(typed, limit=MATCHES_SHOWN + 1)
    if guess and (voucher or found):
        guess.was_right()
    if voucher is not None:
        return redirect("counter:voucher", voucher_id=voucher.pk)
    if len(found) == 1:
        return to_till_of(found[0])
    if found:
        matches = tuple(found[:MATCHES_SHOWN])
        more = len(found) > MATCHES_SHOWN
        return show_till(request, Till(typed=typed, matches=matches, more_matches=more))
    return show_till(request, _nobody(typed))


def _nobody(typed: str) -> Till:
    """Nobody has it: enrol a new phone at once, or say what is wrong with the number."""
    if re.search(r"[^\W\d_]", typed):
        named = "" if "@" in typed else typed
        email = typed if "@" in typed else ""
        form = EnrolForm(initial={"name": named, "email": email})
        return Till(typed=typed, enrol=form)
    try:
        phone = normalise_phone(typed)
    except InvalidInput as error:
        return Till(typed=typed, find_error=str(error))
    return Till(typed=typed, enrol=EnrolForm(initial={"phone": show_phone(phone)}))
