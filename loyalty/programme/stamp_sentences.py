"""A stamp card in words a customer reads."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.programme.clauses import Telling, condition_clauses, scope_clauses
from loyalty.programme.stamps import Per, StampCard


def stamp_sentence(telling: Telling, card: StampCard, reward: str) -> str:
    """How the card is filled, and what a full one gives; in the active language."""
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
