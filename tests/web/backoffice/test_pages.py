"""What the pages of the back office show and do."""

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import override

from customers.models import Customer
from customers.services import record_consent
from loyalty.ledger.models import Entry
from loyalty.programme.models import ProgrammeVersion
from loyalty.shop.models import Branch, Shop, User
from rewards.models import Reward
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory, customer_with_points
from tests.factories.programmes import line
from tests.factories.sales import sell
from tests.factories.shop import BranchFactory, StaffFactory, shop_with_programme
from tests.factories.vouchers import voucher_of
from tests.reports.history import bill

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(client):
    shop_with_programme()
    client.cookies["language"] = "en"
    client.force_login(StaffFactory(role=User.Role.MANAGER))
    return client


@pytest.fixture
def owner(client):
    shop_with_programme()
    client.cookies["language"] = "en"
    client.staff = StaffFactory(role=User.Role.OWNER, branch=None)
    client.force_login(client.staff)
    return client


def listed(response):
    return [str(row) for row in response.context["cl"].result_list]


def test_every_column_has_a_name_in_vietnamese():
    same_in_both = {"email"}
    unnamed = set()
    with override("vi"):
        for model, page in admin.site._registry.items():
            shown = {*page.list_display, *(page.fields or ())}
            unnamed |= {
                f"{model._meta.label}.{field.name}"
                for field in model._meta.fields
                if field.name in shown - same_in_both
                and str(field.verbose_name) == field.name.replace("_", " ")
            }

    assert unnamed == set()


class TestCustomers:
    @pytest.mark.parametrize("typed", ["thao", "0912 345 678", "5678"])
    def test_are_found_as_at_the_till(self, manager, typed):
        CustomerFactory(name="Nguyễn Thu Thảo", phone="+84912345678")
        CustomerFactory(name="Trần Bảo", phone="+84987654321")

        response = manager.get(reverse("admin:customers_customer_changelist"), {"q": typed})

        assert listed(response) == ["Nguyễn Thu Thảo"]

    def test_are_renamed_with_their_search_columns(self, manager):
        customer = CustomerFactory(name="Thao", phone="+84912345678")

        manager.post(
            reverse("admin:customers_customer_change", args=[customer.pk]),
            {"name": "  Nguyễn Thu  Thảo ", "salutation": "chị", "phone": "+84900000000"},
        )

        customer.refresh_from_db()
        assert (customer.name, customer.name_folded) == ("Nguyễn Thu Thảo", "nguyen thu thao")
        assert (customer.salutation, customer.phone) == ("chị", "+84912345678")

    def test_a_name_that_cannot_be_kept_is_refused_in_the_form(self, manager):
        customer = CustomerFactory(name="Thao")

        response = manager.post(
            reverse("admin:customers_customer_change", args=[customer.pk]),
            {"name": "x" * 201, "salutation": ""},
        )

        assert response.status_code == 200
        assert Customer.objects.get().name == "Thao"

    @pytest.mark.parametrize("customers", [1, 3])
    def test_nobody_counts_them_all(self, manager, customers, django_assert_num_queries):
        CustomerFactory.create_batch(customers)

        # Session, staff, shop, and the rows: no COUNT among them.
        with django_assert_num_queries(4):
            manager.get(reverse("admin:customers_customer_changelist"))


class TestHistory:
    def test_an_entry_is_shown_and_cannot_be_posted_to(self, owner):
        entry = Entry.objects.get(account__customer=customer_with_points(40))
        address = reverse("admin:ledger_entry_change", args=[entry.pk])

        assert owner.get(address).status_code == 200
        assert owner.post(address, {"points": "4000"}).status_code == 403
        assert Entry.objects.get().points == 40

    def test_an_entry_cannot_be_deleted(self, owner):
        entry = Entry.objects.get(account__customer=customer_with_points(40))

        response = owner.post(
            reverse("admin:ledger_entry_delete", args=[entry.pk]), {"post": "yes"}
        )

        assert response.status_code == 403
        assert Entry.objects.count() == 1

    def test_rows_are_found_by_their_customer(self, manager):
        customer_with_points(40, name="Nguyễn Thu Thảo")
        customer_with_points(50, name="Trần Bảo")

        response = manager.get(reverse("admin:ledger_entry_changelist"), {"q": "thảo"})

        assert [row.points for row in response.context["cl"].result_list] == [40]

    def test_amounts_are_shown_as_on_price_tags(self, manager):
        bill(CustomerFactory(), "2026-11-01", amount=350_000)

        page = manager.get(reverse("admin:purchases_purchase_changelist"))

        assert "350,000đ" in page.content.decode()

    @pytest.mark.parametrize(("language", "day"), [("vi", "01/11/2026 "), ("en", "1 Nov 2026 ")])
    def test_days_are_written_as_everywhere_else(self, manager, language, day):
        bill(CustomerFactory(), "2026-11-01")
        manager.cookies["language"] = language

        page = manager.get(reverse("admin:purchases_purchase_changelist"))

        assert day in page.content.decode()

    @pytest.mark.parametrize(("language", "points"), [("vi", ">12.500<"), ("en", ">12,500<")])
    def test_points_are_shown_in_thousands(self, manager, language, points):
        customer_with_points(12_500)
        manager.cookies["language"] = language

        page = manager.get(reverse("admin:ledger_entry_changelist"))

        assert page.content.decode().count(points) == 2  # What was added, and the balance after it.

    def test_a_sale_shows_its_goods_and_how_it_was_paid(self, manager):
        goods = line(45_000, quantity="2", name="Trà <sen>", discount_minor=10_000)
        sale = sell(CustomerFactory(), goods, line(35_000, quantity="1.500", sku="B1")).purchase

        page = manager.get(reverse("admin:purchases_purchase_change", args=[sale.pk]))

        text = page.content.decode()
        assert "<div>2 × Trà &lt;sen&gt;: 80,000đ</div><div>1.5 × B1: 52,500đ</div>" in text
        assert "132,500đ" in text

    @pytest.mark.parametrize("rows", [1, 3])
    def test_a_list_takes_the_same_queries_for_any_number_of_rows(
        self, manager, rows, django_assert_num_queries
    ):
        for _ in range(rows):
            bill(CustomerFactory(), "2026-11-01", branch=BranchFactory())
        branches_of_the_filter_and_the_amounts_currency = 2

        with django_assert_num_queries(4 + branches_of_the_filter_and_the_amounts_currency):
            manager.get(reverse("admin:purchases_purchase_changelist"))

    def test_a_consent_shows_what_was_agreed_to(self, manager):
        consent = record_consent(
            customer=CustomerFactory(),
            channel="sms",
            granted=True,
            wording="ads-1",
            means="counter",
            at=NOON,
            by=None,
        )

        page = manager.get(reverse("admin:customers_consent_change", args=[consent.pk]))

        assert "ads-1" in page.content.decode()


