"""
Fills one database: a shop whose customers have all bought once, some of them with many lots.

    python -m benchmarks.filling MEMBERS DEEPEST
"""

import os
import sys
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg

from benchmarks import django_ready  # noqa: F401
from benchmarks.people import DEEP, HOT
from customers.models import Customer
from loyalty.ledger import services as ledger
from loyalty.ledger.services import Credit
from loyalty.operations.first_run import Plan, set_up_shop
from loyalty.programme.versions import in_force
from loyalty.purchases.imports.job import Job
from loyalty.purchases.imports.layout import USUAL
from loyalty.purchases.imports.running import import_file
from rewards.models import Reward
from rewards.redemption import redeem_reward

FOLDER = Path(__file__).parent
CAFE = FOLDER.parent / "loyalty" / "programme" / "starters" / "cafe.toml"
LOT_POINTS = 10_000  # So many that measuring does not use a customer's lots up.
REWARD_POINTS = 5
LOTS_AT_ONCE = 5_000
REDEEMED = 1_000


def fill_product(*, members: int, deepest: int, at: datetime) -> None:
    """Customers with one purchase each, by the product's own import; then the ones with lots."""
    plan = Plan(
        name="Bench",
        currency="VND",
        time_zone="Asia/Ho_Chi_Minh",
        branches={"bench": "Bench"},
        programme=CAFE.read_text(encoding="utf-8"),
    )
    set_up_shop(plan, at=at)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "sales.csv"
        rows = (f"{number},{at.date()},1000000\n" for number in range(1, members + 1))
        with file.open("w", encoding="utf-8") as output:
            output.write("customer,date,amount\n")
            output.writelines(rows)
        import_file(Job(path=file, layout=USUAL, at=at, by=None))
    _open_lots(HOT, 1, points=10_000 * LOT_POINTS, at=at)
    for lots, customer_id in DEEP.items():
        if lots <= deepest:
            _open_lots(customer_id, lots, points=LOT_POINTS, at=at)
    for number in range(1, 101):
        Reward.objects.create(key=f"r{number}", name=f"R{number}", cost_points=REWARD_POINTS)
    _redeem(min(members, REDEEMED), at=at)


def _redeem(times: int, *, at: datetime) -> None:
    """As in a shop that is open: on tables without a row the server keeps plans that read them all."""
    reward = Reward.objects.earliest("pk")
    for number in range(times):
        redeem_reward(
            customer=Customer(pk=HOT),
            reward=reward,
            source="bench",
            reference=f"fill-{number}",
            at=at,
            by=None,
        )


def _open_lots(customer_id: int, lots: int, *, points: int, at: datetime) -> None:
    """Give the customer so many lots, in batches as an import would."""
    version_id = in_force(at).version_id
    for start in range(0, lots, LOTS_AT_ONCE):
        credits_due = [
            Credit(
                customer_id=customer_id,
                points=points,
                reference=f"lot:{customer_id}:{number}",
                occurred_at=at,
                expires_on=date(2099, 12, 31),
                version_id=version_id,
                explanation={},
            )
            for number in range(start, min(lots, start + LOTS_AT_ONCE))
        ]
        ledger.earn(credits_due=credits_due, source="bench", at=at, by_id=None)


def give_phones(*, owner_url: str) -> None:
    """What tills name customers by, as `people` says."""
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute(
            "UPDATE customers_customer"
            " SET phone = '+849' || lpad(id::text, 8, '0'), card_token = lpad(id::text, 22, '0')"
        )


def fill_reference(*, members: int, owner_url: str) -> None:
    """The reference tables with as much in them; then tell the planner about all."""
    with psycopg.connect(owner_url, autocommit=True, cursor_factory=psycopg.ClientCursor) as owner:
        owner.execute((FOLDER / "sql" / "reference.sql").read_bytes())
        owner.execute((FOLDER / "sql" / "fill.sql").read_bytes(), {"members": members})
        owner.execute("VACUUM ANALYZE")
        owner.execute("CHECKPOINT")


def main(members: int, deepest: int) -> None:
    fill_product(members=members, deepest=deepest, at=datetime.now(tz=UTC))
    owner_url = os.environ["OWNER_DATABASE_URL"]
    give_phones(owner_url=owner_url)
    fill_reference(members=members, owner_url=owner_url)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
