"""Webhooks in the back office: made, changed and ended by owners, looked after by managers too."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from loyalty.integrations.models import Delivery, Endpoint
from loyalty.integrations.webhooks import marks
from loyalty.integrations.webhooks.calling import Reply
from loyalty.integrations.webhooks.endpoints import newest_secret
from loyalty.integrations.webhooks.sending import record
from loyalty.shop.models import User
from tests.factories.customers import CustomerFactory, give_points
from tests.factories.shop import StaffFactory, shop_with_programme
from tests.factories.webhooks import NOWHERE, sweep, webhook

pytestmark = pytest.mark.django_db

ENDPOINTS = reverse("admin:integrations_endpoint_changelist")
DELIVERIES = reverse("admin:integrations_delivery_changelist")
SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")


def signed_in(client, role):
    shop_with_programme()
    client.cookies["language"] = "en"
    client.staff = StaffFactory(role=role)
    client.force_login(client.staff)
    return client


@pytest.fixture
def owner(client):
    return signed_in(client, User.Role.OWNER)


@pytest.fixture
def manager(client):
    return signed_in(client, User.Role.MANAGER)


def add(client, url=NOWHERE, events=("points.changed", "tier.changed")):
    sent = {"url": url, "events": list(events)}
    return client.post(reverse("admin:integrations_endpoint_add"), sent)


def act(client, page, action, *rows, **more):
    sent = {"action": action, "_selected_action": [row.pk for row in rows], "index": "0"}
    return client.post(page, sent, **more)


def change(client, endpoint, **more):
    sent = {"events": endpoint.events, "replay_since_0": "", "replay_since_1": "", **more}
    page = reverse("admin:integrations_endpoint_change", args=[endpoint.pk])
    return client.post(page, sent, follow=True)


def a_delivery(endpoint, reply=None):
    give_points(CustomerFactory(), 5)
    sweep(timezone.now())
    delivery = Delivery.objects.select_related("event").latest("pk")
    if reply:
        Delivery.objects.filter(pk=delivery.pk).update(attempts=1)
        delivery.refresh_from_db()
        record(delivery, reply, at=timezone.now())
    return delivery


class TestEndpoints:
    def test_a_new_one_shows_its_secret_once(self, owner):
        page = add(owner)

        endpoint = Endpoint.objects.get()
        (secret,) = SECRET.findall(page.content.decode())
        assert secret == newest_secret(endpoint)
        assert "no-store" in page.headers["Cache-Control"]
        assert (endpoint.url, endpoint.events) == (NOWHERE, ["points.changed", "tier.changed"])
        assert (endpoint.created_by, endpoint.state) == (owner.staff, "on")
        for where in (ENDPOINTS, reverse("admin:integrations_endpoint_change", args=[endpoint.pk])):
            assert not SECRET.search(owner.get(where).content.decode())

    @pytest.mark.parametrize("url", ["http://example.com/", "https://127.0.0.1/", "x", "", "\x00"])
    def test_an_address_we_would_not_call_is_refused_in_the_form(self, owner, url):
        page = add(owner, url=url)

        assert page.status_code == 200
        assert page.context["adminform"].form.errors.keys() == {"url"}
        assert not Endpoint.objects.exists()

    def test_events_that_there_are_not_or_none_are_refused_in_the_form(self, owner):
        for events in ((), ("points.exploded",)):
            assert add(owner, events=events).context["adminform"].form.errors.keys() == {"events"}
        assert not Endpoint.objects.exists()

    def test_an_address_that_is_taken_is_refused_with_a_sentence(self, owner):
        add(owner)

        page = owner.get(add(owner).headers["Location"])

        assert "There is a webhook to this address already." in page.content.decode()
        assert Endpoint.objects.count() == 1

    def test_during_an_import_none_can_begin(self, owner, monkeypatch):
        monkeypatch.setattr(marks, "PATIENCE", 0)
        monkeypatch.setattr(marks, "writers", lambda: {"ledger_entry": {"1/1"}})

        page = owner.get(add(owner).headers["Location"])

        assert "Many sales are being written just now." in page.content.decode()
        assert not Endpoint.objects.exists()

    def test_its_events_change_its_address_does_not(self, owner):
        endpoint = webhook().endpoint

        change(owner, endpoint, events=["voucher.used"], url="https://other.example.com/")

        endpoint.refresh_from_db()
        assert (endpoint.url, endpoint.events) == (NOWHERE, ["voucher.used"])

    def test_a_new_secret_is_shown_for_one_at_a_time(self, owner):
        first, second = webhook(), webhook(url="https://b.example.com/")

        refused = act(
            owner, ENDPOINTS, "renew_secret", first.endpoint, second.endpoint, follow=True
        )
        page = act(owner, ENDPOINTS, "renew_secret", first.endpoint)

        assert "Choose one webhook" in refused.content.decode()
        assert SECRET.findall(page.content.decode()) == [newest_secret(first.endpoint)]
        assert newest_secret(first.endpoint) != first.secret
        assert newest_secret(second.endpoint) == second.secret

    def test_off_on_and_ended(self, owner):
        endpoint = webhook().endpoint
        for action, state in (
            ("switch_off", "off"),
            ("switch_on", "on"),
            ("end", "ended"),
            ("switch_on", "ended"),
        ):
            act(owner, ENDPOINTS, action, endpoint)
            endpoint.refresh_from_db()
            assert endpoint.state == state

    def test_everything_since_a_moment_goes_again(self, owner):
        endpoint = webhook().endpoint
        delivery = a_delivery(endpoint, Reply(status=200))
        delivery.refresh_from_db()
        assert delivery.state == "delivered"
        earlier = timezone.now() - timedelta(hours=1)

        page = change(
            owner, endpoint, replay_since_0=f"{earlier:%Y-%m-%d}", replay_since_1=f"{earlier:%H:%M}"
        )

        assert "events wait to be sent." in page.content.decode()
        assert set(Delivery.objects.values_list("state", "attempts")) == {("waiting", 0)}

    def test_not_further_back_than_events_are_kept(self, owner):
        endpoint = webhook().endpoint

        page = change(owner, endpoint, replay_since_0="2020-01-01", replay_since_1="00:00")

        assert "Events are kept for 45 days." in page.content.decode()

    def test_the_overview_tells_the_owner_of_one_that_was_stopped(self, owner):
        endpoint = webhook().endpoint
        assert NOWHERE not in owner.get("/admin/").content.decode()

        a_delivery(endpoint, Reply(status=410))

        assert f"Nothing is sent to {NOWHERE} any more." in owner.get("/admin/").content.decode()
        owner.force_login(StaffFactory(role=User.Role.MANAGER))
        assert NOWHERE not in owner.get("/admin/").content.decode()


class TestDeliveries:
    def test_the_log_says_how_it_went_and_nothing_of_whom(self, manager):
        endpoint = webhook("points.changed").endpoint
        customer = CustomerFactory(name="Canary Thảo", phone="+84912000111")
        give_points(customer, 5)
        delivery = a_delivery(endpoint, Reply(status=500, text="<b>sorry</b>"))

        listed = manager.get(DELIVERIES).content.decode()
        shown = manager.get(
            reverse("admin:integrations_delivery_change", args=[delivery.pk])
        ).content.decode()

        assert all(text in listed for text in ("Points changed", NOWHERE, "500", "Waiting"))
        assert "&lt;b&gt;sorry&lt;/b&gt;" in shown
        assert not re.search("Canary|912000111", listed + shown)

    def test_a_manager_sends_some_of_it_again(self, manager):
        endpoint = webhook("points.changed").endpoint
        first = a_delivery(endpoint, Reply(status=200))
        second = a_delivery(endpoint, Reply(status=200))

        page = act(manager, DELIVERIES, "send_again", first, follow=True)

        assert "1 event waits to be sent." in page.content.decode()
        states = dict(Delivery.objects.values_list("pk", "state"))
        assert states == {first.pk: "waiting", second.pk: "delivered"}

    @pytest.mark.parametrize("number", [1, 3])
    def test_the_list_takes_as_many_queries_for_one_as_for_three(
        self, manager, number, django_assert_num_queries
    ):
        endpoint = webhook("points.changed").endpoint
        for _turn in range(number):
            a_delivery(endpoint)

        # Session, staff, shop, the filter's endpoints, and the rows.
        with django_assert_num_queries(5):
            manager.get(DELIVERIES)
