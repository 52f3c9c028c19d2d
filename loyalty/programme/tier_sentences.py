"""The tiers in words a customer reads: what they ask for, how it is counted, when one is lost."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from loyalty.money import format_money
from loyalty.programme.clauses import multiplier_text, whole_text
from loyalty.programme.document import Programme
from loyalty.programme.ladder import By, Downgrade, Steps, Tier, TierRules, Window


def tier_sentence(programme: Programme, tier: Tier, *, currency: str, language: str) -> str:
    """What a tier asks for and gives: "Bạc: mua từ 1.000.000đ, điểm × 1,2"."""
    ladder = programme.tier_rules
    with override(language):
        words = {
            "tier": tier.label(language),
            "much": _needed(tier.entry, tier.and_entry, ladder, currency, language),
            "times": multiplier_text(tier.multiplier, language=language),
        }
        if tier.entry == 0:
            sentence = _("%(tier)s: from the first purchase, points × %(times)s") % words
        elif ladder.by is By.SPEND:
            sentence = _("%(tier)s: from %(much)s spent, points × %(times)s") % words
        else:
            sentence = _("%(tier)s: from %(much)s, points × %(times)s") % words
        if (tier.renewal, tier.and_renewal) != (tier.entry, tier.and_entry):
            kept = _needed(tier.renewal, tier.and_renewal, ladder, currency, language)
            sentence += _(", kept from %(much)s") % {"much": kept}
    return sentence


def standing_sentences(programme: Programme, *, language: str) -> list[str]:
    """How tiers are counted and kept."""
    ladder = programme.tier_rules
    with override(language):
        sentences = [_counted(ladder), _lost(ladder)]
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
    words = ngettext("%(figure)s day with a purchase", "%(figure)s days with a purchase", number)
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
    return _("%(held)s; who falls short goes to the tier that what counts keeps.") % {"held": held}
