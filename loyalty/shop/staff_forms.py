"""The forms of a member of staff in the back office: a password is typed anew, and that is all."""

from typing import Any

from django.contrib.auth.forms import ReadOnlyPasswordHashWidget
from unfold import forms as unfold

SWITCH = "usable_password"  # For sign-in by other means than a password; there is none here.


class HiddenPassword(ReadOnlyPasswordHashWidget):
    """Dots: how the password is kept tells its owner nothing."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        return super().get_context(name, value, attrs) | {"summary": [{"label": "••••••••"}]}


class StaffForm(unfold.UserChangeForm):  # type: ignore[misc]  # Unfold has no types.
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].widget = HiddenPassword()


class NewStaffForm(unfold.UserCreationForm):  # type: ignore[misc]  # Unfold has no types.
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields[SWITCH]


class NewPasswordForm(unfold.AdminPasswordChangeForm):  # type: ignore[misc]  # Unfold has no types.
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop(SWITCH, None)
