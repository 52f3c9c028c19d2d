"""A sale as it was recorded, and what came back of it since."""

from django.db.models.functions import Coalesce
from django.http import HttpResponse
from ninja import Router

from loyalty.purchases.models import Purchase
from loyalty.purchases.recording import recall
from loyalty.purchases.refunds import purchase_of
from loyalty.web.api.answering import reply, tell
from loyalty.web.api.bills import PaymentIn
from loyalty.web.api.entering import Key, KeyRequest, Scope
from loyalty.web.api.purchases import PurchaseOut, told_of
from rewards.models import VoucherUse

router = Router(tags=["Sales"])


class SaleOut(PurchaseOut):
    """As POST /purchases answered, and what has become of it."""

    refunded_minor: int  # Of `amount_minor`, given back so far.


@router.get(
    "/purchases/{path:reference}",
    auth=Key(Scope.READ),
    response=SaleOut,
    summary="Show a sale",
)
def show(request: KeyRequest, reference: str) -> HttpResponse:
    """Only sales of the same key's name. Balance and tiers are those of the moment after the sale."""
    purchase = purchase_of(source=request.auth.source, reference=reference)
    told = told_of(
        recall(purchase),
        purchase.branch,
        purchase.lines.order_by("number"),
        vouchers=_vouchers(purchase),
        payments=[
            PaymentIn.model_construct(method=one.method, amount_minor=one.amount_minor)
            for one in purchase.payments.order_by("number")
        ],
    )
    return tell(reply(SaleOut(**dict(told), refunded_minor=purchase.refunded_minor)))


def _vouchers(purchase: Purchase) -> list[str]:
    """The codes of what took money off it, in their order; of shared ones the word that everybody knows."""
    uses = VoucherUse.objects.filter(source=purchase.source, reference=purchase.reference)
    codes = uses.order_by("place").values_list(Coalesce("voucher__code", "shared__code"), flat=True)
    return list(codes)
