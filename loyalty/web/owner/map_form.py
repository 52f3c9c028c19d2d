"""The form by which an owner says which column of a file is what."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePath
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from loyalty.purchases.imports.checking import EXAMPLE
from loyalty.purchases.imports.layout import OF_LINES, About, Field, Layout
from loyalty.purchases.imports.mapping import Answers, key_of
from loyalty.purchases.imports.sampling import (
    DATE_FORMATS,
    LONGEST,
    LONGEST_HEADER,
    Column,
    Sample,
    guessed_date_format,
    guessed_fields,
    guessed_thousands,
)
from loyalty.reports.tables import Text
from loyalty.web.owner.forms import DayInput
from loyalty.web.owner.import_words import FIELDS, UNSAID

# By the mark between thousands: the decimal mark, and what one million and a bit looks like.
NUMBERS = {"": (".", "1350000"), ".": (",", "1.350.000"), ",": (".", "1,350,000")}
SEPARATORS: dict[str, tuple[str, Text]] = {
    "comma": (",", _("comma ,")),
    "semicolon": (";", _("semicolon ;")),
    "tab": ("\t", _("tab")),
    "bar": ("|", _("bar |")),
}
NEEDED = {About.SALES: (Field.DATE, Field.AMOUNT), About.CUSTOMERS: ()}
_OF_A_TIME = re.compile(r"\b(tháng|năm|ngày|quý|t|q)?[\s._-]*\d[\d\s._-]*", re.IGNORECASE)
KEYS = {Field.CUSTOMER, Field.PHONE, Field.EMAIL}


def _select(choices: Any, label: Any, help_text: Any = "", **told: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=choices,
        label=label,
        help_text=help_text,
        required=False,
        widget=forms.Select(attrs={"class": "input"}),
        **told,
    )


def _line(label: Any, help_text: Any = "", **told: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"class": "input", "autocomplete": "off"})
    return forms.CharField(label=label, help_text=help_text, widget=widget, **told)


class SeparatorForm(forms.Form):
    separator = forms.ChoiceField(
        label=_("Columns end at"),
        choices=[(name, label) for name, (_sign, label) in SEPARATORS.items()],
        widget=forms.Select(attrs={"class": "input"}),
    )

    @classmethod
    def other_than(cls, sign: str) -> "SeparatorForm":
        """Offers another sign than the one that was seen first."""
        return cls(
            initial={"separator": next(name for name in SEPARATORS if SEPARATORS[name][0] != sign)}
        )

    def sign(self) -> str:
        """Only of a form that is valid."""
        return SEPARATORS[self.cleaned_data["separator"]][0]


class MapForm(forms.Form):
    """A select for each column, with its first values, and how days and numbers are written."""

    name = _line(
        _("A name for files like this one"),
        _(
            "Choose it for every file from there: its columns are known then, and no sale counts twice."
        ),
        max_length=60,
    )
    replace = forms.BooleanField(label=_("Put this in the place of the other one"), required=False)
    headed = forms.BooleanField(
        label=_("The first row holds the names of the columns"), required=False
    )
    dates = _select(
        [(one, EXAMPLE.strftime(one or "%Y-%m-%d")) for one in DATE_FORMATS],
        _("Days are written as"),
    )
    numbers = _select(
        [(mark, look) for mark, (_dot, look) in NUMBERS.items()], _("Numbers are written as")
    )
    earned = forms.BooleanField(
        label=_("The points of these sales come with a file of customers: do not give them twice"),
        required=False,
    )
    cancelled = _line(_("Status of cancelled sales"), max_length=200, required=False)
    returned = _line(_("Status of returned sales"), max_length=200, required=False)
    through = forms.DateField(
        label=_("Tiers of the file hold through"),
        widget=DayInput(),
        input_formats=["%Y-%m-%d"],
        required=False,
    )

    def __init__(
        self,
        data: Mapping[str, str] | None,
        *,
        sample: Sample,
        about: About,
        others: Collection[str],
        initial: Any,
    ) -> None:
        """`others` are the keys of maps that another name is to be found for, or a word said."""
        super().__init__(data, initial=initial)
        self.sample, self.about, self.others = sample, about, others
        self.is_taken = False  # Whether the name is another map's, and nothing was said of that.
        fields = [kind for kind in FIELDS if kind in about.fields and kind not in UNSAID]
        choices = [("", _("leave out")), *((str(kind), FIELDS[kind]) for kind in fields)]
        for column in sample.columns:
            self.fields[_name_of(column)] = _select(choices, *_words_of(column, sample))
        for name in ("through",) if about is About.SALES else ("dates", "cancelled", "returned"):
            del self.fields[name]
        if about is About.CUSTOMERS:
            del self.fields["earned"]

    def columns(self) -> list[forms.BoundField]:
        """The selects, in the order of the file."""
        return [self[_name_of(column)] for column in self.sample.columns]

    def writing(self) -> list[forms.BoundField]:
        """How the file writes what it says."""
        return [self[name] for name in ("dates", "numbers", "through") if name in self.fields]

    def statuses(self) -> list[forms.BoundField]:
        """What a column says of sales that do not count; most files have none."""
        return [self[name] for name in ("cancelled", "returned") if name in self.fields]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        chosen = self._chosen(values)
        for why in _missing(self.about, {kind for _column, kind in chosen}):
            self.add_error(None, why)
        met: set[Field] = set()
        for column, kind in chosen:
            if kind in met:
                self.add_error(_name_of(column), gettext("Another column is this already."))
            met.add(kind)
        if Field.TIER in met and Field.TIER_THROUGH not in met and not values.get("through"):
            self.add_error("through", gettext("Say through which day the tiers hold."))
        if key_of(values.get("name", "")) in self.others and not values.get("replace"):
            self.is_taken = True
            why = gettext("There is one of this name already: take another name, or tick below.")
            self.add_error("name", why)
        return values

    def _chosen(self, values: Mapping[str, Any]) -> list[tuple[Column, Field]]:
        said = ((column, values.get(_name_of(column))) for column in self.sample.columns)
        return [(column, Field(kind)) for column, kind in said if kind]

    def _is_named(self, column: Column) -> bool:
        """Whether its header tells it from the others."""
        headers = [other.header for other in self.sample.columns]
        return 0 < len(column.header) < LONGEST_HEADER and headers.count(column.header) == 1

    def answers(self, *, separator: str) -> Answers:
        """What was said. Only of a form that is valid."""
        values = self.cleaned_data
        headed: bool = values["headed"]
        mark = values["numbers"]
        return Answers(
            columns={
                kind: column.header if headed and self._is_named(column) else column.number
                for column, kind in self._chosen(values)
            },
            headed=headed,
            separator=separator,
            date_format=values.get("dates", ""),
            thousands=mark,
            decimal=NUMBERS[mark][0],
            earns=not values.get("earned", False),
            returned=_several(values.get("returned", "")),
            cancelled=_several(values.get("cancelled", "")),
            tier_through=values.get("through"),
        )


def _name_of(column: Column) -> str:
    return f"column_{column.number}"


def _words_of(column: Column, sample: Sample) -> tuple[Text, Text]:
    """What stands above its select: its header, and the first values."""
    values = column.values if sample.headed else (column.header, *column.values)
    nameless = gettext("Column %(number)d") % {"number": column.number}
    label = column.header[:LONGEST] if sample.headed and column.header else nameless
    return label, " · ".join(value[:LONGEST] for value in values if value) or gettext("empty")


def _missing(about: About, said: set[Field]) -> Iterator[str]:
    for kind in NEEDED[about]:
        if kind not in said:
            yield gettext("Say which column is: %(field)s.") % {"field": FIELDS[kind]}
    if about is About.CUSTOMERS and not said & KEYS:
        yield gettext("Say which column is the phone, the e-mail or the customer's number.")
    if OF_LINES & said and Field.REFERENCE not in said:
        yield gettext("Rows with goods belong to receipts: say which column is the receipt.")


def _several(text: str) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, text.split(","))))


def first_answers(
    sample: Sample, about: About, *, known: Mapping[str, Field], file_name: str
) -> dict[str, Any]:
    """What the form says before anybody does."""
    fields = guessed_fields(sample, about, known)
    values = {
        kind: column.values
        for column in sample.columns
        for number, kind in fields.items()
        if number == column.number
    }
    numbers = [*values.get(Field.AMOUNT, ()), *values.get(Field.POINTS, ())]
    return {
        "name": _name_from(file_name),
        "headed": sample.headed,
        "dates": guessed_date_format(values.get(Field.DATE, ())),
        "numbers": guessed_thousands(numbers),
        "cancelled": "Đã hủy",
        "returned": "Trả hàng",
    } | {f"column_{number}": str(kind) for number, kind in fields.items()}


def _name_from(file_name: str) -> str:
    """
    The file's own, without the month it is of: the next one is to have the same.

    >>> _name_from("Sổ bán hàng tháng 11-2026.csv"), _name_from("2026.csv")
    ('Sổ bán hàng', '')
    """
    stem = unicodedata.normalize("NFC", PurePath(file_name).stem)
    return " ".join(_OF_A_TIME.sub(" ", stem).split())[:60]


def answers_of(layout: Layout, sample: Sample) -> dict[str, Any]:
    """What the form says of a map that was made before."""
    at = {column: kind for kind, column in layout.columns.items()}
    return {
        "dates": layout.date_format,
        "numbers": layout.thousands,
        "earned": not layout.earns,
        "through": layout.tier_through,
    } | {
        f"column_{column.number}": str(at.get(column.header) or at.get(column.number) or "")
        for column in sample.columns
    }
