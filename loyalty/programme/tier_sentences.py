"""The tiers in words a customer reads: what they ask for, how it is counted, when one is lost."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from loyalty.money import format_money
from loyalty.programme.clauses import whole_text
from loyalty.programme.document import Programme
from loyalty.programme.ladder import By, Downgrade, Steps, TierRules, Window


def standing_sentences(programme: Programme, *, currency: str, language: str) -> list[str]:
    """How tiers are counted and kept."""
    ladder = programme.tier_rules
    with override(language):
        sentences = [_counted(ladder), _lost(ladder), *_renewals(programme, currency, language)]
        if ladder.grace_days:
            sentences.append(
                ngettext(
                    "Purchases of %(count)d more day help to keep it.",
                    "Purchases of %(count)d more days help to keep it.",
                    ladder.grace_days,
                )
                % {"count": ladder.grace_days}
            )
    return sentences


def _renewals(programme: Programme, currency: str, language: str) -> Iterator[str]:
    """What keeps the tiers that are easier to keep than to reach: "Bạc: giữ hạng từ 500.000đ."."""
    ladder = programme.tier_rules
    for tier in programme.tiers if ladder.downgrade is not Downgrade.NEVER else ():
        if (tier.renewal, tier.and_renewal) != (tier.entry, tier.and_entry):
            much = _needed(tier.renewal, tier.and_renewal, ladder, currency, language)
            yield _("%(tier)s: kept from %(much)s.") % {
                "tier": tier.label(language),
                "much": much,
            }


def _needed(number: int, besides: int, ladder: TierRules, currency: str, language: str) -> str:
    """What is needed, and what besides."""
    much = _much(number, ladder.by, currency, language)
    if not besides or ladder.and_by is None:
        return much
    more = _much(besides, ladder.and_by, currency, language)
    return _("%(first)s and %(second)s") % {"first": much, "second": more}


def _much(number: int, by: By, currency: str, language: str) -> str:
    if by is By.SPEND:
        return format_money(number, currency=currency, language=language)
    figure = {"figure": whole_text(number, language=language)}
    if by is By.POINTS:
        return ngettext("%(figure)s point", "%(figure)s points", number) % figure
    words = ngettext("%(figure)s purchase day", "%(figure)s purchase days", number)
    return words % figure


def _counted(ladder: TierRules) -> str:
    if ladder.window is Window.ROLLING:
        return ngettext(
            "A tier counts the last %(count)d month.",
            "A tier counts the last %(count)d months.",
            ladder.months,
        ) % {"count": ladder.months}
    if ladder.window is Window.CALENDAR_YEAR:
        return _("A tier counts what falls into one year, from 1 January to 31 December.")
    return _("A tier counts everything since the first purchase.")


def _lost(ladder: TierRules) -> str:
    if ladder.downgrade is Downgrade.NEVER:
        return _("A tier once reached is kept.")
    if ladder.downgrade is Downgrade.AT_ONCE:
        return _("A tier is lost on the day too little counts for it.")
    if ladder.window is Window.ROLLING:
        held = ngettext(
            "A tier is held for %(count)d month and then reviewed",
            "A tier is held for %(count)d months and then reviewed",
            ladder.months,
        ) % {"count": ladder.months}
    elif ladder.carry_over:
        held = _("A tier is held through the end of the next year and then reviewed")
    else:
        held = _("A tier is held through the end of the year")
    if ladder.steps is Steps.ONE:
        return _("%(held)s; who falls short goes down one tier.") % {"held": held}
    return _("%(held)s; who falls short goes down to the highest tier they still qualify for.") % {
        "held": held
    }
