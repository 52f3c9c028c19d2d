from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from loyalty.commands import ProductCommand, add_json
from loyalty.purchases.imports.arguments import add_file, asked
from loyalty.purchases.imports.forms import Form
from loyalty.purchases.imports.layout import About
from loyalty.purchases.imports.members.changes import What
from loyalty.purchases.imports.members.running import Members, import_members
from loyalty.shop.models import User

DOUBLES_SHOWN = 20


class Command(ProductCommand):
    help = "Bring in a file of customers, with the points and tiers they have. Safe to run twice."
    example = "import_customers customers.xlsx --map=kiotviet --by=chu --dry-run"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_file(parser, what="a row for each customer")
        parser.add_argument("--by", help="user name of who decides; needed for tiers")
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        with asked(options, About.CUSTOMERS, by=_author(options["by"])) as job:
            members = import_members(job)
        if options["diff"]:
            members.changes.write(options["diff"])
        if options["json"]:
            number = None if options["dry_run"] else members.batch.pk
            counts = _counts(members, job.file.form, dry_run=options["dry_run"])
            self.write_json({"import": number} | counts)
        else:
            self.stdout.write(_("Read as: %(form)s.") % {"form": job.file.form})
            self.stdout.write(_sentence(members, dry_run=options["dry_run"]))
            self._tell_doubles(members)
            if members.batch.points_added and not options["dry_run"]:
                undo = f"manage.py undo_import {members.batch.pk}"
                self.stdout.write(_("To take it back: %(command)s") % {"command": undo})

    def _tell_doubles(self, members: Members) -> None:
        doubles = [one for one in members.changes.all if one.what is What.DOUBLE]
        for one in doubles[:DOUBLES_SHOWN]:
            words = _("Line %(line)d may be the same person as %(other)s: look, and merge by hand.")
            self.stdout.write(words % {"line": one.line, "other": one.detail})
        if len(doubles) > DOUBLES_SHOWN:
            self.stdout.write(_("… and %(count)d more") % {"count": len(doubles) - DOUBLES_SHOWN})


def _author(username: str | None) -> User | None:
    if username is None:
        return None
    try:
        return User.objects.get(username=username)
    except User.DoesNotExist as error:
        raise CommandError(_("There is no user %(name)s.") % {"name": username}) from error


def _counts(members: Members, form: Form, *, dry_run: bool) -> dict[str, Any]:
    batch, counts = members.batch, members.changes.counts
    return {
        "rows_read": batch.rows_read,
        "rows_refused": batch.rows_refused,
        "customers_added": counts[What.NEW],
        "customers_completed": counts[What.COMPLETED],
        "balances_added": counts[What.POINTS],
        "points_added": batch.points_added,
        "tiers_given": counts[What.TIER],
        "consents_added": counts[What.CONSENT],
        "doubles": counts[What.DOUBLE],
        "dry_run": dry_run,
        "read_as": str(form),
    }


def _sentence(members: Members, *, dry_run: bool) -> str:
    batch, counts = members.batch, members.changes.counts
    new = counts[What.NEW]
    said = ", ".join(
        [
            ngettext("%(n)d row read", "%(n)d rows read", batch.rows_read) % {"n": batch.rows_read},
            _("%(n)d left out") % {"n": batch.rows_refused},
            ngettext("%(n)d new customer", "%(n)d new customers", new) % {"n": new},
            _("%(n)d completed") % {"n": counts[What.COMPLETED]},
            ngettext("%(n)d point", "%(n)d points", batch.points_added) % {"n": batch.points_added},
            _("%(n)d tiers given") % {"n": counts[What.TIER]},
            _("%(n)d consents") % {"n": counts[What.CONSENT]},
        ]
    )
    return _("Dry run, nothing written: %(counts)s") % {"counts": said} if dry_run else said
