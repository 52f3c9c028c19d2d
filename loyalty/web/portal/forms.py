"""What members type. Whether it is right is decided by the floors below."""

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.identity import Birthday
from loyalty.web.shared.birthday_field import read_birthday


class IdentifierForm(forms.Form):
    identifier = forms.CharField(
        label=_("Phone number or e-mail"),
        help_text=_("For example 0912 345 678"),
        max_length=254,
        error_messages={"required": _("Type your phone number or e-mail.")},
        widget=forms.TextInput(
            attrs={
                "class": "input",
                "autocomplete": "username",
                "autocapitalize": "none",
                "spellcheck": "false",
                "inputmode": "text",
            }
        ),
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Sign-in code"),
        help_text=_("Six digits"),
        max_length=20,
        error_messages={"required": _("Type the six digits of the code.")},
        widget=forms.TextInput(
            attrs={
                "class": "input code-box",
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "maxlength": None,
                "autofocus": True,
            }
        ),
    )

    def clean_code(self) -> str:
        return "".join(self.cleaned_data["code"].split())


class ProfileForm(forms.Form):
    """What a member may add; what is known already is not asked for."""

    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "name"}),
    )
    lunar = forms.BooleanField(label=_("The birthday is by the lunar calendar"), required=False)
    birthday = forms.CharField(
        label=_("Birthday"),
        help_text=_("For example 25/11 or 25/11/1990"),
        max_length=10,
        required=False,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "off"}),
    )

    def clean_birthday(self) -> Birthday | None:
        return read_birthday(self.cleaned_data["birthday"], lunar=self.cleaned_data["lunar"])
