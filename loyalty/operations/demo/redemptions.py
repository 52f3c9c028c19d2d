"""What the demo's customers did with their points in the last weeks."""

from datetime import datetime, time, timedelta
from random import Random

from customers.models import Customer
from loyalty.dates import local_date
from loyalty.ledger.queries import points_of
from loyalty.operations.demo import hero
from loyalty.purchases.models import Purchase
from loyalty.shop.models import User
from loyalty.shop.queries import get_shop
from rewards.models import Redemption, Reward
from rewards.redemption import redeem_reward
from rewards.vouchers import use_voucher

COUNT = 150
DAYS = 60


def redeem_some(rng: Random, *, at: datetime, cashiers: list[User]) -> int:
    """
    Let customers redeem right after their last visit, so that their history reads in order, and
    use most of the vouchers within days; return how many redeemed.
    """
    newest = (
        Purchase.objects.filter(occurred_at__gt=at - timedelta(days=DAYS), balance_after__gte=40)
        .exclude(customer=None)
        .exclude(customer__external_id=hero.EXTERNAL_ID)
        .order_by("customer_id", "-occurred_at")
        .distinct("customer_id")
        .values_list("customer_id", "occurred_at", "branch_id")
    )
    visits = list(newest)
    rng.shuffle(visits)
    customers = Customer.objects.in_bulk([visit[0] for visit in visits])
    # Those that anybody can have at any time.
    free = Reward.objects.filter(tiers=[], starts_on=None, most_per_customer=None)
    rewards = list(free.filter(is_active=True).order_by("cost_points"))
    redeemed = 0
    for number, (customer_id, visited_at, branch_id) in enumerate(visits):
        if redeemed == COUNT:
            break
        cashier = next((user for user in cashiers if user.branch_id == branch_id), cashiers[0])
        moment = visited_at + timedelta(minutes=rng.randrange(1, 9))
        redemption = _redeem(
            rng, customers[customer_id], rewards, number, at=min(moment, at), by=cashier
        )
        if redemption:
            redeemed += 1
            _use(rng, redemption, cashier, at=at)
    return redeemed


def redeem_of_hero(*, at: datetime, cashier: User) -> None:
    """Let the member shown first have eaten one reward, and kept a voucher to try at the till."""
    member = Customer.objects.get(external_id=hero.EXTERNAL_ID)
    visited_at = Purchase.objects.filter(customer=member).latest("occurred_at").occurred_at
    zone = get_shop().zone
    evening = datetime.combine(local_date(at, zone) - timedelta(days=3), time(20, 15), tzinfo=zone)
    eaten, kept = (Reward.objects.get(key=key) for key in ("banh-mi-que", "giam-20000"))
    redemption = redeem_reward(
        customer=member,
        reward=eaten,
        source="counter",
        reference="demo-hero-1",
        at=visited_at + timedelta(minutes=1),
        by=cashier,
    )
    use_voucher(
        voucher=redemption.voucher,
        reference="demo-hero-1",
        branch=cashier.branch,
        at=visited_at + timedelta(minutes=2),
        by=cashier,
    )
    redeem_reward(
        customer=member, reward=kept, source="portal", reference="demo-hero-2", at=evening, by=None
    )


def _redeem(
    rng: Random,
    customer: Customer,
    rewards: list[Reward],
    number: int,
    *,
    at: datetime,
    by: User,
) -> Redemption | None:
    """The dearest reward the customer can have, or a small one; None when there is none."""
    usable = points_of(customer.pk, on=local_date(at, get_shop().zone)).usable
    offered = [reward for reward in rewards if reward.cost_points <= usable]
    if not offered:
        return None
    from_phone = rng.random() < 0.6
    return redeem_reward(
        customer=customer,
        reward=offered[-1] if rng.random() < 0.7 else rng.choice(offered),
        source="portal" if from_phone else "counter",
        reference=f"demo-{number}",
        at=at,
        by=None if from_phone else by,
    )


def _use(rng: Random, redemption: Redemption, cashier: User, *, at: datetime) -> None:
    """Two of three vouchers are used: at once, or on a visit within two weeks."""
    wait = timedelta(minutes=3) if rng.random() < 0.5 else timedelta(days=rng.randrange(1, 15))
    used_at = redemption.redeemed_at + wait
    if rng.random() < 0.7 and used_at <= at:
        use_voucher(
            voucher=redemption.voucher,
            reference=f"demo-{redemption.pk}",
            branch=cashier.branch,
            at=used_at,
            by=cashier,
        )
