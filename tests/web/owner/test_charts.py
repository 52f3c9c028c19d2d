"""Geometry of the line chart and steps of the heat map, without a page around them."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from loyalty.reports.cohorts import Cohort, CohortGrid
from loyalty.web.owner.charts import (
    BROAD,
    NARROW,
    Scale,
    draw,
    heat_bounds,
    heat_step,
    scale_of,
)
from loyalty.web.owner.retention import heat_of

NOVEMBER = date(2025, 11, 1)
PERCENTS = st.integers(min_value=0, max_value=100_000)


def drawing(now, was=(), canvas=BROAD, rule_days=()):
    return draw(
        canvas, now=now, was=was or [None] * 12, first_month=NOVEMBER, rule_days=list(rule_days)
    )


def test_a_line_breaks_where_a_month_has_no_rate():
    line = drawing([500, 600, None, 700] + [None] * 8)

    # Four stretches of a path would begin with four M; a lone month is drawn as a dot.
    assert line.now.count("M") == 2
    assert line.now.startswith("M44.0 252.0L115.6 142.0")
    assert line.last is None


def test_without_any_rate_nothing_is_drawn_but_the_grid():
    empty = drawing([None] * 12)

    assert (empty.now, empty.was, empty.area) == ("", "", "")
    assert [line.text for line in empty.lines] == ["0%", "25%", "50%", "75%", "100%"]


def test_the_first_and_the_last_month_carry_their_year_where_there_is_room():
    assert [month.text for month in drawing([500] * 12).months] == [
        *("11/25", "12", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10/26")
    ]
    assert [month.text for month in drawing([500] * 12, canvas=NARROW).months] == [
        *("01", "04", "07", "10")
    ]


def test_words_beside_two_ends_never_cover_each_other():
    line = drawing([500] * 11 + [510], [500] * 11 + [512])

    assert abs(float(line.last.label_y) - float(line.last_was.label_y)) == 16
    assert float(line.last.label_y) > float(line.last_was.label_y)


def test_new_rules_stand_between_the_months_they_divide():
    (mark,) = drawing([500] * 12, rule_days=[date(2026, 7, 1)]).marks

    july = (832 - 44) / 11 * 8 + 44
    assert mark.text == "01/07"
    assert float(mark.x) == round(july - (832 - 44) / 22, 1)


@given(st.lists(PERCENTS, min_size=1, max_size=24))
def test_the_scale_holds_every_value_in_few_lines(values):
    scale = scale_of(values)

    assert scale.low <= min(values) <= max(values) <= scale.high
    assert 1 <= (scale.high - scale.low) // scale.step <= 4


def test_rates_above_a_hundred_percent_fit():
    assert scale_of([400, 2400]) == Scale(low=0, high=3000, step=1000)


@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 100))
def test_heat_bounds_say_where_the_colours_change(one, two, three):
    low, percent, high = sorted((one, two, three))
    below, top = heat_bounds(low=low, high=high)

    step = heat_step(percent, low=low, high=high)

    assert 0 <= step <= 6
    assert (step == 0) == (percent < below)
    assert (step == 6) == (percent >= top)


def test_heat_has_one_scale_for_all_rows_and_dashes_the_month_that_is_not_over():
    heat = heat_of(
        CohortGrid(
            (Cohort(NOVEMBER, (10, 6, 3)), Cohort(date(2025, 12, 1), (8, 2))),
            last_month=date(2026, 1, 1),
            unfinished=True,
        )
    )

    assert [row.cells for row in heat.rows] == [
        (("h6", "60%"), ("h0 part", "30%")),
        (("h0 part", "25%"),),
    ]
    assert (heat.columns, heat.bounds) == ((1, 2), (31, 56))


def test_heat_of_nobody_is_empty():
    heat = heat_of(CohortGrid((), last_month=NOVEMBER, unfinished=True))

    assert (heat.rows, heat.columns, heat.bounds) == ((), (), None)
