"""What one asks a new member at the counter. Whether it is right is decided by the floors below."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.identity import Birthday
from customers.models import Consent, Customer
from loyalty.web.shared.birthday_field import read_birthday


class EnrolForm(forms.Form):
    phone = forms.CharField(
        label=_("Phone number"),
        max_length=40,
        error_messages={"required": _("A phone number is needed.")},
        widget=forms.TextInput(
            attrs={"class": "input", "type": "tel", "inputmode": "tel", "autocomplete": "off"}
        ),
    )
    salutation = forms.ChoiceField(
        label=_("Salutation"),
        choices=[("", _("not asked")), *[(value, value) for value in Customer.Salutation.values]],
        required=False,
        widget=forms.RadioSelect,
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )
    lunar = forms.BooleanField(label=_("The birthday is by the lunar calendar"), required=False)
    birthday = forms.CharField(
        label=_("Birthday"),
        max_length=10,
        required=False,
        widget=forms.TextInput(
            attrs={"class": "input", "autocomplete": "off", "placeholder": "25/11"}
        ),
    )
    email = forms.CharField(
        label=_("E-mail"),
        max_length=254,
        required=False,
        widget=forms.TextInput(
            attrs={"class": "input", "inputmode": "email", "autocomplete": "off"}
        ),
    )
    referral_code = forms.CharField(
        label=_("Code of the friend who brought them"),
        max_length=40,
        required=False,
        widget=forms.TextInput(
            attrs={"class": "input", "autocomplete": "off", "autocapitalize": "characters"}
        ),
    )
    most_a_month = Consent.MOST_A_MONTH  # The page says it where it asks.
    consents = forms.MultipleChoiceField(
        label=_("May we write to them?"),
        choices=[
            (Consent.Channel.SMS, _("By SMS")),
            (Consent.Channel.EMAIL, _("By e-mail")),
        ],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        start = "name" if self.initial.get("phone") else "phone"
        self.fields[start].widget.attrs["autofocus"] = True

    def clean_birthday(self) -> Birthday | None:
        return read_birthday(self.cleaned_data["birthday"], lunar=self.cleaned_data["lunar"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if Consent.Channel.EMAIL in data.get("consents", []) and not data.get("email"):
            self.add_error("email", _("To write by e-mail, the address is needed."))
        return data
