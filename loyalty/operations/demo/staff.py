"""The demo's staff, with passwords that everybody may know."""

from dataclasses import dataclass

from loyalty.shop.models import Branch, User

PASSWORD = "caphe-ha"  # noqa: S105 - printed on purpose, and only where DEMO is on
DOORS = {User.Role.OWNER: "/owner/", User.Role.MANAGER: "/admin/", User.Role.CASHIER: "/counter/"}


@dataclass(frozen=True)
class Login:
    role: str
    username: str
    password: str
    door: str


_OFFICE = (("chu", "Hạ", User.Role.OWNER), ("quanly", "Minh", User.Role.MANAGER))
_TILLS = ("Lan", "Tuấn", "My")


def hire(branches: list[Branch]) -> list[User]:
    """Create the owner, the manager and a cashier for each branch; return the cashiers."""
    for username, name, role in _OFFICE:
        User.objects.create_user(username, password=PASSWORD, first_name=name, role=role)
    return [
        User.objects.create_user(
            f"thungan{number}",
            password=PASSWORD,
            first_name=name,
            role=User.Role.CASHIER,
            branch=branch,
        )
        for number, (name, branch) in enumerate(zip(_TILLS, branches, strict=True), 1)
    ]


def logins() -> list[Login]:
    """Who can sign in where, the owner first."""
    names = {username for username, _name, _role in _OFFICE}
    names |= {f"thungan{number}" for number in range(1, len(_TILLS) + 1)}
    users = User.objects.filter(username__in=names).order_by("pk")
    return [
        Login(user.role, user.username, PASSWORD, DOORS[User.Role(user.role)]) for user in users
    ]
