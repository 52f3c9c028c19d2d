"""Which rules are in force when. Versions are numbered, and never change once written."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import itemgetter

from django.db import connection, transaction
from django.utils.translation import gettext as _

from loyalty.errors import DomainError
from loyalty.programme.document import Programme, parse
from loyalty.programme.models import ProgrammeVersion
from loyalty.shop.models import Branch, User

PUBLISH_LOCK = 7_001  # Any number that no other advisory lock of ours uses.


class NoProgramme(DomainError):
    def __init__(self) -> None:
        super().__init__(_("No programme is in force yet: run `manage.py load_programme`."))


@dataclass(frozen=True)
class Rules:
    """A programme and the version it is."""

    version_id: int
    number: int
    programme: Programme


def in_force(at: datetime) -> Rules:
    """
    The rules of that moment; before the first version's date, the first version. One query.
    Raises NoProgramme while there is none.
    """
    versions = ProgrammeVersion.objects.only("pk", "number").order_by("-effective_from")
    version = versions.filter(effective_from__lte=at).first() or versions.last()
    if version is None:
        raise NoProgramme
    return Rules(version.pk, version.number, programme_of(version.pk))


def timeline() -> list[tuple[datetime, Rules]]:
    """Every version with the moment it takes effect, oldest first, for work on many sales."""
    return [
        (version.effective_from, Rules(version.pk, version.number, programme_of(version.pk)))
        for version in ProgrammeVersion.objects.defer("document").order_by("effective_from")
    ]


def in_force_of(versions: Sequence[tuple[datetime, Rules]], at: datetime) -> Rules:
    """The rules of that moment out of a `timeline`, as `in_force` finds them. No query."""
    if not versions:
        raise NoProgramme
    place = bisect_right(versions, at, key=itemgetter(0))
    return versions[max(0, place - 1)][1]


@lru_cache(maxsize=64)
def programme_of(version_id: int) -> Programme:
    """The programme of a version. Kept in memory: a version never changes."""
    return parse(ProgrammeVersion.objects.get(pk=version_id).document)


@transaction.atomic
def publish(
    *, document: str, effective_from: datetime, at: datetime, by: User | None
) -> ProgrammeVersion:
    """
    Add a version that takes effect at `effective_from`. Safe to retry: when the version in force
    at that moment has this very document it is returned, and nothing added. Raises
    InvalidProgramme, or DomainError when another version takes effect at that very moment.
    """
    parse(document, branches=frozenset(Branch.objects.values_list("key", flat=True)))
    with connection.cursor() as cursor:  # One publisher at a time, so numbers have no gap.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [PUBLISH_LOCK])
    begun = ProgrammeVersion.objects.filter(effective_from__lte=effective_from)
    current = begun.order_by("effective_from").last()
    if current is not None:
        if current.document == document:
            return current
        if current.effective_from == effective_from:
            raise DomainError(_("Another version takes effect at that very moment."))
    newest = ProgrammeVersion.objects.order_by("-number").first()
    return ProgrammeVersion.objects.create(
        number=newest.number + 1 if newest else 1,
        document=document,
        effective_from=effective_from,
        created_at=at,
        created_by=by,
    )
