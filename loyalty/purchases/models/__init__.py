from loyalty.purchases.models.activity import Activity
from loyalty.purchases.models.maps import ColumnMap
from loyalty.purchases.models.purchases import (
    ImportBatch,
    Purchase,
    PurchaseLine,
    PurchasePayment,
)
from loyalty.purchases.models.refunds import Refund, RefundLine
from loyalty.purchases.models.uploads import Upload
from loyalty.purchases.models.uses import CapUse, DiscountUse

__all__ = [
    "Activity",
    "CapUse",
    "ColumnMap",
    "DiscountUse",
    "ImportBatch",
    "Purchase",
    "PurchaseLine",
    "PurchasePayment",
    "Refund",
    "RefundLine",
    "Upload",
]
