"""Amounts, days and codes as the page shows them."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import segno
from django.template import Context, Template
from django.utils import timezone, translation

from loyalty.web.shared import currency
from loyalty.web.shared.qr import QUIET_MODULES, qr_path

SPRITE = Path(__file__).resolve().parents[3] / "static/icons.svg"


def shown(template: str, language: str = "vi", **values: object) -> str:
    currency.activate("VND")
    try:
        with translation.override(language), timezone.override(ZoneInfo("Asia/Ho_Chi_Minh")):
            return Template("{% load shop %}" + template).render(Context(values))
    finally:
        currency.deactivate()


@pytest.mark.parametrize(
    ("template", "value", "vietnamese", "english"),
    [
        ("{{ v|money }}", 1_350_000, "1.350.000đ", "1,350,000đ"),
        ("{{ v|points }}", 1286, "1.286", "1,286"),
        ("{{ v|signed }}", 6, "+6", "+6"),
        ("{{ v|signed }}", -1040, "−1.040", "−1,040"),
        ("{{ v|phone }}", "+84912345678", "0912 345 678", "0912 345 678"),
        ("{{ v|masked }}", "+84912345678", "0912 ••• 678", "0912 ••• 678"),
        ("{{ v|masked_email }}", "thao@example.com", "t•••@example.com", "t•••@example.com"),
        ("{{ v|code }}", "7K3M92QD", "7K3M 92QD", "7K3M 92QD"),
        ("{{ v|given_name }}", "Nguyễn Thu Thảo", "Thảo", "Thảo"),
        ("{{ v|day }}", date(2026, 11, 3), "03/11/2026", "3 Nov 2026"),
        ("{{ v|short_day }}", date(2026, 11, 3), "03/11", "3 Nov"),
        ("{{ v|month }}", date(2026, 11, 3), "Tháng 11/2026", "November 2026"),
        # 23:30 in London is the next morning in the shop.
        ("{{ v|day }}", datetime(2026, 11, 21, 23, 30, tzinfo=UTC), "22/11/2026", "22 Nov 2026"),
        # A large figure is drawn smaller, to stay on a phone.
        ("{{ v|signed|length_class }}", 240, "", ""),
        ("{{ v|signed|length_class }}", 1_250, "long", "long"),
        ("{{ v|money|length_class }}", 1_250_000, "longer", "longer"),
        ("{{ v|signed|length_class }}", 120_000_000, "longest", "longest"),
        ("{{ v|clock }}", datetime(2026, 11, 21, 23, 30, tzinfo=UTC), "06:30", "06:30"),
    ],
)
def test_each_language_has_its_own_figures(
    template: str, value: object, vietnamese: str, english: str
) -> None:
    assert shown(template, v=value) == vietnamese
    assert shown(template, "en", v=value) == english


def test_an_icon_is_a_symbol_of_the_sprite_and_says_nothing() -> None:
    assert shown('{% icon "gift" %}') == (
        '<svg class="ico" aria-hidden="true"><use href="/static/icons.svg#gift"/></svg>'
    )
    assert '<symbol id="gift"' in SPRITE.read_text()


def test_a_qr_code_draws_every_dark_module_inside_its_quiet_zone() -> None:
    text = "kq3vV0oB9m2cWnL1x7TzAg"

    side, path = qr_path(text)

    drawn = set()
    for run in path.removesuffix("z").split("z"):
        start, length = run.removeprefix("M").split("v")[0].split("h")
        x, y = map(int, start.split())
        drawn |= {(x + step - QUIET_MODULES, y - QUIET_MODULES) for step in range(int(length))}
    rows = segno.make(text, error="m", micro=False).matrix
    dark = {(x, y) for y, row in enumerate(rows) for x, module in enumerate(row) if module}
    assert drawn == dark
    assert side == len(rows) + 8


def test_a_qr_label_is_text_whatever_it_holds() -> None:
    page = shown('{% qr "x" label %}', label='"><script>')

    assert 'aria-label="&quot;&gt;&lt;script&gt;"' in page
