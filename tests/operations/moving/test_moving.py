"""A shop leaves one installation and arrives in another, equal in every row."""

import json
import zipfile
from datetime import timedelta
from io import StringIO
from urllib.parse import unquote, urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from customers.models import Customer
from loyalty.ledger import proof as ledger
from loyalty.operations.moving import leaving
from loyalty.operations.moving.tables import LEFT_OUT, tables
from loyalty.programme.basket import Line
from loyalty.purchases.models import Purchase
from loyalty.reports.models import Export
from loyalty.reports.tables import TABLES, Scope
from loyalty.shop.models import Shop, User
from rewards.redemption import redeem_reward
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.sales import give_back, sell
from tests.factories.shop import shop_with_programme
from tests.reports.rehearsal.lives import Copy, plan
from tests.support import database
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def as_owner():
    """The same database, as whom migrations run."""
    url = urlsplit(database.owner_url(database.name()))
    usual = {key: connection.settings_dict[key] for key in ("USER", "PASSWORD")}

    def become():
        connection.close()
        connection.settings_dict |= {"USER": url.username, "PASSWORD": unquote(url.password or "")}

    yield become
    connection.close()
    connection.settings_dict |= usual


def live(seed=0, customers=5):
    """A shop with a history of everything customers do."""
    copy = Copy()
    copy.open(customers)
    copy.play(plan(seed, customers))
    return copy


def small():
    """A shop that sold something once."""
    shop_with_programme()
    sell(CustomerFactory(name="Trần Bảo"), Line(100_000))


def leave(path):
    call_command("export_shop", path, stdout=StringIO())
    return path


def rows():
    """Every row of the shop, as the database tells it."""
    found = {}
    with connection.cursor() as cursor:
        for table in tables():
            cursor.execute(
                f"SELECT row_to_json(t)::text FROM {table.name} t ORDER BY {table.order}"
            )
            found[table.name] = [text for (text,) in cursor.fetchall()]
    return found


def answers():
    scope = Scope(NOON.date())
    return {name: TABLES[name](scope) for name in TABLES}


def test_the_shop_that_arrives_is_equal_in_every_row_and_every_report(tmp_path, as_owner):
    for seed in range(rounds(usual=1, soak=50)):
        database.empty()
        copy = live(seed)
        path = leave(tmp_path / "shop.zip")
        User.objects.update(password="!")
        before, reports, tiers = rows(), answers(), copy.tiers()

        database.empty()
        as_owner()
        call_command("import_shop", path, stdout=StringIO())

        assert rows() == before
        assert (answers(), copy.tiers()) == (reports, tiers)
        assert ledger.verify().problems == ()


def test_life_goes_on_where_it_arrived_with_all_guards_up(tmp_path, as_owner):
    copy = live()
    path = leave(tmp_path / "shop.zip")
    database.empty()
    as_owner()
    call_command("import_shop", path, stdout=StringIO())

    customer = Customer.objects.get(pk=copy.customers[0].pk)
    later = NOON + timedelta(days=1)
    bought = sell(customer, Line(990_000), reference="new", at=later).purchase
    give_back(bought, "new-back", at=later, amount_minor=90_000)
    redeem_reward(
        customer=customer, reward=copy.rewards[0], source="till", reference="new", at=later, by=None
    )  # fmt: skip

    assert ledger.verify().problems == ()
    assert bought.pk == max(Purchase.objects.values_list("pk", flat=True))
    with (
        pytest.raises(DatabaseError, match=r"append-only|refuse|only"),
        transaction.atomic(),
    ):
        Export.objects.all().delete()


def test_the_file_can_be_read_without_the_product(tmp_path):
    copy = live(customers=2)

    with zipfile.ZipFile(leave(tmp_path / "shop.zip")) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        told = {table["name"]: table for table in manifest["tables"]}
        lines = archive.read("data/customers_customer.ndjson").decode().splitlines()
        rules = archive.read("documents/programme-1.toml").decode()

    assert (manifest["format"], manifest["version"], manifest["currency"]) == (
        "loyalty-shop",
        1,
        "VND",
    )
    assert told["customers_customer"]["rows"] == len(lines) == 2
    assert [json.loads(line)["name"] for line in lines] == [one.name for one in copy.customers]
    assert rules.startswith("# A café")


