"""What the rules promise out of the catalogue, stamp cards and coupons, in words a customer reads."""

from collections.abc import Iterable, Mapping
from datetime import date

from django.utils.translation import override

from loyalty.programme.clauses import NO_NAMES, Telling
from loyalty.programme.coupon_sentences import coupon_sentence
from loyalty.programme.coupons import Coupon
from loyalty.programme.document import Programme
from loyalty.programme.stamp_sentences import stamp_sentence
from loyalty.programme.stamps import StampCard


def promise_sentences(
    promised: Iterable[StampCard | Coupon],
    *,
    programme: Programme,
    currency: str,
    language: str,
    on: date,
    reward_names: Mapping[str, str],
    branch_names: Mapping[str, str] = NO_NAMES,
) -> list[str]:
    """
    Those of the programme's stamp cards or coupons that are switched on and not over by that day;
    rewards by their catalogue names.
    """
    telling = Telling(programme, currency, language, branch_names)
    with override(language):
        return [
            _sentence(telling, one, reward_names.get(one.reward, one.reward))
            for one in promised
            if one.enabled and not one.conditions.over(on)
        ]


def _sentence(telling: Telling, one: StampCard | Coupon, reward: str) -> str:
    if isinstance(one, StampCard):
        return stamp_sentence(telling, one, reward)
    return coupon_sentence(telling, one, reward)
