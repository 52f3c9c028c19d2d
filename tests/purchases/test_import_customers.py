"""A file of customers: who is new, what they bring along, and nothing twice or overwritten."""

import csv
import io
import json
import random
from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import override
from openpyxl import Workbook

from customers.identity import Birthday
from customers.models import Consent, Customer
from customers.services import enrol_customer, record_consent
from loyalty.care.merging import merge_customers
from loyalty.ledger.models import Account, Entry, Lot
from loyalty.ledger.proof import verify
from loyalty.ledger.services import spend
from loyalty.purchases.imports.job import Job
from loyalty.purchases.imports.layout import About
from loyalty.purchases.imports.members.holdings import AuthorNeeded
from loyalty.purchases.imports.members.running import import_members
from loyalty.purchases.imports.parsing import parse
from loyalty.purchases.imports.refusals import RowsRefused
from loyalty.purchases.imports.undoing import UndoRefused, undo_import
from loyalty.purchases.models import ImportBatch
from loyalty.tiers import proof as tiers_proof
from loyalty.tiers.models import Standing, TierFloor
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory
from tests.factories.shop import StaffFactory, shop_with_programme
from tests.purchases.sales_files import refused_rows
from tests.purchases.test_import_phones import numbers, written
from tests.support.rounds import rounds

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)
MAP = """source = "kv"
[columns]
customer.column = "Mã"
phone.column = "Điện thoại"
name.column = "Tên"
email.column = "E-mail"
birthday.column = "Sinh nhật"
points.column = "Điểm"
expires.column = "Hết hạn"
tier = { column = "Hạng", through = 2027-12-31 }
email_consent = { column = "Nhận thư", wording = "phieu-2024", evidence = "Phiếu giấy, tủ 2" }
"""
HEADER = "Mã,Điện thoại,Tên,E-mail,Sinh nhật,Điểm,Hết hạn,Hạng,Nhận thư"


@pytest.fixture(autouse=True)
def shop(db):
    return shop_with_programme()


@pytest.fixture
def owner():
    return StaffFactory(role="owner")


def file_of(folder, *rows, header=HEADER):
    path = folder / "customers.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def bring(path, by=None, *, how=MAP, at=NOON, **options):
    layout = parse(how, About.CUSTOMERS)
    return import_members(Job(path=path, layout=layout, at=at, by=by, **options))


def everything():
    models = (Customer, Account, Entry, Lot, Standing, TierFloor, Consent)
    return [list(model.objects.order_by("pk").values()) for model in models]


def counts(members):
    return {str(what): count for what, count in members.changes.counts.items() if count}


def test_a_customer_comes_with_all_they_have(tmp_path, owner):
    path = file_of(
        tmp_path,
        "KH1,912345678,Đỗ Thị Hà,Ha@example.com,05/09/1990,120,31/12/2027,Vàng,x",
        "KH2,0987654321,Trần An,,15/8 (ÂL),,,,",
    )

    members = bring(path, owner)

    assert counts(members) == {"new": 2, "points": 1, "tier": 1, "consent": 1}
    ha, an = Customer.objects.order_by("external_id")
    assert (ha.phone, ha.name, ha.email) == ("+84912345678", "Đỗ Thị Hà", "Ha@example.com")
    assert (ha.birthday, an.birthday) == (Birthday(5, 9, 1990), Birthday(15, 8, None, lunar=True))
    entry = Entry.objects.get()
    assert (entry.account_id, entry.points, entry.reference) == (
        ha.pk,
        120,
        f"opening:{ha.pk}:2027-12-31",
    )
    assert Lot.objects.get().expires_on == date(2027, 12, 31)
    assert (Standing.objects.get().tier_key, TierFloor.objects.get().given_by) == ("vang", owner)
    consent = Consent.objects.get()
    assert (consent.granted, consent.means, consent.wording) == (True, "import", "phieu-2024")
    assert verify().problems == ()
    assert tiers_proof.verify(at=NOON).differences == ()


def test_the_same_file_again_adds_nothing(tmp_path, owner):
    path = file_of(tmp_path, "KH1,912345678,Hà,,05/09,120,,vang,x", "KH2,987654321,An,,,30,,,")
    bring(path, owner)
    before = everything()

    again = bring(path, owner, at=NOON.replace(year=2027))

    assert (counts(again), again.batch.points_added) == ({}, 0)
    assert everything() == before


def test_points_are_dated_lots_one_for_each_day(tmp_path):
    path = file_of(
        tmp_path, "KH1,912345678,,,,100,31/12/2026,,", "KH1,,,,,50,30/06/2027,,", "KH1,,,,,20,,,"
    )

    members = bring(path)

    assert counts(members) == {"new": 1, "points": 3}
    assert list(Lot.objects.order_by("pk").values_list("points", "expires_on")) == [
        (100, date(2026, 12, 31)),
        (50, date(2027, 6, 30)),
        (20, date(2027, 11, 30)),  # As the programme lets points end that are earned today.
    ]
    assert Account.objects.get().balance == 170


