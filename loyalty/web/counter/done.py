"""A recorded sale: what it brought, in letters one reads across the counter, and its receipt."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from loyalty.programme.ladder import Tier
from loyalty.programme.versions import in_force
from loyalty.purchases.models import Purchase
from loyalty.tiers.queries import Progress, progress_after
from loyalty.web.counter.till import SOURCE, TillRequest, at_the_till
from loyalty.web.shared.bills import paid_for
from loyalty.web.shared.sums import earning_steps
from rewards.models import Voucher
from rewards.queries import brought_by_sale
from rewards.stamp_cards import stamps_of_sale


@dataclass(frozen=True)
class Standing:
    """Where the sale left its customer; the same however much later one looks."""

    tier: Tier
    promoted: bool  # The sale reached `tier`.
    progress: Progress


@require_safe
@at_the_till
def done(request: TillRequest, purchase_id: int) -> HttpResponse:
    purchase = get_object_or_404(
        Purchase.objects.select_related("customer", "branch", "recorded_by", "entry__lot"),
        pk=purchase_id,
        source=SOURCE,
    )
    entry = purchase.entry
    return render(
        request,
        "counter/done.html",
        {
            "purchase": purchase,
            "customer": purchase.customer,
            "standing": standing_after(purchase, zone=request.shop.zone)
            if purchase.customer
            else None,
            "paid": paid_for(purchase),
            "stamps": stamps_of_sale(
                source=purchase.source,
                reference=purchase.reference,
                cards=in_force(purchase.occurred_at).programme.stamp_cards,
            ),
            "coupons": _coupons(purchase),
            "steps": earning_steps(entry.explanation) if entry else [],
            "last_day": _last_day(purchase),
            "site": settings.SITE_URL,
        },
    )


def standing_after(purchase: Purchase, *, zone: ZoneInfo) -> Standing:
    """Tier and way to the next one as they were when the sale was recorded."""
    progress = progress_after(
        purchase.customer_id or 0,
        source=purchase.source,
        reference=purchase.reference,
        tier_key=purchase.tier_after,
        at=purchase.occurred_at,
        zone=zone,
    )
    return Standing(
        tier=progress.tier,
        promoted=purchase.tier_before != purchase.tier_after,
        progress=progress,
    )


def _coupons(purchase: Purchase) -> list[Voucher]:
    """What it brought for the next purchase. No query where no rule brings anything."""
    if not in_force(purchase.occurred_at).programme.coupons:
        return []
    return list(brought_by_sale(source=purchase.source, reference=purchase.reference))


def _last_day(purchase: Purchase) -> date | None:
    """Through when the points of this sale can be used."""
    lot = getattr(purchase.entry, "lot", None)
    return lot.expires_on if lot else None
