"""Two rows of one person: who is meant by them, what they agreed to, and what is known of them."""

from django.db.models import Q

from customers.identity import name_columns
from customers.models import Consent, Customer

# What a kept row that lacks it takes from the duplicate. Phones and e-mails stay with their row:
# they find the person there, and `Customer.address` reads them.
_GAINS = {
    "name": ("name", "name_folded", "name_sort"),
    "salutation": ("salutation",),
    "birthday": ("birth_day", "birth_month", "birth_year", "birth_lunar"),
}


def lock_rows(customer_ids: list[int]) -> dict[int, Customer]:
    """The customers, read now and locked against other words of consent until the end."""
    rows = Customer.objects.select_for_update(no_key=True).filter(pk__in=customer_ids)
    return {row.pk: row for row in rows.order_by("pk")}


def turn_to(kept: Customer, duplicate: Customer) -> None:
    """Let the duplicate, and whoever was merged into them, mean the kept one."""
    rows = Customer.objects.filter(Q(pk=duplicate.pk) | Q(merged_into=duplicate))
    rows.update(merged_into=kept)


def turn_back(duplicate: Customer, *, with_ids: list[int]) -> None:
    """Let the duplicate be somebody again, and those who were merged into them mean them."""
    Customer.objects.filter(pk=duplicate.pk).update(merged_into=None)
    Customer.objects.filter(pk__in=with_ids).update(merged_into=duplicate)


def gain(kept: Customer, duplicate: Customer) -> list[str]:
    """Fill what the kept row lacks from the duplicate's; return what that was."""
    gained = [
        name
        for name, columns in _GAINS.items()
        if not getattr(kept, columns[0]) and getattr(duplicate, columns[0])
    ]
    _copy(duplicate, kept, gained)
    return gained


def give_up(kept: Customer, duplicate: Customer, gained: list[str]) -> None:
    """Empty again what was filled, where nobody has changed it since."""
    blank = Customer(**name_columns(""))
    unchanged = [
        name
        for name in gained
        if all(getattr(kept, one) == getattr(duplicate, one) for one in _GAINS[name])
    ]
    _copy(blank, kept, unchanged)


def _copy(source: Customer, target: Customer, names: list[str]) -> None:
    columns = [column for name in names for column in _GAINS[name]]
    if columns:
        values = {column: getattr(source, column) for column in columns}
        Customer.objects.filter(pk=target.pk).update(**values)


def carry_consents(kept: Customer, duplicate: Customer, *, reference: str) -> None:
    """
    The stricter word of the two counts: a refusal of either. An agreement is carried over only to
    one who has said nothing and is reached by the duplicate's address alone.
    """
    for channel in Consent.Channel.values:
        own, theirs = (_newest(one.pk, channel) for one in (kept, duplicate))
        if theirs is None:
            continue
        refused = not theirs.granted and (own is None or own.granted)
        agreed = theirs.granted and own is None and not kept.address(channel, own=True)
        if refused or agreed:
            _say(kept.pk, theirs, granted=theirs.granted, evidence=_evidence(reference))


def part_consents(kept: Customer, *, reference: str) -> None:
    """Take back what `carry_consents` said for the kept one, unless they have spoken since."""
    for channel in Consent.Channel.values:
        newest = _newest(kept.pk, channel)
        if newest is None or newest.evidence != _evidence(reference):
            continue
        before = _newest(kept.pk, channel, before=newest.pk)
        if before is not None and before.granted != newest.granted:
            _say(kept.pk, before, granted=before.granted, evidence=_evidence(f"{reference}:undo"))
        elif before is None and newest.granted:
            _say(kept.pk, newest, granted=False, evidence=_evidence(f"{reference}:undo"))


def _newest(customer_id: int, channel: str, *, before: int | None = None) -> Consent | None:
    words = Consent.objects.filter(
        customer_id=customer_id, channel=channel, purpose=Consent.Purpose.ADS
    )
    if before is not None:
        words = words.filter(pk__lt=before)
    return words.order_by("-pk").first()


def _say(customer_id: int, word: Consent, *, granted: bool, evidence: str) -> None:
    Consent.objects.create(
        customer_id=customer_id,
        channel=word.channel,
        purpose=word.purpose,
        granted=granted,
        wording=word.wording,
        means=word.means,
        evidence=evidence,
        recorded_at=word.recorded_at,
        recorded_by_id=word.recorded_by_id,
    )


def _evidence(reference: str) -> str:
    return f"merge:{reference}"
