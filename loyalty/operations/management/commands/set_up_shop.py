import getpass
import os
import sys
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.core.validators import validate_slug
from django.utils import timezone

from loyalty.commands import ProductCommand, add_json, read_document
from loyalty.operations.first_run import Plan, set_up_shop
from loyalty.shop.models import User

PASSWORD_VARIABLE = "OWNER_PASSWORD"  # noqa: S105 - the variable's name


def branch(text: str) -> tuple[str, str]:
    key, equals, name = text.partition("=")
    try:
        validate_slug(key)
    except ValidationError as error:
        raise ArgumentTypeError(f"{key!r}: letters, digits, - and _ only") from error
    if not (equals and name.strip()):
        raise ArgumentTypeError("KEY=NAME is expected")
    return key, name.strip()


class Command(ProductCommand):
    help = (
        "Set the shop up: name, branches, rules, first owner. Safe to run again: what is not "
        "named stays as it is."
    )
    example = (
        "set_up_shop --name='Cà phê Hạ' --branch='q1=Quận 1' "
        "--programme=loyalty/programme/starters/cafe.toml --owner=lan"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True, help="as customers read it")
        parser.add_argument(
            "--currency", default="", help="ISO 4217, VND unless named; fixed once points exist"
        )
        parser.add_argument(
            "--time-zone", default="", help="Asia/Ho_Chi_Minh unless named; fixed as well"
        )
        parser.add_argument("--address", help="stands at the foot of messages")
        parser.add_argument("--hotline", help="stands at the foot of messages")
        parser.add_argument(
            "--branch",
            type=branch,
            action="append",
            default=[],
            metavar="KEY=NAME",
            help="a place that sells; may be given several times",
        )
        parser.add_argument("--programme", type=Path, help="TOML, for a shop without rules")
        parser.add_argument(
            "--owner",
            default="",
            metavar="USERNAME",
            help=f"first owner; the password comes from {PASSWORD_VARIABLE} or is asked for",
        )
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        plan = Plan(
            name=options["name"],
            currency=options["currency"].upper(),
            time_zone=options["time_zone"],
            branches=_branches(options["branch"]),
            programme=read_document(options["programme"]) if options["programme"] else "",
            owner=options["owner"],
            owner_password=_password(options["owner"]),
            details={key: options[key] for key in ("address", "hotline") if options[key]},
        )
        done = set_up_shop(plan, at=timezone.now())
        shop, lists = done.shop, {"created": done.created, "changed": done.changed}
        lists["kept"] = done.kept
        if options["json"]:
            about = {"name": shop.name, "currency": shop.currency, "time_zone": shop.time_zone}
            self.write_json(about | lists)
            return
        self.stdout.write(f"{shop.name}: {shop.currency}, {shop.time_zone}")
        for what, names in lists.items():
            for name in names:
                self.stdout.write(f"{what}: {name}")


def _branches(pairs: list[tuple[str, str]]) -> dict[str, str]:
    branches = dict(pairs)
    if len(branches) < len(pairs):
        raise CommandError("--branch: each branch needs a key of its own.")
    return branches


def _password(username: str) -> str:
    """The new owner's password; empty when nobody new is asked for."""
    if not username or User.objects.filter(username=username).exists():
        return ""
    password = os.environ.get(PASSWORD_VARIABLE, "")
    if not password and sys.stdin.isatty():
        password = getpass.getpass(f"Password for {username}: ")
    if not password:
        raise CommandError(f"Set {PASSWORD_VARIABLE} to the password of {username}.")
    try:
        validate_password(password, User(username=username))
    except ValidationError as error:
        raise CommandError("\n".join(error.messages)) from error
    return password
