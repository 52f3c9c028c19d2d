"""Bringing a friend, in words a customer reads."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from loyalty.money import format_money
from loyalty.programme.clauses import named_points
from loyalty.programme.document import Programme
from loyalty.programme.referral import Event, Referral


def referral_sentences(programme: Programme, *, currency: str, language: str) -> list[str]:
    """What both sides get, when, and how often; nothing when the programme has no [referral]."""
    referral = programme.referral
    if referral is None:
        return []
    with override(language):
        return [
            _("%(gifts)s %(event)s.")
            % {
                "gifts": _gifts(programme, referral, language),
                "event": _event(referral, currency, language),
            },
            *_days(referral),
            *_limits(referral),
        ]


def invitation_sentences(programme: Programme, *, currency: str, language: str) -> list[str]:
    """What a friend gets who is invited; nothing when that is nothing."""
    referral = programme.referral
    if referral is None or not referral.friend_points:
        return []
    with override(language):
        words = {"yours": named_points(programme, referral.friend_points, language=language)}
        if referral.event is Event.ENROLMENT:
            gift = _("%(yours)s for you once you are a member.") % words
        elif referral.min_order_minor:
            least = format_money(referral.min_order_minor, currency=currency, language=language)
            gift = _("%(yours)s for you after your first purchase from %(money)s.") % (
                words | {"money": least}
            )
        else:
            gift = _("%(yours)s for you after your first purchase.") % words
        return [gift, *_days(referral)]


def _gifts(programme: Programme, referral: Referral, language: str) -> str:
    yours = named_points(programme, referral.referrer_points, language=language)
    theirs = named_points(programme, referral.friend_points, language=language)
    if not referral.friend_points:
        return _("Bring a friend: %(yours)s for you") % {"yours": yours}
    if not referral.referrer_points:
        return _("Bring a friend: %(theirs)s for your friend") % {"theirs": theirs}
    return _("Bring a friend: %(yours)s for you and %(theirs)s for your friend") % {
        "yours": yours,
        "theirs": theirs,
    }


def _event(referral: Referral, currency: str, language: str) -> str:
    if referral.event is Event.ENROLMENT:
        return _("once they are a member")
    if not referral.min_order_minor:
        return _("after their first purchase")
    money = format_money(referral.min_order_minor, currency=currency, language=language)
    return _("after their first purchase from %(money)s") % {"money": money}


def _days(referral: Referral) -> list[str]:
    sentences = []
    if referral.wait_days:
        sentences.append(_waiting(referral) % {"count": referral.wait_days})
    if referral.expire_after_days:
        words = ngettext(
            "They can be used for %(count)d day.",
            "They can be used for %(count)d days.",
            referral.expire_after_days,
        )
        sentences.append(words % {"count": referral.expire_after_days})
    return sentences


def _waiting(referral: Referral) -> str:
    if referral.event is Event.ENROLMENT:
        return ngettext(
            "These points come %(count)d day later.",
            "These points come %(count)d days later.",
            referral.wait_days,
        )
    return ngettext(
        "These points come %(count)d day later, if the purchase is not returned.",
        "These points come %(count)d days later, if the purchase is not returned.",
        referral.wait_days,
    )


def _limits(referral: Referral) -> list[str]:
    limits = []
    if referral.most_per_month:
        words = ngettext(
            "You get points for at most %(count)d friend a month.",
            "You get points for at most %(count)d friends a month.",
            referral.most_per_month,
        )
        limits.append(words % {"count": referral.most_per_month})
    if referral.most_per_year:
        words = ngettext(
            "You get points for at most %(count)d friend a year.",
            "You get points for at most %(count)d friends a year.",
            referral.most_per_year,
        )
        limits.append(words % {"count": referral.most_per_year})
    return limits
