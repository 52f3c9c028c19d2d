from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from customers.models import Customer
from loyalty.care.merging import merge_customers
from loyalty.care.models import Merge
from loyalty.care.parting import undo_merge
from loyalty.commands import ProductCommand, add_json, positive
from loyalty.shop.models import User


class Command(ProductCommand):
    help = "Make two rows of one person one, or undo that."
    example = "merge_customers 17 204 --reason 'two phones, one person' --by chu"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kept", type=positive, nargs="?", help="the customer who stays")
        parser.add_argument("duplicate", type=positive, nargs="?", help="the one who joins them")
        parser.add_argument("--undo", type=positive, metavar="ID", help="undo this merge instead")
        parser.add_argument("--reason", required=True, help="why; kept with the merge")
        parser.add_argument("--by", required=True, help="user name of who decided it")
        add_json(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        named = [options[key] for key in ("kept", "duplicate") if options[key] is not None]
        if len(named) != (2 if options["undo"] is None else 0):
            raise CommandError("Name two customers, or --undo and a merge.")
        try:
            merge = self._act(options, by=User.objects.get(username=options["by"]))
        except (Customer.DoesNotExist, Merge.DoesNotExist, User.DoesNotExist) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.write_json(
                {
                    "merge": merge.pk,
                    "kept": merge.kept_id,
                    "duplicate": merge.duplicate_id,
                    "undone": merge.undone_at is not None,
                }
            )
        elif merge.undone_at is None:
            self.stdout.write(
                f"Merge {merge.pk}: {merge.duplicate_id} means {merge.kept_id} from now on."
            )
        else:
            self.stdout.write(f"Merge {merge.pk} is undone.")

    def _act(self, options: dict[str, Any], *, by: User) -> Merge:
        how = {"reason": options["reason"], "at": timezone.now(), "by": by}
        if options["undo"] is not None:
            return undo_merge(merge=Merge.objects.get(pk=options["undo"]), **how)
        kept, duplicate = (Customer.objects.get(pk=options[key]) for key in ("kept", "duplicate"))
        return merge_customers(kept=kept, duplicate=duplicate, **how)
