"""The bonuses in words a customer reads."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from loyalty.programme.birthday_sentences import window_clause
from loyalty.programme.bonuses import Bonus, Event
from loyalty.programme.clauses import named_points, whole_text
from loyalty.programme.document import Programme


def bonus_sentences(programme: Programme, *, language: str) -> list[str]:
    """Each bonus with its tiers and its days; nothing when the programme has none."""
    given = programme.bonuses.given
    if not given:
        return []
    with override(language):
        return [
            *(f"{sentence}." for bonus in given for sentence in _bonus(programme, bonus, language)),
            _("Bonuses are spent like other points, but do not count towards a tier."),
        ]


def bonus_sentence(programme: Programme, event: Event, *, language: str) -> str:
    """The bonus for one event; empty when there is none."""
    bonus = programme.bonuses.of(event)
    if bonus is None:
        return ""
    with override(language):
        return " ".join(f"{sentence}." for sentence in _bonus(programme, bonus, language))


def _bonus(programme: Programme, bonus: Bonus, language: str) -> list[str]:
    """One sentence; where only some tiers get it, one for each of them."""

    def gives(points: int) -> str:
        words = {"points": named_points(programme, points, language=language), "when": _when(bonus)}
        return _what(bonus.event) % words

    tiers = {programme.tier(key).label(language): bonus.by_tier[key] for key in bonus.by_tier}
    if not bonus.points:
        return [
            _("%(tier)s: %(sentence)s") % {"tier": tier, "sentence": gives(points) + _days(bonus)}
            for tier, points in tiers.items()
        ]
    others = ", ".join(
        _("%(tier)s %(points)s") % {"tier": tier, "points": whole_text(points, language=language)}
        for tier, points in tiers.items()
    )
    return [gives(bonus.points) + (f"; {others}" if others else "") + _days(bonus)]


def _days(bonus: Bonus) -> str:
    if not bonus.expire_after_days:
        return ""
    words = ngettext(
        "; usable for %(count)d day", "; usable for %(count)d days", bonus.expire_after_days
    )
    return words % {"count": bonus.expire_after_days}


def _what(event: Event) -> str:
    return {
        Event.WELCOME: _("New members get %(points)s at once"),
        Event.BIRTHDAY: _("Members get %(points)s %(when)s"),
        Event.ANNIVERSARY: _("Members get %(points)s each year on the day they joined"),
        Event.PROFILE: _(
            "Members get %(points)s once we know their name, birthday, and phone or e-mail"
        ),
        Event.SURVEY: _("Members get %(points)s for answering a survey"),
    }[event]


def _when(bonus: Bonus) -> str:
    return window_clause(bonus.window) if bonus.event is Event.BIRTHDAY else ""
