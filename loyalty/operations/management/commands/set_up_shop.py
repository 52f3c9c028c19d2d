import getpass
import json
import os
import sys
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_slug
from django.utils import timezone

from loyalty.errors import DomainError
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


class Command(BaseCommand):
    help = "Set the shop up: name, branches, rules, first owner. Safe to run again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True)
        parser.add_argument("--currency", default="VND", help="ISO 4217; fixed once points exist")
        parser.add_argument("--time-zone", default="Asia/Ho_Chi_Minh", help="fixed as well")
        parser.add_argument("--address", help="stands at the foot of messages")
        parser.add_argument("--hotline", help="stands at the foot of messages")
        parser.add_argument(
            "--branch", type=branch, action="append", default=[], metavar="KEY=NAME"
        )
        parser.add_argument("--programme", type=Path, help="TOML, for a shop without rules")
        parser.add_argument(
            "--owner",
            default="",
            metavar="USERNAME",
            help=f"first owner; the password comes from {PASSWORD_VARIABLE} or is asked for",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        plan = Plan(
            name=options["name"],
            currency=options["currency"].upper(),
            time_zone=options["time_zone"],
            branches=dict(options["branch"]),
            programme=_read(options["programme"]),
            owner=options["owner"],
            owner_password=_password(options["owner"]),
            details={key: options[key] for key in ("address", "hotline") if options[key]},
        )
        try:
            shop = set_up_shop(plan, at=timezone.now())
        except DomainError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps({"name": shop.name, "currency": shop.currency}))
        else:
            self.stdout.write(f"{shop.name}: {shop.currency}, {shop.time_zone}")


def _read(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path}: {error}") from error


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
