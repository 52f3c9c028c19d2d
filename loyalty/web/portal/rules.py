"""The programme in words, and the page that says it all."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from loyalty.dates import local_date
from loyalty.programme.benefit_sentences import (
    basis_sentences,
    discount_sentences,
    mark_sentences,
    pay_sentences,
    perk_sentences,
)
from loyalty.programme.bonus_sentences import bonus_sentences
from loyalty.programme.clauses import multiplier_text
from loyalty.programme.coupons import Coupon
from loyalty.programme.document import Programme
from loyalty.programme.ladder import By, Tier
from loyalty.programme.models import ProgrammeVersion
from loyalty.programme.promise_sentences import promise_sentences
from loyalty.programme.referral_sentences import invitation_sentences, referral_sentences
from loyalty.programme.sentences import earn_sentence, expiry_sentence, rule_sentences
from loyalty.programme.stamps import StampCard
from loyalty.programme.term_sentences import pending_sentences, refund_sentences
from loyalty.programme.tier_sentences import standing_sentences
from loyalty.programme.versions import in_force
from loyalty.shop.models import Branch
from loyalty.web.shared.display import named
from loyalty.web.shared.http import ShopRequest, VisitorRequest
from loyalty.web.shared.members import member_of
from rewards.stamp_cards import rewards_of


@dataclass(frozen=True)
class TierLine:
    tier: Tier
    by: By
    and_by: By | None
    multiplier: str


def earning(request: ShopRequest, programme: Programme) -> str:
    """How points are earned, in the reader's language: "10.000đ = 1 điểm"."""
    return earn_sentence(programme, currency=request.shop.currency, language=_language())


def sentences(request: ShopRequest, programme: Programme) -> list[str]:
    """How points come and go, each a whole sentence."""
    currency, language = request.shop.currency, _language()
    on, names = local_date(timezone.now(), request.shop.zone), _branch_names(programme)
    earning_rules = rule_sentences(
        programme, currency=currency, language=language, on=on, branch_names=names
    )
    return [
        *(f"{rule}." for rule in earning_rules),
        *basis_sentences(programme, language=language),
        *mark_sentences(programme, currency=currency, language=language, on=on, branch_names=names),
        *pending_sentences(programme, language=_language()),
        expiry(programme),
        *pay_sentences(programme, currency=currency, language=language),
        *refund_sentences(programme, language=_language()),
    ]


def benefits(request: ShopRequest, programme: Programme) -> list[str]:
    """Money off, and what else the tiers give, each a whole sentence."""
    discounts = discount_sentences(
        programme,
        currency=request.shop.currency,
        language=_language(),
        on=local_date(timezone.now(), request.shop.zone),
        branch_names=_branch_names(programme),
    )
    return [*discounts, *perk_sentences(programme, language=_language())]


def expiry(programme: Programme) -> str:
    """How long points last, in the reader's language."""
    return expiry_sentence(programme, language=_language())


def bringing_friends(request: ShopRequest, programme: Programme) -> list[str]:
    """What a member and a friend they bring get; empty when that is not in the programme."""
    return referral_sentences(programme, currency=request.shop.currency, language=_language())


def invitation(request: ShopRequest, programme: Programme) -> list[str]:
    """What the friend who reads it gets; empty when that is nothing."""
    return invitation_sentences(programme, currency=request.shop.currency, language=_language())


def promises(
    request: ShopRequest, programme: Programme, promised: Sequence[StampCard | Coupon]
) -> list[str]:
    """What these stamp cards or coupons of the programme give, and when. A query where there is one."""
    if not promised:
        return []
    return promise_sentences(
        promised,
        programme=programme,
        currency=request.shop.currency,
        language=_language(),
        on=local_date(timezone.now(), request.shop.zone),
        reward_names={key: named(reward) for key, reward in rewards_of(promised).items()},
        branch_names=_branch_names(programme),
    )


def _branch_names(programme: Programme) -> dict[str, str]:
    if not any(conditions.branches for conditions in programme.conditions):
        return {}
    return dict(Branch.objects.values_list("key", "name"))


def tier_lines(programme: Programme) -> list[TierLine]:
    """The tiers, lowest first."""
    return [
        TierLine(
            tier,
            programme.tier_rules.by,
            programme.tier_rules.and_by,
            multiplier_text(tier.multiplier, language=_language()),
        )
        for tier in programme.tiers
    ]


@require_safe
def terms(request: VisitorRequest) -> HttpResponse:
    rules = in_force(timezone.now())
    programme = rules.programme
    request.member = member_of(request)
    return render(
        request,
        "portal/terms.html",
        {
            "since": ProgrammeVersion.objects.get(pk=rules.version_id).effective_from,
            "sentences": sentences(request, programme),
            "bonus_sentences": bonus_sentences(programme, language=_language()),
            "stamp_sentences": promises(request, programme, programme.stamp_cards),
            "referral_sentences": bringing_friends(request, programme),
            "tiers": tier_lines(programme),
            "tier_sentences": standing_sentences(
                programme, currency=request.shop.currency, language=_language()
            ),
            "benefit_sentences": [
                *benefits(request, programme),
                *promises(request, programme, programme.coupons),
            ],
        },
    )


def _language() -> str:
    return get_language() or "vi"