def test_no_password_and_no_key_of_another_program_leaves(tmp_path):
    copy = live(customers=1)
    copy.manager.set_password("a long secret")
    copy.manager.save()

    with zipfile.ZipFile(leave(tmp_path / "shop.zip")) as archive:
        staff = [json.loads(line) for line in archive.read("data/shop_user.ndjson").splitlines()]
        names = archive.namelist()

    assert {row["password"] for row in staff} == {"!"}
    assert [name for name in names if "integrations" in name or "session" in name] == []
    assert (tmp_path / "shop.zip").stat().st_mode & 0o077 == 0


def test_every_table_is_moved_or_said_to_stay():
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        there = {name for (name,) in cursor.fetchall()} - {"django_migrations"}
    moved = {table.name for table in tables()}

    stay = {name for name in there - moved if not _said(name)}
    assert stay == set()
    assert moved <= there


def _said(name):
    names = {"django_admin_log": "admin", "django_session": "sessions"}
    app = names.get(name) or ("contenttypes" if "content_type" in name else name.split("_")[0])
    return name in LEFT_OUT or app in LEFT_OUT


def test_a_shop_that_is_there_is_not_written_over(tmp_path, as_owner):
    small()
    path = leave(tmp_path / "shop.zip")
    before = rows()
    as_owner()

    with pytest.raises(CommandError, match=r"shop_shop"):
        call_command("import_shop", path)

    assert rows() == before


def test_the_products_own_role_may_not(tmp_path):
    small()
    path = leave(tmp_path / "shop.zip")
    database.empty()

    with pytest.raises(CommandError, match="DATABASE_URL"):
        call_command("import_shop", path)


@pytest.fixture
def spoiled(tmp_path):
    """The file of a small shop, with one part changed by `change`."""

    def spoil(part, change):
        with zipfile.ZipFile(leave(tmp_path / "whole.zip")) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        parts[part] = change(parts[part])
        with zipfile.ZipFile(tmp_path / "shop.zip", "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        return tmp_path / "shop.zip"

    return spoil


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("manifest.json", lambda text: text.replace(b'"loyalty-shop"', b'"other"')),
        ("manifest.json", lambda text: text.replace(b'"version": 1', b'"version": 2')),
        ("manifest.json", lambda text: text.replace(b"0001_initial", b"0001_other", 1)),
        ("manifest.json", lambda _text: b"{"),
        ("manifest.json", lambda _text: b"[]"),
        ("data/ledger_entry.ndjson", lambda text: text.replace(b'"points":', b'"points":1', 1)),
        ("data/ledger_entry.ndjson", lambda _text: b""),
        ("data/shop_shop.ndjson", lambda text: text.rstrip()),
    ],
)
def test_a_file_that_was_changed_is_refused_and_nothing_is_written(spoiled, as_owner, part, change):
    small()
    path = spoiled(part, change)
    database.empty()
    as_owner()

    with pytest.raises(CommandError):
        call_command("import_shop", path)

    assert not Shop.objects.exists()
    assert not Customer.objects.exists()


def test_rows_that_do_not_prove_right_are_refused_however_well_they_are_signed(
    tmp_path, as_owner, monkeypatch
):
    small()
    monkeypatch.setattr(leaving, "_lines", _with_one_visit_more(leaving._lines))
    path = leave(tmp_path / "shop.zip")
    database.empty()
    as_owner()

    with pytest.raises(CommandError, match="customer"):
        call_command("import_shop", path)

    assert not Shop.objects.exists()


def _with_one_visit_more(lines):
    def changed(table):
        for line in lines(table):
            row = json.loads(line)
            if table.name == "tiers_standing":
                row["visits"] += 1
            yield json.dumps(row).encode() + b"\n"

    return changed


def test_a_file_that_is_no_archive_is_refused(tmp_path, as_owner):
    (tmp_path / "shop.zip").write_bytes(b"PK no")

    with pytest.raises(CommandError, match=r"damaged|hỏng"):
        call_command("import_shop", tmp_path / "shop.zip")


def test_a_folder_that_is_not_there_leaves_no_file(tmp_path):
    small()

    with pytest.raises(CommandError, match="No such file"):
        call_command("export_shop", tmp_path / "nowhere" / "shop.zip")
