"""Filling an empty install with the demo café: two years of trade, as if it had been there."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from random import Random

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.journeys import enqueue_due
from customers import bulk
from customers.models import Consent, Customer
from loyalty.errors import DomainError
from loyalty.ledger.services import expire_due
from loyalty.operations.demo import guests, hero, redemptions, sales, staff
from loyalty.operations.demo.gifts import more_rewards
from loyalty.operations.demo.guests import DAYS, Guest
from loyalty.operations.demo.sales import Stage
from loyalty.operations.first_run import Plan, set_up_shop
from loyalty.programme.versions import publish
from loyalty.purchases.imports.progress import Report, silent
from loyalty.purchases.imports.refusals import Refusals
from loyalty.purchases.imports.running import Origin, import_sales
from loyalty.purchases.models import ImportBatch
from loyalty.shop.models import Branch, Shop
from rewards import catalogue

SOURCE = "demo"
SEED = 2_026
ROOT = Path(__file__).resolve().parents[3]
PROGRAMME = ROOT / "loyalty" / "programme" / "starters" / "cafe.toml"
CATALOGUE = ROOT / "rewards" / "starters" / "cafe.toml"
CONSENT_WORDING = "counter-2"
PLAN = Plan(
    name="Cà phê Hạ",
    currency="VND",
    time_zone="Asia/Ho_Chi_Minh",
    branches={
        "nguyen-trai": "Hạ – Nguyễn Trãi",
        "thao-dien": "Hạ – Thảo Điền",
        "ho-con-rua": "Hạ – Hồ Con Rùa",
    },
    details={
        "address": "124 Nguyễn Trãi, Quận 1, TP. Hồ Chí Minh",
        "hotline": "028 3000 0000",
    },
)


class NotTheDemo(DomainError):
    def __init__(self) -> None:
        super().__init__(_("This install has a shop already; the demo would mix with it."))


@transaction.atomic
def seed(*, at: datetime, report: Report = silent) -> bool:
    """
    Make the demo café with its history up to `at`, and say whether there was anything to do: a
    demo that is there stays as it is. One transaction, so it is there whole or not at all.
    Raises NotTheDemo when the install has another shop.
    """
    if Shop.objects.exists():
        if not ImportBatch.objects.filter(source=SOURCE).exists():
            raise NotTheDemo
        return False
    rules = PROGRAMME.read_text(encoding="utf-8")
    publish(document=rules, effective_from=at - timedelta(days=3 * 365), at=at, by=None)
    shop = set_up_shop(PLAN, at=at).shop
    catalogue.load(CATALOGUE.read_text(encoding="utf-8") + more_rewards(at=at), at=at)
    branches = [Branch.objects.get(key=key) for key in PLAN.branches]
    cashiers = staff.hire(branches)
    rng = Random(SEED)  # noqa: S311 - the same café on every machine
    _trade(rng, Stage(at, shop.zone, [branch.pk for branch in branches]), report)
    expire_due(at=at)
    redemptions.redeem_some(rng, at=at, cashiers=cashiers)
    redemptions.redeem_of_hero(at=at, cashier=cashiers[0])
    enqueue_due(at=at)
    return True


def _trade(rng: Random, stage: Stage, report: Report) -> None:
    """The customers, what they agreed to, and everything they and others bought."""
    member = hero.hero(stage)
    invented = guests.invent(rng, today=stage.today, zone=stage.zone, branch_ids=stage.branch_ids)
    people = [member, *(guest for guest in invented if guest.customer.joined_at <= stage.at)]
    people.sort(key=lambda guest: guest.customer.joined_at)
    bulk.enrol_many([guest.customer for guest in people])
    _agree(people)
    others = [guest for guest in people if guest is not member]
    with Refusals(None) as refusals:
        import_sales(
            sales=chain(
                sales.all_sales(rng, others, stage),
                hero.sales_of(rng, member, stage, line=1_000_000),
            ),
            origin=Origin(source=SOURCE, name=f"{DAYS} days", digest=lambda: ""),
            refusals=refusals,
            at=stage.at,
            by=None,
            report=report,
        )


def _agree(people: Sequence[Guest]) -> None:
    """Keep what each customer said to adverts when they joined."""
    ids = dict(Customer.objects.values_list("external_id", "pk"))
    bulk.record_consents(
        [
            Consent(
                customer_id=ids[guest.customer.external_id],
                channel=channel,
                granted=granted,
                wording=CONSENT_WORDING,
                means=Consent.Means.COUNTER,
                recorded_at=guest.customer.joined_at,
            )
            for guest in people
            for channel, granted in (
                (Consent.Channel.EMAIL, guest.agrees_email),
                (Consent.Channel.SMS, guest.agrees_sms),
            )
        ]
    )
