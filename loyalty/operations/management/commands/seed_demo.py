import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.utils import timezone

from customers.identity import show_phone
from loyalty.commands import ProductCommand, add_json
from loyalty.operations.demo import hero, staff
from loyalty.operations.demo.seeding import seed
from loyalty.purchases.imports.progress import ProgressBar


class Command(ProductCommand):
    help = "Fill an empty install with a believable café and print its logins. Safe to run again."
    example = "seed_demo --json"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demo's passwords are public: set DEMO=True to say you know.")
        bar = ProgressBar(sys.stderr)
        try:
            seeded = seed(at=timezone.now(), report=bar)
        finally:
            bar.close()
        logins = staff.logins()
        member = {
            "phone": show_phone(hero.PHONE),
            "name": hero.NAME,
            "hint": "the sign-in code is in /counter/mailbox/",
        }
        if options["json"]:
            document = {
                "seeded": seeded,
                "logins": [vars(login) for login in logins],
                "member": member,
            }
            self.write_json(document)
            return
        for login in logins:
            self.stdout.write(f"{login.door:10} {login.username:10} {login.password}")
        self.stdout.write(f"{'/':10} {member['phone']} ({member['name']}): {member['hint']}")
