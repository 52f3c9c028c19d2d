"""What an owner asks a report for, in the address of the page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from loyalty.reports.exports.reading import Span
from loyalty.reports.exports.sheets import SHEETS
from loyalty.reports.periods import Period, days_until
from loyalty.shop.models import Branch

DEFAULT_DAYS = 30
LATEST = date(2200, 1, 1)
FORMS = ("csv", "xlsx")
EARLIEST = date(2000, 1, 1)  # Before any shop's records; keeps arithmetic on days in range.


@dataclass(frozen=True)
class Question:
    period: Period
    compared: Period
    branch: int | None = None


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        # Browsers send and expect ISO days whatever the reader's language.
        super().__init__(attrs={"class": "input"}, format="%Y-%m-%d")


class RangeForm(forms.Form):
    since = forms.DateField(label=_("From"), widget=DayInput(), input_formats=["%Y-%m-%d"])
    until = forms.DateField(label=_("To"), widget=DayInput(), input_formats=["%Y-%m-%d"])
    compare = forms.ChoiceField(
        label=_("Compared with"),
        choices=[
            ("before", _("The period before")),
            ("year", _("The same days a year ago")),
        ],
        widget=forms.Select(attrs={"class": "input"}),
    )
    branch = forms.ModelChoiceField(
        label=_("Branch"),
        queryset=Branch.objects.all(),
        required=False,
        empty_label=_("All branches"),
        widget=forms.Select(attrs={"class": "input"}),
    )

    def __init__(self, asked: Mapping[str, str], *, today: date) -> None:
        self.today = today
        self.usual = days_until(today, days=DEFAULT_DAYS)
        usual = {
            "since": self.usual.first.isoformat(),
            "until": today.isoformat(),
            "compare": "before",
        }
        super().__init__(data=usual | {name: asked[name] for name in asked})

    def clean_since(self) -> date:
        since: date = self.cleaned_data["since"]
        if since < EARLIEST:
            raise forms.ValidationError(_("This day is too long ago."))
        return since

    def clean_until(self) -> date:
        until: date = self.cleaned_data["until"]
        if until > self.today:
            raise forms.ValidationError(_("The last day cannot lie after today."))
        return until

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if "since" in values and "until" in values and values["since"] > values["until"]:
            self.add_error("until", _("The last day lies before the first."))
        return values

    def question(self) -> Question:
        """What was asked; the usual period where the form could not be understood."""
        if not self.is_valid():
            return Question(self.usual, self.usual.before())
        values = self.cleaned_data
        period = Period(values["since"], values["until"])
        compared = period.year_before() if values["compare"] == "year" else period.before()
        branch: Branch | None = values["branch"]
        return Question(period, compared, branch.pk if branch else None)


class ExportForm(forms.Form):
    """Which sheet, as what, and of which days; without a day, without a limit."""

    file = forms.ChoiceField(  # Each of them is a button, such as "customers.csv".
        label=_("File"), choices=[(f"{name}.{form}",) * 2 for name in SHEETS for form in FORMS]
    )
    since = forms.DateField(
        label=_("From"), widget=DayInput(), input_formats=["%Y-%m-%d"], required=False
    )
    until = forms.DateField(
        label=_("To"), widget=DayInput(), input_formats=["%Y-%m-%d"], required=False
    )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        since, until = values.get("since"), values.get("until")
        for name, day in (("since", since), ("until", until)):
            if day is not None and not EARLIEST <= day <= LATEST:
                self.add_error(name, _("This day is not possible."))
        if since and until and since > until:
            self.add_error("until", _("The last day lies before the first."))
        return values

    def wanted(self) -> tuple[str, str]:
        """The sheet and the format. Only of a form that is valid."""
        name, _dot, form = self.cleaned_data["file"].partition(".")
        return name, form

    def span(self) -> Span:
        """The days that were asked for. Only of a form that is valid."""
        return Span(self.cleaned_data["since"], self.cleaned_data["until"])
