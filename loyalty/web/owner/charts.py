"""The geometry of a line chart and the steps of a heat map. Pure; coordinates are ready text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count

from loyalty.dates import add_months

Values = Sequence[int | None]  # Tenths of a percent, one a month; None has no rate.
STEPS = (50, 100, 200, 250)  # Between two lines of the grid, in tenths; then ten times these.
LINES = 4
LABEL_HEIGHT = 16
HEAT_STEPS = 7


@dataclass(frozen=True)
class Canvas:
    width: int
    height: int
    right: int  # Of the plot; labels stand beyond it.
    bottom: int
    every: int  # Every how many months there is room for a name.
    left: int = 44  # Room for “100%”.
    top: int = 32


BROAD = Canvas(width=960, height=280, right=832, bottom=252, every=1)
NARROW = Canvas(width=330, height=240, right=266, bottom=212, every=3)


@dataclass(frozen=True)
class Label:
    x: str
    y: str
    text: str


@dataclass(frozen=True)
class End:
    """Where a line ends, and the height of the words beside it."""

    x: str
    y: str
    label_y: str


@dataclass(frozen=True)
class Drawing:
    canvas: Canvas
    lines: tuple[Label, ...]  # The first is the axis.
    months: tuple[Label, ...]
    now: str
    was: str
    area: str
    last: End | None
    last_was: End | None
    marks: tuple[Label, ...]


@dataclass(frozen=True)
class Scale:
    low: int
    high: int
    step: int


def scale_of(*series: Values) -> Scale:
    """
    Round bounds around all values, with at most four steps between them.

    >>> scale_of([612, None, 684], [561])
    Scale(low=550, high=700, step=50)
    >>> scale_of([0, 1000])
    Scale(low=0, high=1000, step=250)
    """
    known = [value for values in series for value in values if value is not None] or [0, 1000]
    for step in (step * 10**power for power in count() for step in STEPS):
        low, high = min(known) // step * step, -(-max(known) // step) * step
        if (high - low) // step <= LINES:
            break
    return Scale(low, max(high, low + step), step)


def draw(
    canvas: Canvas, *, now: Values, was: Values, first_month: date, rule_days: Sequence[date]
) -> Drawing:
    """This year's and last year's line over the months that begin with `first_month`."""
    scale = scale_of(now, was)
    months = [add_months(first_month, index) for index in range(len(now))]
    ends = [_end(canvas, scale, values) for values in (now, was)]
    last, last_was = _apart(*ends)
    return Drawing(
        canvas=canvas,
        lines=tuple(
            Label(_text(canvas.left - 8), _text(_y(canvas, scale, value)), f"{value // 10}%")
            for value in range(scale.low, scale.high + 1, scale.step)
        ),
        months=tuple(
            Label(_text(_x(canvas, index, len(now))), _text(canvas.bottom + 22), name)
            for index, name in _month_names(months, canvas.every)
        ),
        now=_path(canvas, scale, now),
        was=_path(canvas, scale, was),
        area=_area(canvas, scale, now),
        last=last,
        last_was=last_was,
        marks=tuple(
            Label(_text(_x(canvas, _place(day, months), len(now))), "", f"{day:%d/%m}")
            for day in rule_days
        ),
    )


def _text(number: float) -> str:
    return f"{number:.1f}"


def _x(canvas: Canvas, index: float, months: int) -> float:
    within = min(max(index, 0), months - 1)
    return canvas.left + (canvas.right - canvas.left) * within / max(months - 1, 1)


def _y(canvas: Canvas, scale: Scale, value: int) -> float:
    height = canvas.bottom - canvas.top
    return canvas.bottom - height * (value - scale.low) / (scale.high - scale.low)


def _place(day: date, months: Sequence[date]) -> float:
    """A month's point stands for all of it, so its first day lies half a month to the left."""
    first = months[0]
    index = (day.year - first.year) * 12 + day.month - first.month
    length = (add_months(day.replace(day=1), 1) - timedelta(days=1)).day
    return index - 0.5 + (day.day - 1) / length


def _month_names(months: Sequence[date], every: int) -> list[tuple[int, str]]:
    last = len(months) - 1
    shown = [index for index in range(len(months)) if (last - index) % every == 0]
    ends = {0, last} if every == 1 else set()
    return [
        (index, f"{months[index]:%m/%y}" if index in ends else f"{months[index]:%m}")
        for index in shown
    ]


def _runs(values: Values) -> list[list[int]]:
    """The indexes of each unbroken stretch of months that have a rate."""
    runs: list[list[int]] = []
    for index, value in enumerate(values):
        if value is None:
            continue
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    return runs


def _points(canvas: Canvas, scale: Scale, values: Values, run: list[int]) -> str:
    places = [
        f"{_text(_x(canvas, index, len(values)))} {_text(_y(canvas, scale, values[index] or 0))}"
        for index in run
    ]
    # A round end drawn over no length is a dot: a single month is seen too.
    return "M" + "L".join(places if len(places) > 1 else places * 2)


def _path(canvas: Canvas, scale: Scale, values: Values) -> str:
    return "".join(_points(canvas, scale, values, run) for run in _runs(values))


def _area(canvas: Canvas, scale: Scale, values: Values) -> str:
    return "".join(
        f"{_points(canvas, scale, values, run)}"
        f"L{_text(_x(canvas, run[-1], len(values)))} {canvas.bottom}"
        f"L{_text(_x(canvas, run[0], len(values)))} {canvas.bottom}Z"
        for run in _runs(values)
    )


def _end(canvas: Canvas, scale: Scale, values: Values) -> tuple[float, float] | None:
    value = values[-1] if values else None
    return None if value is None else (float(canvas.right), _y(canvas, scale, value))


def _apart(
    one: tuple[float, float] | None, other: tuple[float, float] | None
) -> tuple[End | None, End | None]:
    """Labels beside the ends of the lines, moved so that they do not cover each other."""
    if one is None or other is None:
        return _beside(one), _beside(other)
    lacking = LABEL_HEIGHT - abs(one[1] - other[1])
    if lacking <= 0:
        return _beside(one), _beside(other)
    up, down = -lacking / 2, lacking / 2
    shift = (up, down) if one[1] <= other[1] else (down, up)
    return _beside(one, shift[0]), _beside(other, shift[1])


def _beside(place: tuple[float, float] | None, shift: float = 0) -> End | None:
    # Text stands on its line, so half the height of a digit lower is level with the point.
    return place and End(_text(place[0]), _text(place[1]), _text(place[1] + shift + 4))


def heat_step(percent: int, *, low: int, high: int) -> int:
    """
    Which of the seven colours a percentage has between the lowest and the highest shown.

    >>> [heat_step(percent, low=35, high=61) for percent in (35, 38, 39, 60, 61)]
    [0, 0, 1, 6, 6]
    """
    return (percent - low) * HEAT_STEPS // (high - low + 1)


def heat_bounds(*, low: int, high: int) -> tuple[int, int]:
    """
    Where the first colour ends and where the last one begins.

    >>> heat_bounds(low=35, high=61)
    (39, 59)
    """
    span = high - low + 1
    return low - (-span // HEAT_STEPS), low - (-span * (HEAT_STEPS - 1) // HEAT_STEPS)
