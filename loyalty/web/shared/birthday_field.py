"""A birthday as people type it, at any door."""

import re

from django import forms
from django.utils.translation import gettext as _

from customers.identity import Birthday
from loyalty.errors import InvalidInput


def read_birthday(typed: str, *, lunar: bool) -> Birthday | None:
    """25/11 or 25/11/1990, with any mark between; None when nothing is typed. Raises ValidationError."""
    if not typed.strip():
        return None
    read = re.fullmatch(r"(\d{1,2})[/.\- ](\d{1,2})(?:[/.\- ](\d{4}))?", typed.strip(), re.ASCII)
    if read is None:
        raise forms.ValidationError(_("Write the birthday as 25/11 or 25/11/1990."))
    day, month, year = read.groups()
    try:
        return Birthday(int(day), int(month), int(year) if year else None, lunar)
    except InvalidInput as error:
        raise forms.ValidationError(str(error)) from error
