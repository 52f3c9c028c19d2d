from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from django.utils import timezone

from loyalty.commands import ProductCommand, add_at, add_json, positive, read_document
from loyalty.money import format_money
from loyalty.reports.rehearsal.figures import Figures
from loyalty.reports.rehearsal.rehearsing import MOST_DAYS, Rehearsal, rehearse
from loyalty.shop.queries import get_shop

LABELS = {
    "sales": "sales of customers",
    "discount_minor": "discounts of the programme",
    "earned": "points for sales",
    "bonuses": "points for other occasions",
    "taken_back": "points taken back for returns",
    "issued": "points issued, less those",
    "paid_points": "points that paid for sales",
    "paid_minor": "which paid",
    "redeemed_points": "points for rewards",
    "redeemed_minor": "rewards worth",
    "reward_cost_minor": "what points bought in all",
    "unaffordable": "rewards or payments beyond the points by then",
    "expired": "points expired",
    "outstanding": "points customers have afterwards",
    "outstanding_later": "points customers have 12 months later",
}


class Command(ProductCommand):
    help = (
        "Play the shop's own last days again under a draft of the rules, and say what would have "
        "been otherwise: points, rewards, who is in which tier, points owed in 12 months. "
        "Writes nothing."
    )
    example = "rehearse_programme draft.toml --days=90"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the draft")
        parser.add_argument(
            "--days",
            type=_days,
            default=90,
            help=f"how many whole days to play, at most {MOST_DAYS}; 90 unless told otherwise",
        )
        add_at(parser, what="the days before this moment")
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        at = options["at"] or timezone.now()
        document = read_document(options["file"])
        done = rehearse(document=document, days=options["days"], at=at)
        if options["json"]:
            self.write_json(_told(done))
        else:
            self.stdout.write("\n".join(_lines(done)))


def _days(text: str) -> int:
    days = positive(text)
    if days > MOST_DAYS:
        raise ArgumentTypeError(f"{text!r}: at most {MOST_DAYS} days")
    return days


def _told(done: Rehearsal) -> dict[str, Any]:
    return {
        "from": done.first_day.isoformat(),
        "to": done.last_day.isoformat(),
        "later": done.later_day.isoformat(),
        "customers": done.customers,
        "today": _figures(done.today),
        "draft": _figures(done.draft),
        "moves": [
            {"today": before, "draft": after, "customers": count}
            for (before, after), count in sorted(done.moves.items())
        ],
        "moved": [asdict(one) for one in done.moved],
        "sales": [asdict(one) | {"on": one.on.isoformat()} for one in done.differing],
        "not_played": done.not_played,
    }


def _figures(figures: Figures) -> dict[str, int]:
    named = {field.name: getattr(figures, field.name) for field in fields(figures)}
    return named | {"issued": figures.issued, "reward_cost_minor": figures.reward_cost_minor}


def _lines(done: Rehearsal) -> Iterator[str]:
    currency = get_shop().currency
    today, draft = _figures(done.today), _figures(done.draft)
    yield f"From {done.first_day} to {done.last_day}, {done.customers} customers."
    yield f"{'':46}{'rules today':>16}{'draft':>16}{'difference':>16}"
    for key, label in LABELS.items():
        cells = [today[key], draft[key], draft[key] - today[key]]
        if key.endswith("_minor"):
            shown = [format_money(cell, currency=currency, language="en") for cell in cells]
        else:
            shown = [f"{cell:,}" for cell in cells]
        yield f"{label:46}" + "".join(f"{cell:>16}" for cell in shown)
    if done.not_played:
        parts = ", ".join(f"[{part}]" for part in done.not_played)
        yield f"\nThe draft also changes {parts}: not played, what they gave is as it was."
    yield from _moves(done)
    if done.differing:
        yield "\nSales that differ most (points today, points by the draft):"
    for sale in done.differing:
        yield f"  {sale.on}  {sale.reference}: {sale.today_points} → {sale.draft_points}"


def _moves(done: Rehearsal) -> Iterator[str]:
    if not done.moves:
        yield "\nNobody would be in another tier."
        return
    yield "\nTiers (today → by the draft):"
    for (before, after), count in sorted(done.moves.items()):
        yield f"  {before or '–'} → {after or '–'}: {count}"
    yield "Those of them who spent most:"
    for one in done.moved:
        yield f"  {'up  ' if one.up else 'down'} {one.name}: {one.today_tier} → {one.draft_tier}"
