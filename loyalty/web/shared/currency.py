"""The currency amounts are shown in during a request, as Django keeps the active time zone."""

from contextvars import ContextVar

from loyalty.shop.queries import get_shop

_active: ContextVar[str] = ContextVar("active_currency", default="")


def activate(currency: str) -> None:
    """Show amounts in this currency (ISO 4217) until `deactivate`."""
    _active.set(currency)


def deactivate() -> None:
    _active.set("")


def active_currency() -> str:
    """The currency of this request; outside one, the shop's, with one query."""
    return _active.get() or get_shop().currency
