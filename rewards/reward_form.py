"""The form of a reward in the back office; its rules are those of the catalogue's document."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanWidget,
)

from loyalty.programme import scope
from loyalty.programme.versions import NoProgramme, in_force
from loyalty.shop.models import Branch
from rewards.catalogue.changing import mistakes_in
from rewards.models import Reward
from rewards.models.catalogue import USUAL_DAYS
from rewards.pictures import MOST_BYTES, PictureRefused, redrawn

# Fields that are called otherwise in the document.
FIELDS = {
    "from": "starts_on",
    "to": "ends_on",
    "early_access": "starts_on",
    "early_access.tiers": "early_tiers",
    "early_access.days": "early_days",
}
COLUMNS = [
    *("name", "name_en", "description", "description_en", "kind", "icon", "cost_points"),
    *("value_minor", "percent", "most_minor", "minimum_minor", "stock", "most_per_customer"),
    *("most_per", "most_total", "starts_on", "ends_on", "early_tiers", "early_days", "tiers"),
    *("branches", "usable_after_days", "validity_days", "valid_until", "is_active", "position"),
]


# The symbols of icons.svg that stand for goods.
ICONS = {
    "gift": _("Gift"),
    "cup": _("Cup"),
    "glass": _("Glass"),
    "bean": _("Coffee bean"),
    "bread": _("Bread"),
    "bag": _("Bag"),
    "basket": _("Basket"),
    "jar": _("Jar"),
    "shirt": _("Shirt"),
    "cut": _("Scissors"),
}


def _checkboxes() -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget, help_text=_("None: all.")
    )


class RewardForm(forms.ModelForm):  # type: ignore[type-arg]  # Generic in the stubs only.
    skus = forms.CharField(label=_("Articles"))
    categories = forms.CharField(label=_("Categories"))
    labels = forms.CharField(label=_("Labels"))
    not_skus = forms.CharField(label=_("But not these articles"))
    not_categories = forms.CharField(label=_("But not these categories"))
    not_labels = forms.CharField(label=_("But not these labels"))
    icon = forms.ChoiceField(label=_("Icon"), widget=UnfoldAdminSelectWidget, initial="gift")
    tiers = _checkboxes()
    branches = _checkboxes()
    early_tiers = forms.MultipleChoiceField(
        required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    photo = forms.FileField(
        label=_("Photo"),
        required=False,
        widget=UnfoldAdminFileFieldWidget,
        help_text=_("JPEG, PNG, WebP or GIF, at most 5 MB. Shown instead of the icon."),
    )
    no_photo = forms.BooleanField(
        label=_("Take the photo away"), required=False, widget=UnfoldBooleanWidget
    )

    class Meta:
        model = Reward
        fields = ["key", *COLUMNS]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["usable_after_days"].required = False
        mine = self.instance.icon  # A catalogue may name one that is not offered.
        self.fields["icon"].choices = [*({mine: mine} | ICONS).items()]  # type: ignore[attr-defined]
        if self.instance.picture_id is None:
            self.fields["no_photo"].widget = forms.HiddenInput()
        # Whether somebody counted the shelf anew, or it ran down while the page was open.
        self.fields["stock"].show_hidden_initial = True
        tiers, branches = _tiers(), list(Branch.objects.values_list("key", "name"))
        for name, choices in {"tiers": tiers, "early_tiers": tiers, "branches": branches}.items():
            self._offer(name, choices)
        for name in scope.KEYS:
            field = self.fields[name]
            field.required, field.initial = False, "\n".join(self.instance.scope.get(name, []))
            field.widget = UnfoldAdminTextareaWidget(attrs={"rows": 2})
            field.help_text = _("One a line.")

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        """Those there are, and those the reward names though they are gone."""
        field, column = self.fields[name], Reward._meta.get_field(name)
        field.label = capfirst(column.verbose_name)  # type: ignore[union-attr]
        gone = set(getattr(self.instance, name)) - {key for key, _name in choices}
        field.choices = [*choices, *((key, key) for key in sorted(gone))]  # type: ignore[attr-defined]

    def clean_photo(self) -> bytes | None:
        """The picture drawn anew; None: nothing was sent."""
        sent = self.cleaned_data["photo"]
        if not sent:
            return None
        try:
            return redrawn(sent.read(MOST_BYTES + 1))
        except PictureRefused as error:
            raise forms.ValidationError(str(error)) from error

    def clean_usable_after_days(self) -> int:
        return self.cleaned_data["usable_after_days"] or 0

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("validity_days") is None and cleaned.get("valid_until") is None:
            cleaned["validity_days"] = USUAL_DAYS
        if not self.errors:
            for key, why in mistakes_in(self._wanted(cleaned)):
                name = FIELDS.get(key, key)
                self.add_error(name if name in self.fields else None, why)
        return cleaned

    def _wanted(self, cleaned: dict[str, Any]) -> Reward:
        """The reward as it would be; `scope` goes to the form's own as well."""
        named = {name: cleaned[name].splitlines() for name in sorted(scope.KEYS)}
        goods = {name: [word.strip() for word in words] for name, words in named.items()}
        self.instance.scope = {name: words for name, words in goods.items() if any(words)}
        values = {name: cleaned[name] for name in COLUMNS}
        key = cleaned.get("key", self.instance.key)  # Not asked for of a reward there is.
        return Reward(pk=self.instance.pk, key=key, scope=self.instance.scope, **values)

    @property
    def columns(self) -> set[str]:
        """The columns that whoever filled in the form has changed."""
        changed = set(self.changed_data)
        goods = {"scope"} if changed & scope.KEYS else set()
        days = {"validity_days"} if changed & {"validity_days", "valid_until"} else set()
        return (changed & {"key", *COLUMNS}) | goods | days

    @property
    def picture(self) -> bytes | None:
        """What becomes of the picture, as `save_reward` wants it."""
        photo: bytes | None = self.cleaned_data["photo"]
        return b"" if photo is None and self.cleaned_data["no_photo"] else photo


def _tiers() -> list[tuple[str, str]]:
    try:
        tiers = in_force(timezone.now()).programme.tiers
    except NoProgramme:
        return []
    return [(tier.key, tier.label(get_language() or "")) for tier in tiers]
