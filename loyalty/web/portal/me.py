"""What the shop knows of a member, and what the member allows."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from customers.identity import show_birthday
from customers.models import Consent, Customer
from customers.queries import consents_of
from customers.services import record_consent
from loyalty.errors import InvalidInput
from loyalty.programme.birthdays import coming_birthday
from loyalty.programme.bonus_sentences import bonus_sentence
from loyalty.programme.bonuses import Event
from loyalty.programme.document import Programme
from loyalty.programme.versions import in_force
from loyalty.web.portal.forms import ProfileForm
from loyalty.web.shared import display as shown
from loyalty.web.shared.decorators import posted_from
from loyalty.web.shared.http import MemberRequest
from loyalty.web.shared.members import member_required
from rewards.birthdays import birthday_of
from rewards.bonuses import complete_profile

WORDING = "portal-me-2"  # Names the words below; a new text needs a new name.


@dataclass(frozen=True)
class ChannelChoice:
    key: str
    words: str
    granted: bool


@require_safe
@member_required
def me(request: MemberRequest) -> HttpResponse:
    return _page(request, ProfileForm())


@member_required
@posted_from("portal:me")
def profile(request: MemberRequest) -> HttpResponse:
    """Add the name or the birthday that the shop does not know yet."""
    form = ProfileForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        points = complete_profile(
            customer=request.member,
            name=form.cleaned_data["name"],
            birthday=form.cleaned_data["birthday"],
            at=timezone.now(),
        )
    except InvalidInput as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return _page(request, form, status=422)
    messages.success(request, _thanks(points))
    return redirect("portal:me")


@require_POST
@member_required
def consents(request: MemberRequest) -> HttpResponse:
    wanted = request.POST.getlist("channel")
    for channel in _channels_of(request.member):
        if (channel.key in wanted) != channel.granted:
            record_consent(
                customer=request.member,
                channel=channel.key,
                granted=channel.key in wanted,
                wording=WORDING,
                means=Consent.Means.PORTAL,
                at=timezone.now(),
                by=None,
            )
    messages.success(request, _("Saved."))
    return redirect("portal:me")


def _page(request: MemberRequest, form: ProfileForm, *, status: int = 200) -> HttpResponse:
    programme = in_force(timezone.now()).programme
    context = {
        "tab": "me",
        "channels": _channels_of(request.member),
        **_birthday_of(request.member, programme),
        "form": form,
        "gift": bonus_sentence(programme, Event.PROFILE, language=get_language() or "vi"),
        "most_a_month": Consent.MOST_A_MONTH,
        "brings_friends": programme.referral is not None,
    }
    return render(request, "portal/me.html", context, status=status)


def _thanks(points: int) -> str:
    if not points:
        return _("Saved.")
    return ngettext(
        "Saved. %(points)s point as a gift.", "Saved. %(points)s points as a gift.", points
    ) % {"points": shown.points(points)}


def _birthday_of(member: Customer, programme: Programme) -> dict[str, object]:
    """In words; for a lunar one also the day it is kept on next, which no member can know."""
    told, kept = member.birthday, birthday_of(member)
    if told is None or kept is None:
        return {}
    coming = coming_birthday(kept, today=timezone.localdate(), leap_day=programme.leap_day)
    return {"birthday": show_birthday(told), "birthday_on": coming if kept.lunar else None}


def _channels_of(member: Customer) -> list[ChannelChoice]:
    """The ways the shop can reach this member, with what the member said to each."""
    said = consents_of(member)
    words = {
        Consent.Channel.SMS: (member.phone, _("By SMS")),
        Consent.Channel.EMAIL: (member.email, _("By e-mail")),
    }
    return [
        ChannelChoice(channel, text, channel in said and said[channel].granted)
        for channel, (address, text) in words.items()
        if address
    ]
