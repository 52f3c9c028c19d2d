"""
Makes the keys of so many tills and prints them as a line of JSON.

    python -m benchmarks.web.keys COUNT
"""

import json
import secrets
import sys

from django.utils import timezone

from benchmarks import django_ready  # noqa: F401
from loyalty.integrations.keys import create_key
from loyalty.integrations.models import ApiKey


def main(count: int) -> None:
    """Each with a name of its own: keys of an earlier measurement stay as they are."""
    now, run = timezone.now(), secrets.token_hex(4)
    scopes = [ApiKey.Scope.EARN, ApiKey.Scope.READ]
    made = [create_key(name=f"{run} {n}", scopes=scopes, at=now) for n in range(count)]
    print(json.dumps([one.token for one in made]))


if __name__ == "__main__":
    main(int(sys.argv[1]))
