from typing import Any

from django.core.management.commands import flush

from tests.support import database


class Command(flush.Command):
    """
    What Django calls after each test that commits. Django's own would TRUNCATE, which the product's
    role may not do, and take the rows of migrations along.
    """

    def handle(self, *args: Any, **options: Any) -> None:
        database.empty()
