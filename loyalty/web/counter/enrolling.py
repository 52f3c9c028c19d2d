"""A new member, while the queue waits."""

from datetime import datetime

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.models import Consent, Customer
from customers.services import AlreadyEnrolled, enrol_customer, record_consent
from loyalty.errors import InvalidInput
from loyalty.purchases.referring import refer
from loyalty.web.counter.enrol_form import EnrolForm
from loyalty.web.counter.sale import Till, show_till, to_till_of
from loyalty.web.counter.till import TillRequest, at_the_till
from loyalty.web.shared import display as shown
from loyalty.web.shared.decorators import posted_from
from rewards.bonuses import greet

WORDING = "counter-2"  # Names the words of templates/counter/enrol.html; a new text, a new name.


@at_the_till
@posted_from("counter:sale")
def enrol(request: TillRequest) -> HttpResponse:
    """Enrol and go on selling to the new member; somebody already known is simply chosen."""
    form = EnrolForm(request.POST)
    if not form.is_valid():
        return show_till(request, Till(enrol=form), status=422)
    try:
        customer, gift = _enrol(form, request, at=timezone.now())
    except AlreadyEnrolled as known:
        messages.info(request, str(known))
        return to_till_of(known.customer)
    except InvalidInput as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return show_till(request, Till(enrol=form), status=422)
    messages.success(request, _welcome(gift))
    return to_till_of(customer)


@transaction.atomic
def _enrol(form: EnrolForm, request: TillRequest, *, at: datetime) -> tuple[Customer, int]:
    """The customer with what they agreed to and their first points, together or not at all."""
    data = form.cleaned_data
    customer = enrol_customer(
        phone=data["phone"],
        name=data["name"],
        salutation=data["salutation"],
        birthday=data["birthday"],
        email=data["email"],
        branch=request.branch,
        at=at,
        by=request.user,
    )
    if data["referral_code"]:
        refer(friend=customer, code=data["referral_code"], at=at, by=request.user)
    for channel in data["consents"]:
        record_consent(
            customer=customer,
            channel=channel,
            granted=True,
            wording=WORDING,
            means=Consent.Means.COUNTER,
            at=at,
            by=request.user,
        )
    return customer, greet(customer=customer, at=at, by=request.user)


def _welcome(points: int) -> str:
    if not points:
        return _("Welcome: a new member.")
    return ngettext(
        "Welcome: a new member, with %(points)s point as a gift.",
        "Welcome: a new member, with %(points)s points as a gift.",
        points,
    ) % {"points": shown.points(points)}
