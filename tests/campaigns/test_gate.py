"""The law at the moment of claiming: each rule by name, and all of them against a second opinion."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns import unsubscribe
from campaigns.gate import Facts, Law, Rule, Verdict, judge, law_on
from campaigns.models import Campaign, Channel, Message
from campaigns.outbox import claim_due, recover
from customers.models import Customer
from customers.signin import start_sign_in
from loyalty.shop.models import LegalRule, Shop
from tests.factories.campaigns import BirthdayCustomerFactory as Stranger
from tests.factories.campaigns import (
    MessageFactory,
    agreeing_customer,
    due_messages,
    says,
    sign_in_message,
)
from tests.factories.clock import NOON
from tests.support.rounds import rounds

State = Message.State
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
LAW = Law(label="[QC]", hour_from=8, hour_to=20, cap_24_hours=3)
FINE = Facts(
    is_advert=True,
    has_address=True,
    code_closed=False,
    agreed=True,
    can_refuse=True,
    adverts_24_hours=0,
    adverts_30_days=0,
    not_after=NOON + timedelta(days=3),
)


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+07:00").astimezone(UTC)


def claim(at: datetime = NOON) -> list[int]:
    return [ruling.message.pk for ruling in claim_due(at=at, limit=50)]


def assert_refused(message: Message, state: str, rule: Rule, *, at: datetime = NOON) -> None:
    assert claim(at) == []
    message.refresh_from_db()
    assert (message.state, message.detail) == (state, rule)
    assert (message.attempts, message.sent_at, message.leased_until) == (0, None, None)


def test_an_advert_with_everything_in_order_is_claimed() -> None:
    (message,) = due_messages(1)

    assert claim() == [message.pk]

    message.refresh_from_db()
    assert message.state == State.CLAIMED
    assert message.leased_until == NOON + timedelta(minutes=5)
    assert message.customer.email not in message.address_digest


def test_no_consent() -> None:
    assert_refused(MessageFactory(), State.BLOCKED, Rule.NO_CONSENT)


def test_consent_for_another_channel_is_none() -> None:
    message = MessageFactory(customer=agreeing_customer(Channel.SMS), channel=Channel.EMAIL)

    assert_refused(message, State.BLOCKED, Rule.NO_CONSENT)


def test_consent_withdrawn_after_enqueuing() -> None:
    (message,) = due_messages(1)
    says(message.customer, Channel.EMAIL, granted=False)

    assert_refused(message, State.BLOCKED, Rule.NO_CONSENT)


def test_consent_given_again_counts() -> None:
    (message,) = due_messages(1)
    says(message.customer, Channel.EMAIL, granted=False)
    says(message.customer, Channel.EMAIL, granted=True)

    assert claim() == [message.pk]


def test_the_link_stops_what_waits_and_what_a_worker_holds() -> None:
    held, waiting = due_messages(1)[0], None
    claim()
    waiting = MessageFactory(customer=held.customer)

    stopped = unsubscribe.refuse(customer=held.customer, channel=Channel.EMAIL, at=NOON)

    assert stopped == 2
    for message in (held, waiting):
        message.refresh_from_db()
        assert (message.state, message.detail) == (State.BLOCKED, Rule.NO_CONSENT)


@pytest.mark.parametrize(
    ("channel", "missing"), [(Channel.SMS, "hotline"), (Channel.EMAIL, "address")]
)
def test_a_shop_that_cannot_be_told_no_sends_nothing(channel: str, missing: str) -> None:
    (message,) = due_messages(1, channel=channel)
    Shop.objects.update(**{missing: ""})

    assert_refused(message, State.BLOCKED, Rule.NO_OPT_OUT)


@pytest.mark.parametrize(("channel", "column"), [(Channel.SMS, "phone"), (Channel.EMAIL, "email")])
def test_an_address_removed_since(channel: str, column: str) -> None:
    (message,) = due_messages(1, channel=channel)
    Customer.objects.filter(pk=message.customer_id).update(**{column: ""})

    assert_refused(message, State.BLOCKED, Rule.NO_ADDRESS)


@pytest.mark.parametrize(
    ("at", "waits_until"),
    [
        ("2026-11-22T07:59", "2026-11-22T08:00"),
        ("2026-11-22T20:00", "2026-11-23T08:00"),
        ("2026-11-22T23:30", "2026-11-23T08:00"),
        ("2026-11-23T00:30", "2026-11-23T08:00"),
    ],
)
def test_outside_the_hours_it_waits_for_the_next(at: str, waits_until: str) -> None:
    (message,) = due_messages(1)
    Message.objects.update(send_after=local("2026-11-22T00:00"))

    assert claim(local(at)) == []

    message.refresh_from_db()
    assert (message.state, message.detail) == (State.QUEUED, Rule.OUTSIDE_HOURS)
    assert message.send_after == local(waits_until)
    assert claim(local(waits_until)) == [message.pk]


@pytest.mark.parametrize("at", ["2026-11-22T08:00", "2026-11-22T19:59"])
def test_inside_the_hours_it_goes(at: str) -> None:
    due_messages(1)
    Message.objects.update(send_after=local("2026-11-22T00:00"))

    assert len(claim(local(at))) == 1


def test_when_the_next_hour_is_past_the_deadline_it_expires() -> None:
    (message,) = due_messages(1)
    Message.objects.update(not_after=local("2026-11-23T07:00"))

    assert_refused(message, State.EXPIRED, Rule.TOO_LATE, at=local("2026-11-22T21:00"))


def test_past_its_deadline_it_expires_even_while_its_campaign_rests() -> None:
    (message,) = due_messages(1)
    Campaign.objects.update(is_active=False)
    late = message.not_after + timedelta(seconds=1)
    recover(at=late)

    assert_refused(message, State.EXPIRED, Rule.TOO_LATE, at=late)


def test_a_resting_campaign_keeps_its_messages_and_resumes() -> None:
    (message,) = due_messages(1)
    Campaign.objects.update(is_active=False)
    assert claim() == []

    Campaign.objects.update(is_active=True)

    assert claim() == [message.pk]


def adverts(customer: Customer, number: int, **columns: object) -> list[Message]:
    return [MessageFactory(customer=customer, **columns) for _ in range(number)]


def test_the_fourth_advert_within_24_hours_is_blocked() -> None:
    customer = agreeing_customer()
    messages = adverts(customer, 4)

    assert claim() == [message.pk for message in messages[:3]]

    messages[3].refresh_from_db()
    assert (messages[3].state, messages[3].detail) == (State.BLOCKED, Rule.CAP_24_HOURS)


@pytest.mark.parametrize(
    ("hours", "state", "allowed"),
    [
        (23, State.SENT, 0),
        (23, State.UNKNOWN, 0),
        (25, State.SENT, 1),
        (25, State.UNKNOWN, 1),
        (23, State.FAILED, 1),
    ],
)
def test_what_was_sent_or_may_have_been_counts_for_24_hours(
    hours: int, state: str, allowed: int
) -> None:
    customer = agreeing_customer()
    adverts(customer, 3)
    claim()
    then = NOON - timedelta(hours=hours)
    Message.objects.update(
        state=state,
        leased_until=None,
        attempted_at=then,
        sent_at=then if state == State.SENT else None,
    )

    MessageFactory(customer=customer)

    assert len(claim()) == allowed


@pytest.mark.parametrize(("days", "allowed"), [(29, 0), (31, 1)])
def test_nobody_gets_more_adverts_a_month_than_every_text_promised(days: int, allowed: int) -> None:
    customer = agreeing_customer()
    for ago in (days, 20, 10, 2):
        (message,) = adverts(customer, 1)
        claim()
        then = NOON - timedelta(days=ago)
        Message.objects.filter(pk=message.pk).update(
            state=State.SENT, leased_until=None, attempted_at=then, sent_at=then
        )

    (last,) = adverts(customer, 1)

    assert len(claim()) == allowed
    last.refresh_from_db()
    assert last.detail == ("" if allowed else Rule.CAP_30_DAYS)


def test_what_another_worker_holds_counts() -> None:
    customer = agreeing_customer()
    adverts(customer, 3)
    assert len(claim()) == 3

    assert_refused(MessageFactory(customer=customer), State.BLOCKED, Rule.CAP_24_HOURS)


def test_the_cap_is_of_the_address_whoever_has_it_now() -> None:
    first = agreeing_customer(email="chung@example.com")
    adverts(first, 3)
    claim()
    Customer.objects.filter(pk=first.pk).update(email="")
    second = agreeing_customer(email="Chung@example.com")

    assert_refused(MessageFactory(customer=second), State.BLOCKED, Rule.CAP_24_HOURS)


def test_service_messages_need_no_consent_no_hour_and_no_hotline() -> None:
    Shop.objects.update(hotline="", address="")
    night = local("2026-11-22T23:30")
    message = sign_in_message(Stranger(), channel=Channel.SMS, at=night)

    assert claim(night) == [message.pk]


def test_a_sign_in_code_is_not_sent_after_five_minutes() -> None:
    message = sign_in_message(Stranger(), channel=Channel.SMS)

    assert_refused(message, State.EXPIRED, Rule.TOO_LATE, at=NOON + timedelta(minutes=5, seconds=1))


def test_a_replaced_sign_in_code_is_not_sent() -> None:
    customer = Stranger()
    message = sign_in_message(customer, channel=Channel.SMS)
    start_sign_in(identifier=customer.phone, at=NOON)

    assert_refused(message, State.EXPIRED, Rule.CODE_CLOSED)


def test_service_goes_before_adverts() -> None:
    advert = due_messages(1)[0]
    code = sign_in_message(Stranger(), channel=Channel.SMS)

    assert claim() == [code.pk, advert.pk]


def test_the_law_is_read_from_its_dated_rows() -> None:
    assert law_on(NOON.date()) == LAW
    LegalRule.objects.create(
        key="advert_hour_to", value="19", valid_from="2027-01-01", source="a later decree"
    )

    assert law_on(NOON.date()) == LAW
    assert law_on(NOON.replace(year=2027).date()) == replace(LAW, hour_to=19)


def second_opinion(facts: Facts, at: datetime) -> str:
    """The decree read another way: the list of reasons why not, worst first."""
    hour = (at + timedelta(hours=7)).hour  # Vietnam has no summer time.
    hours_to_wait = {hour: (32 - hour) % 24 for hour in [*range(20, 24), *range(8)]}.get(hour, 0)
    opening = (at + timedelta(hours=hours_to_wait)).replace(minute=0, second=0, microsecond=0)
    waits = hours_to_wait > 0
    reasons = [
        ("expired", at > facts.not_after),
        ("blocked", not facts.has_address),
        ("expired", not facts.is_advert and facts.code_closed),
        ("claimed", not facts.is_advert),
        ("blocked", not (facts.agreed and facts.can_refuse)),
        ("expired", waits and opening > facts.not_after),
        ("queued", waits),
        ("blocked", facts.adverts_24_hours > 2 or facts.adverts_30_days > 3),
    ]
    return next((state for state, applies in reasons if applies), "claimed")


def moments(*, days: int) -> st.SearchStrategy[datetime]:
    start = datetime(2026, 11, 20, tzinfo=UTC)
    return st.timedeltas(timedelta(0), timedelta(days=days)).map(lambda passed: start + passed)


@settings(max_examples=rounds(usual=300, soak=10_000), deadline=None)
@given(
    facts=st.builds(
        Facts,
        is_advert=st.booleans(),
        has_address=st.booleans(),
        code_closed=st.booleans(),
        agreed=st.booleans(),
        can_refuse=st.booleans(),
        adverts_24_hours=st.integers(0, 5),
        adverts_30_days=st.integers(0, 6),
        not_after=moments(days=6),
    ),
    at=moments(days=4),
)
def test_two_readings_of_the_law_agree(facts: Facts, at: datetime) -> None:
    verdict = judge(facts, law=LAW, zone=ZONE, at=at)

    assert verdict.state == second_opinion(facts, at)
    if verdict.send_after is not None:
        assert at < verdict.send_after <= facts.not_after
        later = judge(facts, law=LAW, zone=ZONE, at=verdict.send_after)
        assert later.rule is not Rule.OUTSIDE_HOURS


def test_when_nothing_is_in_the_way_it_goes() -> None:
    assert judge(FINE, law=LAW, zone=ZONE, at=NOON) == Verdict(State.CLAIMED)
