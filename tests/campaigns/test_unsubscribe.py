import re

import pytest
from django.test import Client

from campaigns import unsubscribe
from campaigns.models import Channel, Message
from customers.models import Consent, Customer
from tests.factories.campaigns import MessageFactory, agreeing_customer, says
from tests.support.pages import PageClient


@pytest.fixture
def customer() -> Customer:
    return agreeing_customer(Channel.EMAIL, Channel.SMS)


@pytest.fixture
def strict() -> PageClient:
    """A mail program: no cookie, no token of a form."""
    return PageClient(enforce_csrf_checks=True)


def path_of(customer: Customer, channel: str = Channel.EMAIL) -> str:
    link = unsubscribe.link_for(customer_id=customer.pk, channel=channel)
    return link.removeprefix("https://ha.example")


def newest(customer: Customer, channel: str) -> Consent:
    return Consent.objects.filter(customer=customer, channel=channel).latest("id")


def test_opening_the_link_changes_nothing(client: Client, customer: Customer) -> None:
    waiting = MessageFactory(customer=customer)

    for method in (client.get, client.head):
        response = method(path_of(customer))

    assert response.status_code == 200
    assert newest(customer, "email").granted
    waiting.refresh_from_db()
    assert waiting.state == "queued"


def test_the_page_has_one_button_and_speaks_the_language_of_the_message(
    strict: PageClient, customer: Customer
) -> None:
    page = strict.get(path_of(customer))

    assert "Ngừng nhận ưu đãi và lời chúc sinh nhật?" in page.content.decode()
    assert len(re.findall(r"<button", page.content.decode())) == 1
    assert page.headers["Content-Language"] == "vi"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in page.headers["Cache-Control"]

    Customer.objects.filter(pk=customer.pk).update(language="en")
    page = strict.get(path_of(customer))
    assert "No more offers and birthday wishes?" in page.content.decode()


@pytest.mark.parametrize(
    "body", [{}, {"List-Unsubscribe": "One-Click"}], ids=["button", "mail program (RFC 8058)"]
)
def test_posting_refuses_that_channel_at_once(
    strict: PageClient, customer: Customer, body: dict[str, str]
) -> None:
    mails = MessageFactory(customer=customer)
    text = MessageFactory(customer=customer, channel=Channel.SMS)

    response = strict.post(path_of(customer), body)

    assert response.status_code == 200
    assert "Bạn đã ngừng nhận ưu đãi" in response.content.decode()
    assert not response.cookies
    refusal = newest(customer, "email")
    assert (refusal.granted, refusal.means, refusal.recorded_by) == (False, "unsubscribe", None)
    assert newest(customer, "sms").granted
    assert set(Message.objects.values_list("pk", "state", "detail")) == {
        (mails.pk, "blocked", "no_consent"),
        (text.pk, "queued", ""),
    }


def test_posting_again_adds_nothing(strict: PageClient, customer: Customer) -> None:
    for _ in range(3):
        assert strict.post(path_of(customer)).status_code == 200

    assert Consent.objects.filter(customer=customer, channel="email").count() == 2


def test_who_agrees_again_can_refuse_again_with_the_same_link(
    strict: PageClient, customer: Customer
) -> None:
    strict.post(path_of(customer))
    says(customer, Channel.EMAIL, granted=True)
    strict.post(path_of(customer))

    assert not newest(customer, "email").granted


def test_service_messages_are_not_stopped(strict: PageClient, customer: Customer) -> None:
    code = MessageFactory(
        customer=customer, campaign=None, message_class="service", occasion="sign-in:1"
    )

    strict.post(path_of(customer))

    code.refresh_from_db()
    assert code.state == "queued"


def test_a_changed_or_foreign_link_leads_nowhere(strict: PageClient, customer: Customer) -> None:
    good = path_of(customer)
    other = path_of(agreeing_customer())
    swapped = f"{other.split(':')[0]}:{good.split(':')[1]}"

    for path in ("/u/x", good[:-1], f"{good}x", swapped, "/u/%00"):
        for method in (strict.get, strict.post):
            assert method(path).status_code == 404
    assert Consent.objects.filter(granted=False).count() == 0


def test_the_link_names_nobody(customer: Customer) -> None:
    link = unsubscribe.link_for(customer_id=customer.pk, channel=Channel.EMAIL)

    assert re.fullmatch(r"https://ha\.example/u/[\w-]+:[\w-]{43}", link)
    assert link == unsubscribe.link_for(customer_id=customer.pk, channel="email")
