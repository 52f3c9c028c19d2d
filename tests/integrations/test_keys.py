"""API keys: shown once, found by their digest, narrow, and ended at once."""

import hashlib
import json
import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from loyalty.errors import DomainError, InvalidInput
from loyalty.integrations.keys import create_key, find_key, revoke_key
from loyalty.integrations.models import ApiKey
from loyalty.shop.models import User
from tests.factories.clock import NOON
from tests.factories.integrations import api_key
from tests.factories.shop import BranchFactory, ShopFactory, StaffFactory

pytestmark = pytest.mark.django_db


def every_stored_text() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM integrations_apikey")
        return repr(cursor.fetchall())


def test_a_key_has_256_secret_bits_and_only_their_digest_is_kept():
    made = api_key()

    prefix, secret = re.fullmatch(r"loy_([a-z2-9]{10})_([A-Za-z0-9_-]{43})", made.token).groups()
    assert made.key.prefix == prefix
    assert made.key.sha256 == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in every_stored_text()


def test_a_key_is_found_with_its_branch_and_user_in_one_query(django_assert_num_queries):
    branch = BranchFactory()
    made = api_key(branch=branch)
    find_key(made.token, at=NOON)

    with django_assert_num_queries(1):
        found = find_key(made.token, at=NOON)

    assert (found.key_id, found.source, found.branch) == (made.key.pk, "api-quay-1", branch)
    assert (found.user, found.user.role, found.user.is_active) == (made.key.user, "manager", False)


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token[:-1],
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token + " ",
        lambda token: token.upper(),
        lambda token: "",
        lambda token: "loy__",
        lambda token: token.replace("loy_", "loy_\x00"),
    ],
)
def test_any_other_token_finds_nothing(change):
    assert find_key(change(api_key().token), at=NOON) is None


def test_a_key_opens_nothing_after_its_end_or_once_revoked():
    made = api_key(expires_at=NOON + timedelta(days=1))

    assert find_key(made.token, at=NOON + timedelta(days=1, seconds=-1)) is not None
    assert find_key(made.token, at=NOON + timedelta(days=1)) is None
    revoke_key(key_id=made.key.pk, at=NOON, by=None)
    assert find_key(made.token, at=NOON) is None


def test_the_last_use_is_kept_to_ten_minutes(django_assert_num_queries):
    made = api_key()
    for minutes in (0, 9, 10):
        find_key(made.token, at=NOON + timedelta(minutes=minutes))

    made.key.refresh_from_db()
    assert made.key.last_used_at == NOON + timedelta(minutes=10)
    with django_assert_num_queries(1):
        find_key(made.token, at=NOON + timedelta(minutes=19))


def test_the_next_key_of_a_name_goes_on_with_the_sales_of_the_first():
    first = api_key(name="Quầy 1").key
    with pytest.raises(DomainError):
        api_key(name="quay 1")
    revoke_key(key_id=first.pk, at=NOON, by=None)

    second = api_key(name="Quầy 1").key

    assert (second.source, second.user) == (first.source, first.user) == ("api-quay-1", first.user)
    assert second.prefix != first.prefix


def test_a_key_never_borrows_a_member_of_staff():
    StaffFactory(username="api-quay-1")

    with pytest.raises(DomainError):
        api_key(name="Quầy 1")
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("scopes", [[], [""], ["everything"], ["read", "Earn"]])
def test_scopes_are_those_of_the_list(scopes):
    with pytest.raises(InvalidInput) as error:
        create_key(name="Till", scopes=scopes, at=NOON)
    assert error.value.field == "scopes"
    assert not User.objects.exists()


@pytest.mark.parametrize("column", ["scopes = '{adjust}'", "sha256 = ''", "branch_id = NULL"])
def test_the_database_lets_nobody_widen_a_key(column):
    api_key("read")

    with (
        pytest.raises(DatabaseError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE integrations_apikey SET {column}")


def run(*command: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command(*command, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_the_command_prints_the_key_once_and_alone():
    BranchFactory(key="ha-noi")

    out, err = run("create_api_key", "--name=Till 1", "--scopes=earn, read", "--branch=ha-noi")

    key = ApiKey.objects.get()
    assert find_key(out.strip(), at=NOON).key_id == key.pk
    assert (key.name, key.scopes, key.branch.key) == ("Till 1", ["earn", "read"], "ha-noi")
    assert err == "Keep this key now: it is shown once and stored nowhere.\n"


def test_the_command_as_one_document():
    out, _err = run("create_api_key", "--name=Till 1", "--scopes=read", "--json")

    document = json.loads(out)
    assert find_key(document["key"], at=NOON).source == document["source"] == "api-till-1"


@pytest.mark.parametrize(
    "wrong",
    [
        ["--name=", "--scopes=read"],
        ["--name=Till", "--scopes=all"],
        ["--name=Till", "--scopes=read", "--branch=nowhere"],
        ["--name=Till", "--scopes=read", "--expires-at=2020-01-01T00:00+07:00"],
    ],
)
def test_the_command_refuses_in_one_line(wrong):
    with pytest.raises(CommandError):
        run("create_api_key", *wrong)
    assert not ApiKey.objects.exists()


def test_a_key_is_revoked_by_name_or_by_its_beginning():
    first, second = api_key(name="Till 1"), api_key(name="Till 2")

    run("revoke_api_key", "Till 1")
    run("revoke_api_key", second.key.prefix)

    assert [find_key(made.token, at=NOON) for made in (first, second)] == [None, None]
    with pytest.raises(CommandError):
        run("revoke_api_key", "Till 3")


def test_the_owner_sees_keys_and_ends_them_and_never_a_secret(client):
    ShopFactory()
    made, owner = api_key(), StaffFactory(role=User.Role.OWNER)
    client.force_login(owner)
    address = reverse("admin:integrations_apikey_changelist")

    page = client.get(address).content.decode()
    client.post(address, {"action": "revoke", "_selected_action": [made.key.pk]})

    assert made.key.prefix in page
    assert made.key.sha256 not in page
    made.key.refresh_from_db()
    assert made.key.revoked_by == owner
