"""The page “Keeping customers”: every figure on it, asked in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from loyalty.dates import add_months, local_date, month_start
from loyalty.money import format_money
from loyalty.programme.models import ProgrammeVersion
from loyalty.reports import cohorts, frequency, repeat, retention, returning, revenue
from loyalty.reports.names import group_name, tier_names
from loyalty.reports.shares import Share
from loyalty.reports.tables import Scope
from loyalty.shop.models import Shop
from loyalty.web.owner import charts, wording
from loyalty.web.owner.forms import Question
from loyalty.web.shared import percentages

MONTHS = 12  # Of the chart and the cohorts.
TILE_DAYS = 60  # Of the second-visit tile.


@dataclass(frozen=True)
class Tile:
    label: str
    figure: str
    change: wording.Change | None
    sum: str
    how: str | Promise

    @property
    def unit(self) -> str:
        return "" if self.figure == percentages.NONE else "%"


@dataclass(frozen=True)
class Chart:
    drawings: tuple[tuple[str, charts.Drawing], ...]  # With the class it is shown under.
    starts_at: str
    now: tuple[retention.Retention, ...]
    was: tuple[retention.Retention, ...]
    description: str
    last: str
    last_was: str


@dataclass(frozen=True)
class HeatRow:
    month: date
    size: int
    cells: tuple[tuple[str, str], ...]  # Classes and figure, 1, 2, 3 … months later.


@dataclass(frozen=True)
class Heat:
    rows: tuple[HeatRow, ...]
    columns: tuple[int, ...]
    bounds: tuple[int, int] | None  # None when all figures are nearly the same.
    unfinished: bool


@dataclass(frozen=True)
class TimesRow:
    times: int
    is_most: bool
    within: Share
    ever: Share


@dataclass(frozen=True)
class RevenueRow:
    name: str
    takings: revenue.Takings
    share: Share


@dataclass(frozen=True)
class RetentionPage:
    answer: str
    aside: str
    tiles: tuple[Tile, ...]
    chart: Chart
    heat: Heat
    times: tuple[TimesRow, ...]
    visits: tuple[returning.SecondVisit, ...]
    visits_since: date
    revenue: tuple[RevenueRow, ...]
    has_sales: bool


def table_scope(name: str, question: Question, *, today: date) -> Scope:
    """The days a table of the page is about: the period, or the year that ends with it."""
    period = question.period
    if name in ("cohorts", "returning"):
        return Scope(today, cohorts_since(period.last), period.last, question.branch)
    return Scope(today, period.first, period.last, question.branch)


def cohorts_since(until: date) -> date:
    return add_months(month_start(until), 1 - MONTHS)


def retention_page(question: Question, *, shop: Shop, at: datetime) -> RetentionPage:
    """Every figure of the page, as known at that moment."""
    period, compared, branch = question.period, question.compared, question.branch
    today = local_date(at, shop.zone)
    kept, kept_was = retention.retention_of(
        [period, compared], active_days=retention.active_days_for(period), branch=branch
    )
    within = frequency.frequency(since=period.first, until=period.last, branch=branch)
    within_was = frequency.frequency(since=compared.first, until=compared.last, branch=branch)
    ever = frequency.frequency(branch=branch)
    second = _second_visit(period.first, period.last, branch)
    second_was = _second_visit(compared.first, compared.last, branch)
    money = revenue.revenue(since=period.first, until=period.last, branch=branch)
    money_was = revenue.revenue(since=compared.first, until=compared.last, branch=branch)
    since = cohorts_since(period.last)
    return RetentionPage(
        answer=wording.answer(kept, days_ago=period.days if period.last == today else None),
        aside=wording.aside(second, second_was),
        tiles=(
            _retention_tile(kept, kept_was),
            _repeat_tile(repeat.repeated(within), repeat.repeated(within_was)),
            _second_tile(second, second_was),
            _revenue_tile(money, money_was, shop),
        ),
        chart=_chart(period.last, branch, shop),
        heat=heat_of(cohorts.cohort_grid(since, until=period.last, branch=branch)),
        times=_times(within, ever),
        visits=returning.second_visits(on=today, since=since, until=period.last, branch=branch),
        visits_since=since,
        revenue=_revenue_rows(money, at),
        has_sales=ever[0].share.whole > 0,
    )


def _second_visit(first: date, last: date, branch: int | None) -> Share:
    """Of new customers whose sixty days were over for the first time on a day of the period."""
    ago = timedelta(days=TILE_DAYS + 1)
    (visit,) = returning.second_visits(
        on=last, since=first - ago, until=last - ago, branch=branch, within_days=(TILE_DAYS,)
    )
    return visit.share


def _tile(label: str, now: Share, was: Share, sum_text: str, how: str | Promise) -> Tile:
    figure = percentages.NONE if now.tenths is None else percentages.decimal(now.tenths)
    return Tile(label, figure, wording.change(now, was), sum_text, how)


def _retention_tile(now: retention.Retention, was: retention.Retention) -> Tile:
    figures = {
        "end": wording.count(now.at_end),
        "new": wording.count(now.new),
        "start": wording.count(now.at_start),
    }
    return _tile(
        _("Retention rate"),
        now.rate,
        was.rate,
        _("(%(end)s − %(new)s) / %(start)s customers") % figures,
        str(retention.DEFINITION) % {"days": now.active_days},
    )


def _of_customers(share: Share) -> str:
    return _("%(part)s / %(whole)s customers") % {
        "part": wording.count(share.part),
        "whole": wording.count(share.whole),
    }


def _repeat_tile(now: Share, was: Share) -> Tile:
    label = _("Repeat purchase rate")
    return _tile(label, now, was, _of_customers(now), repeat.DEFINITION)


def _second_tile(now: Share, was: Share) -> Tile:
    sum_text = _("%(part)s / %(whole)s new customers") % {
        "part": wording.count(now.part),
        "whole": wording.count(now.whole),
    }
    how = _(
        "Only new customers whose %(days)s days since the first purchase ended in this period."
    ) % {"days": TILE_DAYS}
    label = _("Second visit within %(days)s days") % {"days": TILE_DAYS}
    return _tile(label, now, was, sum_text, how)


def _revenue_tile(now: revenue.Revenue, was: revenue.Revenue, shop: Shop) -> Tile:
    language = wording.language()
    of_members = now.of_members
    amounts = [
        format_money(amount, currency=shop.currency, language=language)
        for amount in (of_members.part, of_members.whole)
    ]
    label = _("Revenue from members")
    return _tile(label, of_members, was.of_members, " / ".join(amounts), revenue.DEFINITION)


def _chart(until: date, branch: int | None, shop: Shop) -> Chart:
    now, was = retention.retention_by_month(until=until, months=MONTHS, branch=branch)
    rule_days = _rule_days(now[0].period.first, now[-1].period.last, shop)
    values = [[month.rate.tenths for month in year] for year in (now, was)]
    drawings = tuple(
        (
            name,
            charts.draw(
                canvas,
                now=values[0],
                was=values[1],
                first_month=now[0].period.first,
                rule_days=rule_days,
            ),
        )
        for name, canvas in (("broad", charts.BROAD), ("narrow", charts.NARROW))
    )
    return Chart(
        drawings=drawings,
        starts_at=drawings[0][1].lines[0].text,
        now=now,
        was=was,
        description=wording.described(now),
        last=percentages.percent(now[-1].rate),
        last_was=percentages.percent(was[-1].rate),
    )


def _rule_days(first: date, last: date, shop: Shop) -> list[date]:
    """When the rules changed; the shop's first rules are no change."""
    moments = ProgrammeVersion.objects.order_by("effective_from").values_list(
        "effective_from", flat=True
    )
    days = [local_date(moment, shop.zone) for moment in moments[1:]]
    return [day for day in days if first <= day <= last]


