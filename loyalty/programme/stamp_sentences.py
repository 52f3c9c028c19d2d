"""Stamp cards in words a customer reads."""

from collections.abc import Mapping
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from loyalty.programme.clauses import NO_NAMES, Telling, condition_clauses, scope_clauses
from loyalty.programme.document import Programme
from loyalty.programme.stamps import Per, StampCard


def stamp_sentences(
    programme: Programme,
    *,
    currency: str,
    language: str,
    on: date,
    reward_names: Mapping[str, str],
    branch_names: Mapping[str, str] = NO_NAMES,
) -> list[str]:
    """Every card that is switched on and not over by that day; rewards by their catalogue names."""
    telling = Telling(programme, currency, language, branch_names)
    with override(language):
        return [
            _sentence(telling, card, reward_names.get(card.reward, card.reward))
            for card in programme.stamp_cards
            if card.enabled and not card.conditions.over(on)
        ]


def _sentence(telling: Telling, card: StampCard, reward: str) -> str:
    each = _("each article is a stamp") if card.per is Per.UNIT else _("each bill is a stamp")
    clauses = [
        each,
        *scope_clauses(card.scope),
        *condition_clauses(telling, card.conditions),
    ]
    full = ngettext("%(count)d stamp: %(reward)s", "%(count)d stamps: %(reward)s", card.needed)
    parts = [", ".join(clauses), full % {"count": card.needed, "reward": reward}]
    if card.valid_days is not None:
        words = ngettext(
            "a card counts for %(count)d day from its first stamp",
            "a card counts for %(count)d days from its first stamp",
            card.valid_days,
        )
        parts.append(words % {"count": card.valid_days})
    return f"{card.label(telling.language)}: {'; '.join(parts)}."
