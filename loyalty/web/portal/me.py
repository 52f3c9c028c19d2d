"""What the shop knows of a member, and what the member allows."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from customers.identity import show_birthday
from customers.models import Consent, Customer
from customers.queries import consents_of
from customers.services import record_consent
from loyalty.programme.birthdays import coming_birthday
from loyalty.programme.versions import in_force
from loyalty.web.shared.http import MemberRequest
from loyalty.web.shared.members import member_required
from rewards.birthdays import birthday_of

WORDING = "portal-me-2"  # Names the words below; a new text needs a new name.


@dataclass(frozen=True)
class ChannelChoice:
    key: str
    words: str
    granted: bool


@require_safe
@member_required
def me(request: MemberRequest) -> HttpResponse:
    return render(
        request,
        "portal/me.html",
        {
            "tab": "me",
            "channels": _channels_of(request.member),
            **_birthday_of(request.member),
            "most_a_month": Consent.MOST_A_MONTH,
            "brings_friends": in_force(timezone.now()).programme.referral is not None,
        },
    )


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


def _birthday_of(member: Customer) -> dict[str, object]:
    """In words; for a lunar one also the day it is kept on next, which no member can know."""
    told, kept = member.birthday, birthday_of(member)
    if told is None or kept is None:
        return {}
    now = timezone.now()
    leap_day = in_force(now).programme.leap_day
    coming = coming_birthday(kept, today=timezone.localdate(now), leap_day=leap_day)
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