def heat_of(grid: cohorts.CohortGrid) -> Heat:
    """The cohorts as percentages with one scale of colours for all rows."""
    rows = [
        [cohort.share(later).percent or 0 for later in range(1, len(cohort.customers))]
        for cohort in grid.cohorts
    ]
    shown = [percent for row in rows for percent in row]
    low, high = (min(shown), max(shown)) if shown else (0, 0)
    return Heat(
        rows=tuple(
            HeatRow(cohort.month, cohort.size, _heat_cells(row, low, high, grid.unfinished))
            for cohort, row in zip(grid.cohorts, rows, strict=True)
        ),
        columns=tuple(range(1, max(map(len, rows), default=0) + 1)),
        bounds=charts.heat_bounds(low=low, high=high) if high - low >= 7 else None,
        unfinished=grid.unfinished,
    )


def _heat_cells(
    row: Sequence[int], low: int, high: int, unfinished: bool
) -> tuple[tuple[str, str], ...]:
    last = len(row) - 1
    return tuple(
        (
            f"h{charts.heat_step(percent, low=low, high=high)}"
            + (" part" if unfinished and index == last else ""),
            f"{percent}%",
        )
        for index, percent in enumerate(row)
    )


def _times(
    within: Sequence[frequency.Times], ever: Sequence[frequency.Times]
) -> tuple[TimesRow, ...]:
    most = within[-1].times
    return tuple(
        TimesRow(now.times, now.times == most, now.share, always.share)
        for now, always in zip(within, ever, strict=True)
    )


def _revenue_rows(money: revenue.Revenue, at: datetime) -> tuple[RevenueRow, ...]:
    """Highest tier first, then members without one, then everybody else."""
    names = tier_names(at)
    order = {key: place for place, key in enumerate(names)}
    tiers = sorted(money.tiers, key=lambda row: -order.get(row.tier_key, -1))
    takings = [(group_name(f"tier:{row.tier_key}", names), row) for row in tiers]
    takings.append((group_name("anonymous", names), money.anonymous))
    total = money.total_minor
    return tuple(RevenueRow(name, row, Share(row.amount_minor, total)) for name, row in takings)
