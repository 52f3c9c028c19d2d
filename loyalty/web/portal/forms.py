"""What members type. Whether it is right is decided by the floors below."""

from django import forms
from django.utils.translation import gettext_lazy as _


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
