"""Versions of the rules: numbered, dated, never changed."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.utils import timezone

from loyalty.errors import DomainError
from loyalty.programme.document import parse
from loyalty.programme.models import ProgrammeVersion
from loyalty.programme.versions import NoProgramme, in_force, publish
from tests.factories.clock import NOON
from tests.factories.shop import STARTERS, ShopFactory

pytestmark = pytest.mark.django_db
CAFE = (STARTERS / "cafe.toml").read_text(encoding="utf-8")
RICHER = CAFE.replace("points = 1\n", "points = 2\n")


def version(document, effective_from):
    return publish(document=document, effective_from=effective_from, at=NOON, by=None)


def test_the_version_in_force_is_the_newest_that_has_begun():
    version(CAFE, NOON)
    version(RICHER, NOON + timedelta(days=10))

    moments = [NOON - timedelta(days=99), NOON, NOON + timedelta(days=10, seconds=-1)]
    assert [in_force(at).number for at in moments] == [1, 1, 1]
    assert in_force(NOON + timedelta(days=10)).programme.earn[0].points == 2


def test_without_a_programme_there_is_a_clear_refusal():
    with pytest.raises(NoProgramme):
        in_force(NOON)


def test_publishing_twice_adds_one_version():
    assert version(CAFE, NOON).pk == version(CAFE, NOON).pk
    assert ProgrammeVersion.objects.count() == 1


def test_another_document_at_the_same_moment_is_refused():
    version(CAFE, NOON)

    with pytest.raises(DomainError):
        version(RICHER, NOON)

    assert ProgrammeVersion.objects.get().document == CAFE


def test_a_version_never_changes():
    version(CAFE, NOON)

    for forbidden in (
        lambda: ProgrammeVersion.objects.update(document=RICHER),
        lambda: ProgrammeVersion.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            forbidden()


@pytest.mark.parametrize("path", sorted(STARTERS.glob("*.toml")), ids=lambda path: path.stem)
def test_load_and_dump_are_a_round_trip(path, tmp_path, capsys):
    ShopFactory()
    call_command("load_programme", str(path))
    capsys.readouterr()

    call_command("dump_programme")

    dumped = capsys.readouterr().out
    assert dumped == path.read_text(encoding="utf-8")
    assert parse(dumped) == in_force(timezone.now()).programme


def test_a_bad_file_is_named_and_publishes_nothing(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(CAFE.replace("points = 1", "points = 0"), encoding="utf-8")

    with pytest.raises(CommandError, match=r"rules\.toml: dòng 12: earn\[1\]\.points"):
        call_command("load_programme", str(path))

    assert not ProgrammeVersion.objects.exists()


def test_loading_the_document_in_force_again_changes_nothing(capsys):
    ShopFactory()
    for _run in range(2):
        call_command("load_programme", str(STARTERS / "cafe.toml"), "--json")

    first, again = map(json.loads, capsys.readouterr().out.splitlines())

    assert again == first | {"unchanged": True}
    assert ProgrammeVersion.objects.count() == 1


def test_the_past_is_changed_only_on_purpose(tmp_path, capsys):
    path = tmp_path / "rules.toml"
    path.write_text(RICHER, encoding="utf-8")
    past = "--effective-from=2026-01-01T00:00+07:00"
    call_command("load_programme", str(STARTERS / "cafe.toml"), "--effective-from=2020-01-01T00Z")

    with pytest.raises(CommandError) as error:
        call_command("load_programme", str(path), past)

    assert str(error.value) == (
        "--effective-from is in the past: give --backdate if sales of those days that are "
        "recorded from now on shall follow this version."
    )
    assert ProgrammeVersion.objects.count() == 1
    capsys.readouterr()
    call_command("load_programme", str(path), past, "--backdate")
    assert capsys.readouterr().out == "version 2, in effect from 2026-01-01T00:00:00+07:00\n"
