from loyalty.ledger.models.oversight import Adjustment, Freeze
from loyalty.ledger.models.points import MAX_POINTS, Account, Allocation, Debt, Entry, Lot

__all__ = ["MAX_POINTS", "Account", "Adjustment", "Allocation", "Debt", "Entry", "Freeze", "Lot"]