def test_points_that_were_brought_in_before_cannot_be_others_now(tmp_path):
    bring(file_of(tmp_path, "KH1,912345678,,,,100,,,"))

    with pytest.raises(RowsRefused):
        bring(file_of(tmp_path, "KH1,912345678,,,,101,,,"))
    with pytest.raises(RowsRefused):
        bring(file_of(tmp_path, "KH2,987654321,,,,1,,,", "KH2,987654321,,,,2,,,"))

    assert Account.objects.get().balance == 100


def test_what_is_known_is_completed_and_never_overwritten(tmp_path, owner):
    known = CustomerFactory(phone="+84912345678", name="Hà", external_id="", email="")
    record_consent(
        customer=known,
        channel="email",
        granted=False,
        wording="w",
        means="portal",
        at=NOON,
        by=None,
    )

    members = bring(file_of(tmp_path, "KH1,0912345678,Đỗ Thị Hà,ha@example.com,05/09,,,,x"), owner)

    known.refresh_from_db()
    assert (known.name, known.external_id, known.email) == ("Hà", "KH1", "ha@example.com")
    assert Consent.objects.get().granted is False  # What they said here came later.
    assert counts(members) == {"completed": 1}
    assert members.changes.all[0].detail == "birthday email external_id"


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("KH1,9.12E+08,,,,,,,", "phone"),
        ("KH1,02838221234,,,,,,,", "phone"),
        (",,An,,,,,,", "phone"),
        ("KH1,,,nonsense,,,,,", "email"),
        ("KH1,,,,31/02/1990,,,,", "birthday"),
        ("KH1,,,,soon,,,,", "birthday"),
        ("KH1,,,,,1.5,,,", "points"),
        ("KH1,,,,,-5,,,", "points"),
        ("KH1,,,,,99999999999,,,", "points"),
        ("KH1,,,,,5,31/12/2020,,", "expires"),
        ("KH1,,,,,5,31/12/2999,,", "expires"),
        ("KH1,,,,,,,Bạch kim,", "tier"),
        ("KH1,,,,,,,,perhaps", "email_consent"),
        ("KH1,912345678", "row"),
        ("KH8,0900000001,,,,,,,", "phone"),  # The phone of KH9.
        (",0911111111,,nine@example.com,,,,,", "email"),  # Theirs, with another phone.
    ],
)
def test_a_row_that_cannot_be_taken_is_named_and_nothing_is_written(tmp_path, owner, row, field):
    CustomerFactory(phone="+84900000001", external_id="KH9", email="nine@example.com")
    before = everything()
    path = file_of(tmp_path, "KH2,987654321,An,,,10,,,", row)

    with pytest.raises(RowsRefused):
        bring(path, owner)

    assert everything() == before
    assert refused_rows(path) == [(3, field)]
    assert counts(bring(path, owner, skip_bad=True)) == {"new": 1, "points": 1}


def test_a_dry_run_tells_all_and_writes_nothing(tmp_path, owner):
    path = file_of(tmp_path, "KH1,912345678,Hà,,05/09,120,,vang,x")
    before = everything()

    members = bring(path, owner, dry_run=True)

    assert counts(members) == {"new": 1, "points": 1, "tier": 1, "consent": 1}
    assert members.batch.points_added == 120
    assert everything() == before


def test_a_tier_is_somebodys_decision(tmp_path):
    with pytest.raises(AuthorNeeded):
        bring(file_of(tmp_path, "KH1,912345678,,,,,,vang,"))


def test_people_who_may_be_one_are_told_and_not_merged(tmp_path):
    old = CustomerFactory(name="Do Thi Ha", phone="+84912345679")
    path = file_of(
        tmp_path,
        "KH1,0912345678,Đỗ Thị Hà,,,,,,",  # One digit from the card that is known.
        "KH2,0987654321,Trần An,,05/09/1990,,,,",
        "KH3,0901234567,TRAN AN,,05/09/1990,,,,",
        "KH4,0901234568,Trần Ân Huệ,,05/09/1990,,,,",
    )

    members = bring(path)

    doubles = [(one.line, one.detail) for one in members.changes.all if one.what == "double"]
    assert doubles == [(2, old.card_number), (3, "4")]
    assert Customer.objects.count() == 5


def test_who_was_merged_gets_their_points_on_the_card_that_is_kept(tmp_path):
    kept = CustomerFactory(phone="+84912345678", external_id="KH1")
    CustomerFactory(phone="+84987654321", external_id="KH2", merged_into=kept)

    bring(file_of(tmp_path, "KH2,987654321,,,,30,,,"))

    assert (Account.objects.get().customer_id, Account.objects.get().balance) == (kept.pk, 30)


