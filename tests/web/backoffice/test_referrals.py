"""A manager looks at the referrals that wait for them, and decides once."""

import pytest
from django.urls import reverse

from loyalty.shop.models import User
from rewards.models import Referral
from tests.factories.customers import CustomerFactory
from tests.factories.referrals import bring, shop_with_referrals
from tests.factories.shop import StaffFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(client):
    shop_with_referrals()
    client.cookies["language"] = "en"
    client.staff = StaffFactory(role=User.Role.MANAGER)
    client.force_login(client.staff)
    return client


def held(**columns):
    emails = ("thao@quan.vn", "thao+1@quan.vn")
    referrer, friend = (CustomerFactory(email=email) for email in emails)
    return bring(referrer=referrer, friend=friend, **columns)


def address(referral):
    return reverse("admin:rewards_referral_change", args=[referral.pk])


def test_a_held_one_is_listed_with_its_reason(manager):
    held()

    page = manager.get(reverse("admin:rewards_referral_changelist"), {"state__exact": "held"})

    assert "Member and friend have the same e-mail" in page.content.decode()


@pytest.mark.parametrize(("word", "state"), [("yes", "open"), ("no", "refused")])
def test_the_managers_word_is_kept_with_its_reason(manager, word, state):
    referral = held()

    response = manager.post(address(referral), {"approve": word, "decision": "Two sisters"})

    assert response.status_code == 302
    referral.refresh_from_db()
    assert (referral.state, referral.decision, referral.decided_by) == (
        state,
        "Two sisters",
        manager.staff,
    )


@pytest.mark.parametrize("sent", [{"approve": "yes"}, {"decision": "Two sisters"}, {}])
def test_half_a_word_is_none(manager, sent):
    referral = held()

    assert manager.post(address(referral), sent).status_code == 200
    assert Referral.objects.get().state == Referral.State.HELD


def test_what_is_not_held_is_only_shown(manager):
    referral = bring()

    assert manager.get(address(referral)).status_code == 200
    response = manager.post(address(referral), {"approve": "no", "decision": "Two sisters"})

    assert response.status_code == 403
    assert Referral.objects.get().state == Referral.State.OPEN


def test_a_manager_does_not_decide_about_a_code_they_entered(manager):
    referral = held(by=manager.staff)

    response = manager.post(address(referral), {"approve": "yes", "decision": "Two sisters"})

    assert response.status_code == 403
    assert Referral.objects.get().state == Referral.State.HELD
