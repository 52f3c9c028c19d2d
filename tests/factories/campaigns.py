"""Birthdays on the day tests live in, consents, and messages at any point of their life."""

from datetime import datetime, timedelta
from typing import Any

import factory
from factory.django import DjangoModelFactory

from campaigns.defaults import ensure_campaigns
from campaigns.models import Campaign, Channel, Message
from customers.models import Consent, Customer
from customers.services import record_consent
from customers.signin import start_sign_in
from tests.factories.clock import NOON
from tests.factories.customers import CustomerFactory


class BirthdayCustomerFactory(CustomerFactory):
    """Born on 22 November, reachable, and agreeing to nothing yet."""

    name = factory.Sequence(lambda n: f"Nguyễn Thu Thảo {n}")
    salutation = "chị"
    email = factory.Sequence(lambda n: f"thao-{n}@example.com")
    birth_day = 22
    birth_month = 11
    joined_at = NOON - timedelta(days=100)


class MessageFactory(DjangoModelFactory):
    """A birthday wish by e-mail that is due now."""

    class Meta:
        model = Message

    customer = factory.SubFactory(BirthdayCustomerFactory)
    campaign = factory.LazyAttribute(lambda made: birthday_campaign(made.channel))
    message_class = Message.Class.ADVERT
    occasion = factory.Sequence(lambda n: f"birthday:{2000 + n}")
    channel = Channel.EMAIL
    send_after = NOON
    not_after = NOON + timedelta(days=3)


def birthday_campaign(channel: str) -> Campaign:
    ensure_campaigns()
    return Campaign.objects.get(kind=Campaign.Kind.BIRTHDAY, channel=channel)


def says(customer: Customer, channel: str, *, granted: bool, at: datetime = NOON) -> Consent:
    return record_consent(
        customer=customer,
        channel=channel,
        granted=granted,
        wording="test",
        means=Consent.Means.COUNTER,
        at=at,
        by=None,
    )


def agreeing_customer(*channels: str, **columns: Any) -> Customer:
    """Has a birthday today and agreed to adverts by `channels`, e-mail when none is named."""
    customer = BirthdayCustomerFactory(**columns)
    for channel in channels or (Channel.EMAIL,):
        says(customer, channel, granted=True, at=NOON - timedelta(days=100))
    return customer


def due_messages(number: int, *, channel: str = Channel.EMAIL) -> list[Message]:
    """Messages that nothing keeps from going out now."""
    return [
        MessageFactory(customer=agreeing_customer(channel), channel=channel) for _ in range(number)
    ]


def sign_in_message(customer: Customer, *, channel: str, at: datetime = NOON) -> Message:
    """A sign-in code on its way to `customer`."""
    identifier = customer.phone if channel == Channel.SMS else customer.email
    challenge = start_sign_in(identifier=identifier, at=at)
    return MessageFactory(
        customer=customer,
        campaign=None,
        challenge=challenge,
        message_class=Message.Class.SERVICE,
        occasion=f"sign-in:{challenge.pk}",
        channel=channel,
        send_after=at,
        not_after=at + timedelta(minutes=5),
    )