def test_points_of_a_customer_who_was_merged_since_do_not_come_again(tmp_path, owner):
    path = file_of(tmp_path, "KH2,987654321,,,,30,,,")
    bring(path)
    kept = CustomerFactory(phone="+84912345678")
    duplicate = Customer.objects.get(external_id="KH2")
    merge_customers(kept=kept, duplicate=duplicate, reason="same", at=NOON, by=owner)

    assert counts(bring(path)) == {}
    assert Account.objects.get(customer=kept).balance == 30


def test_an_import_is_taken_back_with_its_points_and_can_come_again(tmp_path):
    path = file_of(tmp_path, "KH1,912345678,,,,120,,,", "KH1,,,,,30,31/12/2027,,")
    first = bring(path)

    for _twice in range(2):
        undo_import(batch=first.batch, at=LATER, by=None)
        assert Account.objects.get().balance == 0
    again = bring(path, at=LATER)
    assert (counts(again), Account.objects.get().balance) == ({"points": 2}, 150)
    undo_import(batch=again.batch, at=LATER, by=None)

    assert Account.objects.get().balance == 0
    assert verify().problems == ()


def test_points_that_were_used_cannot_be_taken_back(tmp_path):
    members = bring(file_of(tmp_path, "KH1,912345678,,,,120,,,"))
    customer = Customer.objects.get()
    spend(
        customer_id=customer.pk,
        points=100,
        source="till",
        reference="1",
        reason="",
        at=LATER,
        by_id=None,
    )

    with pytest.raises(UndoRefused):
        undo_import(batch=members.batch, at=LATER, by=None)

    assert Account.objects.get().balance == 20


def test_hundreds_of_rows_take_few_statements(tmp_path, django_assert_max_num_queries):
    rows = [f"KH{one},09123{one:05},Tên {one},,,{one + 1},,," for one in range(400)]

    with django_assert_max_num_queries(40):
        members = bring(file_of(tmp_path, *rows))

    assert counts(members) == {"new": 400, "points": 400}
    assert verify().problems == ()


def test_the_command_says_what_it_did_and_keeps_the_difference(tmp_path, capsys, owner):
    enrol_customer(phone="0912345679", name="Do Thi Ha", at=NOON, by=None)
    path = file_of(tmp_path, "KH1,912345678,=Đỗ Thị Hà,,,120,,vang,x", "KH2,1,,,,,,,")
    layout, diff, errors = (tmp_path / name for name in ("map.toml", "diff.csv", "errors.csv"))
    layout.write_text(MAP, encoding="utf-8")

    with override("en"):
        call_command(
            *("import_customers", str(path), "--map", str(layout), "--by", owner.username),
            *("--diff", str(diff), "--errors", str(errors), "--skip-bad", "--json"),
        )

    said = json.loads(capsys.readouterr().out)
    assert (said["customers_added"], said["points_added"], said["rows_refused"]) == (1, 120, 1)
    rows = list(csv.reader(io.StringIO(diff.read_text("utf-8-sig"))))
    assert [row[:2] for row in rows] == [
        ["line", "what"],
        *(["2", what] for what in ("new", "points", "tier", "consent")),
    ]
    assert "Hà" not in diff.read_text("utf-8-sig")
    assert errors.read_text("utf-8-sig").splitlines()[1].startswith("customers.csv,3,phone,")


def test_an_excel_file_in_our_own_words_needs_no_map(tmp_path, capsys):
    book = Workbook()
    book.active.append(["name", "phone", "birthday", "points"])
    book.active.append(["Đỗ Hà", 912345678, date(1990, 9, 5), 35])
    path = tmp_path / "customers.xlsx"
    book.save(path)

    with override("en"):
        call_command("import_customers", str(path))

    assert capsys.readouterr().out.splitlines() == [
        "Read as: Excel file.",
        "1 row read, 0 left out, 1 new customer, 0 completed, 35 points, 0 tiers given, 0 consents",
        f"To take it back: manage.py undo_import {ImportBatch.objects.get().pk}",
    ]
    assert Customer.objects.get().birthday == Birthday(5, 9, 1990)


def test_an_unknown_author_or_map_is_named(tmp_path):
    path = file_of(tmp_path, "KH1,912345678,,,,,,,")

    with pytest.raises(CommandError, match="nobody"):
        call_command("import_customers", str(path), "--by", "nobody")
    with pytest.raises(CommandError, match="kiotvit"):
        call_command("import_customers", str(path), "--map", "kiotvit")


def test_a_dirty_file_of_customers_loses_nobody(tmp_path):
    dice = random.Random(2018)
    wanted = numbers(rounds(usual=50, soak=5_000), dice)
    rows = [f"KH{n},{written(one, dice)},Tên {n},,,{n + 1},,," for n, one in enumerate(wanted)]

    members = bring(file_of(tmp_path, *rows, *rows[:10]), skip_bad=True)

    assert set(Customer.objects.values_list("phone", flat=True)) == {f"+84{one}" for one in wanted}
    assert members.batch.points_added == sum(range(1, len(wanted) + 1))
    assert members.batch.rows_refused == 10  # Points that stand in the file twice.