class TestShop:
    def test_the_rules_are_shown_line_by_line(self, owner):
        version = ProgrammeVersion.objects.get()

        page = owner.get(reverse("admin:programme_programmeversion_change", args=[version.pk]))

        assert f'<pre class="copied">{escape(version.document)}</pre>' in page.content.decode()

    def test_a_rule_of_law_says_what_it_rules(self, owner):
        page = owner.get(reverse("admin:shop_legalrule_changelist"))

        assert "Most advertising messages in 24 hours" in page.content.decode()

    def test_currency_and_time_zone_stay_as_they_were_set(self, owner):
        owner.post(
            reverse("admin:shop_shop_change", args=[1]),
            {"name": "Cà phê Hạ 2", "brand": "ngoc", "currency": "USD", "time_zone": "UTC"},
        )

        shop = Shop.objects.get()
        assert (shop.name, shop.currency, shop.time_zone) == (
            "Cà phê Hạ 2",
            "VND",
            "Asia/Ho_Chi_Minh",
        )

    def test_a_branch_in_use_is_not_deleted(self, owner):
        branch = StaffFactory().branch

        owner.post(reverse("admin:shop_branch_delete", args=[branch.pk]), {"post": "yes"})

        assert Branch.objects.filter(pk=branch.pk).exists()


class TestStaff:
    NEW = {
        "username": "minh",
        "password1": "a-long-pass-phrase",
        "password2": "a-long-pass-phrase",
    }

    def test_an_owner_adds_a_cashier(self, owner):
        branch = BranchFactory()

        owner.post(
            reverse("admin:shop_user_add"), self.NEW | {"role": "cashier", "branch": branch.pk}
        )

        minh = User.objects.get(username="minh")
        assert (minh.role, minh.branch, minh.is_staff) == ("cashier", branch, False)
        assert minh.check_password("a-long-pass-phrase")

    def test_nothing_is_asked_that_a_shop_has_no_use_for(self, owner):
        pages = [
            owner.get(reverse("admin:shop_user_add")),
            owner.get(reverse("admin:auth_user_password_change", args=[owner.staff.pk])),
        ]

        assert ["usable_password" in page.content.decode() for page in pages] == [False, False]

    def test_a_password_is_shown_as_dots(self, owner):
        page = owner.get(reverse("admin:shop_user_change", args=[owner.staff.pk]))

        assert "••••••••" in page.content.decode()
        assert "argon2" not in page.content.decode()

    def test_a_cashier_needs_a_branch(self, owner):
        response = owner.post(reverse("admin:shop_user_add"), self.NEW | {"role": "cashier"})

        assert response.status_code == 200
        assert not User.objects.filter(username="minh").exists()

    def test_nobody_takes_their_own_role_away(self, owner):
        me = owner.staff

        owner.post(
            reverse("admin:shop_user_change", args=[me.pk]),
            {"username": me.username, "role": "manager", "first_name": "Lan"},
        )

        me.refresh_from_db()
        assert (me.role, me.is_active, me.is_superuser) == ("owner", True, False)

    def test_nobody_becomes_a_superuser_here(self, owner):
        other = StaffFactory(role=User.Role.MANAGER)

        owner.post(
            reverse("admin:shop_user_change", args=[other.pk]),
            {
                "username": other.username,
                "role": "owner",
                "branch": other.branch_id,
                "is_active": "on",
                "is_superuser": "on",
            },
        )

        other.refresh_from_db()
        assert (other.role, other.is_superuser) == ("owner", False)


def test_a_manager_adds_a_reward(manager):
    manager.post(
        reverse("admin:rewards_reward_add"),
        {
            "key": "tra-sen",
            "name": "Trà sen vàng",
            "kind": "free_item",
            "cost_points": "60",
            "value_minor": "45000",
            "minimum_minor": "0",
            "icon": "gift",
            "validity_days": "30",
            "position": "0",
            "is_active": "on",
        },
    )

    assert Reward.objects.get().cost_points == 60


@pytest.mark.parametrize("page", ["change", "changelist", "history"])
def test_nobody_reads_the_code_of_a_voucher_here(manager, page):
    voucher = voucher_of(CustomerFactory())
    args = [] if page == "changelist" else [voucher.pk]

    text = manager.get(reverse(f"admin:rewards_voucher_{page}", args=args)).content.decode()

    assert "QQ00" not in text


def test_days_are_written_as_in_vietnam(manager):
    manager.cookies["language"] = "vi"
    CustomerFactory()

    page = manager.get(reverse("admin:customers_customer_changelist"))

    assert "22/11/2026 12:00" in page.content.decode()
