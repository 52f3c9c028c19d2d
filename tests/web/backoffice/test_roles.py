"""
Who may do what in the back office, for every page it has. The pages come from the admin itself:
a model registered without a rule in loyalty.shop.access, or without a line here, fails.
"""

from typing import Any

import pytest
from django.contrib import admin
from django.urls import URLPattern, reverse
from django.utils.translation import override

from campaigns.models import Campaign, Message
from customers.models import Consent, Customer
from loyalty.care.models import Merge
from loyalty.integrations.models import ApiKey, Delivery, Endpoint
from loyalty.ledger.models import Account, Adjustment, Entry, Freeze
from loyalty.programme.models import ProgrammeVersion
from loyalty.purchases.models import Purchase
from loyalty.reports.models import Export
from loyalty.shop.access import RULES
from loyalty.shop.models import Branch, LegalRule, Shop, User
from rewards.models import (
    Redemption,
    Referral,
    Reward,
    SharedVoucher,
    StampEntry,
    Voucher,
    VoucherUse,
)
from tests.factories.shop import BranchFactory, StaffFactory, shop_with_programme

pytestmark = pytest.mark.django_db

CASHIER, MANAGER, OWNER = User.Role.CASHIER, User.Role.MANAGER, User.Role.OWNER
ACTS = ("see", "change", "add", "delete")
# What each role may do: s(ee), c(hange), a(dd), d(elete). A cashier may do nothing at all.
EXPECTED: dict[Any, dict[str, str]] = {
    Shop: {MANAGER: "", OWNER: "sc"},
    Branch: {MANAGER: "s", OWNER: "scad"},
    User: {MANAGER: "", OWNER: "sca"},
    LegalRule: {MANAGER: "", OWNER: "sca"},
    ProgrammeVersion: {MANAGER: "s", OWNER: "s"},
    Customer: {MANAGER: "sc", OWNER: "sc"},
    Consent: {MANAGER: "s", OWNER: "s"},
    Account: {MANAGER: "s", OWNER: "s"},
    Entry: {MANAGER: "s", OWNER: "s"},
    Adjustment: {MANAGER: "s", OWNER: "s"},
    Freeze: {MANAGER: "s", OWNER: "s"},
    Merge: {MANAGER: "s", OWNER: "s"},
    Reward: {MANAGER: "scad", OWNER: "scad"},
    Redemption: {MANAGER: "s", OWNER: "s"},
    Voucher: {MANAGER: "s", OWNER: "s"},
    SharedVoucher: {MANAGER: "sca", OWNER: "sca"},
    VoucherUse: {MANAGER: "s", OWNER: "s"},
    StampEntry: {MANAGER: "s", OWNER: "s"},
    Referral: {MANAGER: "sc", OWNER: "sc"},
    Purchase: {MANAGER: "s", OWNER: "s"},
    Campaign: {MANAGER: "s", OWNER: "sc"},
    Message: {MANAGER: "s", OWNER: "s"},
    ApiKey: {MANAGER: "", OWNER: "s"},
    Endpoint: {MANAGER: "", OWNER: "sca"},
    Export: {MANAGER: "", OWNER: "s"},
    Delivery: {MANAGER: "s", OWNER: "s"},
}
MODELS = list(admin.site._registry)


@pytest.fixture(autouse=True)
def shop():
    return shop_with_programme()


def sign_in(client, role, **columns):
    client.force_login(StaffFactory(role=role, **columns))


def address(model, page, *args):
    return reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_{page}", args=args)


def test_every_page_has_a_line_here_and_a_rule():
    assert set(MODELS) == set(EXPECTED)
    assert {model._meta.label_lower for model in MODELS} == set(RULES)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("role", [CASHIER, MANAGER, OWNER])
def test_rights_are_those_of_the_table(rf, model, role):
    request = rf.get("/")
    # A superuser has the rights of their role too, and no others.
    request.user = StaffFactory(role=role, is_superuser=True)
    page = admin.site._registry[model]

    granted = "".join(
        act[0]
        for act, asked in zip(
            ACTS,
            (
                page.has_view_permission,
                page.has_change_permission,
                page.has_add_permission,
                page.has_delete_permission,
            ),
            strict=True,
        )
        if asked(request)
    )

    assert granted == EXPECTED[model].get(role, "")
    assert page.has_module_permission(request) == ("s" in granted)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("role", [MANAGER, OWNER])
def test_lists_and_forms_open_only_to_those_who_may(client, model, role):
    sign_in(client, role)
    may = EXPECTED[model][role]

    listed = client.get(address(model, "changelist"))
    added = client.get(address(model, "add"))

    assert listed.status_code == (200 if "s" in may else 403)
    assert added.status_code == (200 if "a" in may else 403)


def test_staff_who_left_may_do_nothing(rf):
    request = rf.get("/")
    request.user = StaffFactory(role=OWNER, is_active=False)

    assert not any(page.has_view_permission(request) for page in admin.site._registry.values())


def pages_without_argument(patterns: list[Any], prefix: str = "/admin/") -> list[str]:
    """Every address of the back office that names no row."""
    found = []
    for pattern in patterns:
        route = str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            found += [prefix + route] if "<" not in route and "(?P" not in route else []
        elif "<" not in route:
            found += pages_without_argument(pattern.url_patterns, prefix + route)
    return found


PAGES = pages_without_argument(admin.site.get_urls())
OPEN_TO_STRANGERS = {"/admin/login/", "/admin/logout/"}


@pytest.mark.parametrize("page", sorted({*PAGES} - OPEN_TO_STRANGERS))
@pytest.mark.parametrize("who", ["stranger", "cashier"])
def test_strangers_and_cashiers_are_sent_to_the_door(client, page, who):
    if who == "cashier":
        sign_in(client, CASHIER)

    response = client.get(page)

    assert response.status_code == 302
    assert response.headers["Location"].startswith("/admin/login/?next=/admin/")


@pytest.mark.parametrize(
    "query",
    ["code__startswith=A", "token__startswith=A", "id__regex=(", "state__exact=%00"],
)
def test_a_list_answers_no_questions_about_columns_it_hides(client, query):
    sign_in(client, MANAGER)

    assert client.get(f"{address(Voucher, 'changelist')}?{query}").status_code == 400


@pytest.mark.parametrize(
    "query",
    ["branch__user__password__startswith=p", "branch__apikey__sha256__gt=8", "branch__lt=2"],
)
def test_a_filter_leads_to_no_other_rows(client, query):
    sign_in(client, MANAGER)

    assert client.get(f"{address(Purchase, 'changelist')}?{query}").status_code == 400


@pytest.mark.parametrize("row", ["x", "\x00", "٣", "9" * 5000])
def test_rows_are_chosen_by_number(client, row):
    sign_in(client, OWNER)

    sent = {"action": "delete_selected", "_selected_action": row, "index": "0"}

    assert client.post(address(Branch, "changelist"), sent).status_code == 400


def test_chosen_rows_can_be_deleted(client):
    sign_in(client, OWNER)
    branch = BranchFactory()

    sent = {"action": "delete_selected", "_selected_action": branch.pk, "post": "yes"}
    client.post(address(Branch, "changelist"), sent)

    assert not Branch.objects.filter(pk=branch.pk).exists()


def test_the_filters_of_a_list_still_work(client):
    sign_in(client, OWNER)

    for model, page in admin.site._registry.items():
        for field in page.list_filter:
            column = model._meta.get_field(field)
            lookup = f"{field}__id__exact=1" if column.is_relation else f"{field}__exact=1"
            assert client.get(f"{address(model, 'changelist')}?{lookup}").status_code == 200


def test_the_door_has_all_the_lists():
    assert {address(model, "changelist") for model in MODELS} <= {*PAGES}


@pytest.mark.parametrize(
    ("role", "hidden"), [(MANAGER, {"Nhân viên", "Staff"}), (OWNER, {"nothing of the kind"})]
)
def test_the_menu_leaves_out_what_a_role_may_not_see(client, role, hidden):
    sign_in(client, role)
    client.cookies["language"] = "en"

    page = client.get("/admin/")

    titles = {
        item["title"] for group in page.context["sidebar_navigation"] for item in group["items"]
    }
    assert "Customers" in titles
    assert titles.isdisjoint(hidden)


@pytest.mark.parametrize(
    ("role", "places"),
    [
        ("manager", ["Counter", "Tiếng Việt", "Change password"]),
        ("owner", ["Counter", "Reports", "Tiếng Việt", "Change password"]),
    ],
)
def test_nobody_is_sent_where_their_role_may_not_go(client, role, places):
    shop_with_programme()
    client.cookies["language"] = "en"
    client.force_login(StaffFactory(role=role))

    links = client.get(reverse("admin:index")).context["account_links"]

    with override("en"):
        assert [str(link["title"]) for link in links] == places
    assert {client.get(link["link"]).status_code for link in links} <= {200, 302}


def test_the_other_language_is_read_on_the_same_page(client):
    shop_with_programme()
    client.cookies["language"] = "en"
    client.force_login(StaffFactory(role="manager"))
    page = reverse("admin:customers_customer_changelist")
    links = client.get(page, {"q": "Thảo"}).context["account_links"]

    there = client.get(links[1]["link"])

    assert there.url == page  # Nothing of what was looked for.
    assert client.cookies["language"].value == "vi"
