"""Vouchers laid on the counter with a sale: whose, whether they may be used, and what they say."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from customers.queries import numbers_of
from loyalty.programme.tickets import Kind, Ticket
from loyalty.shop.models import Shop
from loyalty.shop.queries import get_shop
from rewards.models import SharedVoucher, Terms, Voucher, VoucherUse
from rewards.vouchers import (
    UnknownVoucher,
    VoucherRefused,
    check_branch,
    check_open,
    day_text,
    tidy_code,
)


@dataclass(frozen=True)
class Presented:
    """One voucher of a sale, fit to be used."""

    ticket: Ticket
    voucher_id: int | None  # Of a personal one; else
    shared_id: int | None


@dataclass(frozen=True)
class Present:
    """Who lays them on the counter, where and when."""

    customer_id: int | None  # None: somebody unknown.
    branch_key: str
    on: date  # The day of the sale in the shop.


def present(codes: Sequence[str], by: Present, *, lock: bool) -> tuple[Presented, ...]:
    """
    The vouchers of these codes or tokens, in their order. A personal one is for its customer
    alone. With `lock` nobody else can use them until the transaction ends; the caller has locked
    the customer's account before. Raises UnknownVoucher and VoucherRefused, naming the place.
    """
    if not codes:
        return ()
    shop = get_shop()
    own = {code: found for found in _personal(codes, lock) for code in (found.code, found.token)}
    rest = [tidy_code(code) for code in codes if _own(own, code) is None]
    shared = {one.code: one for one in _shared(rest, lock)} if rest else {}
    found: list[Presented] = []
    for place, code in enumerate(codes):
        personal, common = _own(own, code), shared.get(tidy_code(code))
        if personal is not None:
            made = _of_personal(personal, by, place, shop)
        elif common is not None:
            made = _of_shared(common, by, place, shop)
        else:
            raise UnknownVoucher(place)
        if any(
            (one.voucher_id, one.shared_id) == (made.voucher_id, made.shared_id) for one in found
        ):
            raise VoucherRefused(_("This voucher is named twice."), place)
        found.append(made)
    return tuple(found)


def presented_in(
    references: Collection[str],
) -> dict[tuple[str, str], list[tuple[Presented, int | None]]]:
    """
    The vouchers that recorded sales of these references used, in their order, by the sale's source
    and reference; each with the entry of the points that had bought it, None where none had.
    """
    uses = VoucherUse.objects.filter(reference__in=references).order_by("place")
    shop = get_shop()
    found: dict[tuple[str, str], list[tuple[Presented, int | None]]] = {}
    for use in uses.select_related(
        "voucher__reward",
        "voucher__terms",
        "voucher__redemption",
        "shared__reward",
        "shared__terms",
    ):
        one = use.voucher or use.shared
        if one is None:
            continue
        redemption = use.voucher.redemption if use.voucher else None
        ticket = _ticket(one, use.place - 1, shop)
        made = Presented(ticket, use.voucher_id, use.shared_id)
        sale = found.setdefault((use.source, use.reference), [])
        sale.append((made, redemption.entry_id if redemption else None))
    return found


def _own(own: dict[str, Voucher], code: str) -> Voucher | None:
    return own.get(code.strip()) or own.get(tidy_code(code))


def _personal(codes: Sequence[str], lock: bool) -> QuerySet[Voucher]:
    """In one order for all tills, so that two never wait for each other."""
    named = Q(token__in=[code.strip() for code in codes])
    named |= Q(code__in=[tidy_code(code) for code in codes])
    rows = Voucher.objects.filter(named).select_related("reward", "terms").order_by("pk")
    return rows.select_for_update(of=("self",), no_key=True) if lock else rows


def _shared(codes: Sequence[str], lock: bool) -> QuerySet[SharedVoucher]:
    rows = (
        SharedVoucher.objects.filter(code__in=codes)
        .select_related("reward", "terms")
        .order_by("pk")
    )
    return rows.select_for_update(of=("self",), no_key=True) if lock else rows


def _of_personal(voucher: Voucher, by: Present, place: int, shop: Shop) -> Presented:
    if by.customer_id is None or voucher.customer_id != by.customer_id:
        raise UnknownVoucher(place)
    check_open(voucher, on=by.on, zone=shop.zone, place=place)
    check_branch(voucher.terms, branch_key=by.branch_key, place=place)
    return Presented(_ticket(voucher, place, shop), voucher.pk, None)


def _of_shared(shared: SharedVoucher, by: Present, place: int, shop: Shop) -> Presented:
    if not shared.is_active:
        raise UnknownVoucher(place)
    if shared.members_only and by.customer_id is None:
        raise VoucherRefused(_("This voucher is for members only."), place)
    if shared.starts_on and by.on < shared.starts_on:
        text = _("This voucher can be used from %(day)s.") % {"day": day_text(shared.starts_on)}
        raise VoucherRefused(text, place)
    if by.on > shared.expires_on:
        text = _("This voucher ended on %(day)s.") % {"day": day_text(shared.expires_on)}
        raise VoucherRefused(text, place)
    check_branch(shared.terms, branch_key=by.branch_key, place=place)
    if shared.most_uses is not None and shared.uses >= shared.most_uses:
        raise VoucherRefused(_("This voucher has been used up."), place)
    if shared.most_per_customer and by.customer_id is not None:
        uses = VoucherUse.objects.filter(shared=shared, customer__in=numbers_of(by.customer_id))
        if uses.count() >= shared.most_per_customer:
            raise VoucherRefused(_("This customer has used this voucher already."), place)
    return Presented(_ticket(shared, place, shop), None, shared.pk)


def _ticket(voucher: Voucher | SharedVoucher, place: int, shop: Shop) -> Ticket:
    terms: Terms = voucher.terms
    return Ticket(
        place=place,
        key=voucher.reward.key,
        name=terms.name,
        name_en=terms.name_en,
        kind=Kind(terms.kind),
        currency=shop.currency,
        value_minor=terms.value_minor,
        percent=Fraction(terms.percent or 0),
        most_minor=terms.most_minor or 0,
        minimum_minor=terms.minimum_minor,
        scope=terms.goods,
    )
