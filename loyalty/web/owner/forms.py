"""What an owner asks a report for, in the address of the page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from loyalty.purchases.imports.layout import About
from loyalty.purchases.imports.maps import ready, saved
from loyalty.purchases.imports.uploading import MOST_BYTES
from loyalty.purchases.models import Upload
from loyalty.reports.exports.reading import Span
from loyalty.reports.exports.sheets import SHEETS
from loyalty.reports.periods import Period, days_until
from loyalty.reports.tables import Text
from loyalty.shop.models import Branch

DEFAULT_DAYS = 30
LATEST = date(2200, 1, 1)
FORMS = ("csv", "xlsx")
EARLIEST = date(2000, 1, 1)  # Before any shop's records; keeps arithmetic on days in range.


# Systems by the name of their map.
SYSTEMS: dict[str, Text] = {
    "": _("another program or list: you say which column is what"),
    "kiotviet": "KiotViet",
    "sapo": "Sapo",
    "so-tay": _("a notebook in Excel"),
    "loyalty": _("another shop with this program"),
    "loyalty-balances": _("another shop with this program: points left"),
    "loyalty-lines": _("another shop with this program: lines of bills"),
    "loyalty-returns": _("another shop with this program: returns"),
}


def kinds() -> list[tuple[str, str]]:
    """What can be brought in, and from where; "customers/kiotviet" is a choice."""
    return [
        (f"{about}/{name}", f"{Upload.About(about).label}: {label}")
        for about in (About.CUSTOMERS, About.SALES)
        for name, label in _systems(about)
    ]


def _systems(about: About) -> list[tuple[str, Text]]:
    """The owners' own maps first, then those of other systems, those of this program last."""
    known = [name for name in ready(about) if not name.startswith("loyalty")]
    of_this = [name for name in ready(about) if name.startswith("loyalty")]
    own: list[tuple[str, Text]] = [(one.key, one.name) for one in saved(about)]
    return own + [(name, SYSTEMS.get(name, name)) for name in (*known, "", *of_this)]


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


class UploadForm(forms.Form):
    """A file, what it is about, and how its columns are called."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("Excel (.xlsx) or CSV, at most 20 MB."),
        error_messages={"required": _("Choose a file."), "empty": _("This file is empty.")},
        widget=forms.ClearableFileInput(attrs={"class": "input", "accept": ".xlsx,.csv,.txt,.tsv"}),
    )
    kind = forms.ChoiceField(
        label=_("What it is, and from where"),
        choices=kinds,
        widget=forms.Select(attrs={"class": "input"}),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            why = gettext("The file is larger than %(count)d MB.")
            raise forms.ValidationError(why % {"count": MOST_BYTES // 1_000_000})
        return file

    def wanted(self) -> tuple[str, str]:
        """What the file is about, and the map for it. Only of a form that is valid."""
        about, _slash, name = self.cleaned_data["kind"].partition("/")
        return about, name


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Why is it taken back?"),
        max_length=200,
        error_messages={"required": _("A reason is needed.")},
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )
