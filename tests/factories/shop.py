"""The dullest valid shop: one café with one branch and one programme."""

from pathlib import Path

import factory
from factory.django import DjangoModelFactory

from loyalty.programme.models import ProgrammeVersion
from loyalty.programme.versions import publish
from loyalty.shop.models import Branch, Shop, User
from tests.factories.clock import NOON

STARTERS = Path(__file__).resolve().parents[2] / "loyalty/programme/starters"


class ShopFactory(DjangoModelFactory):
    class Meta:
        model = Shop
        django_get_or_create = ("id",)

    id = 1
    name = "Cà phê Hạ"
    currency = "VND"
    time_zone = "Asia/Ho_Chi_Minh"
    address = "12 phố Mẫu, Hà Nội"
    hotline = "0240 000 0000"


class BranchFactory(DjangoModelFactory):
    class Meta:
        model = Branch

    key = factory.Sequence(lambda n: f"branch-{n}")
    name = factory.Sequence(lambda n: f"Chi nhánh {n}")


class StaffFactory(DjangoModelFactory):
    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"lan-{n}")
    first_name = "Lan"
    role = User.Role.CASHIER
    branch = factory.SubFactory(BranchFactory)


def shop_with_programme(document: str = "", **shop: str) -> ProgrammeVersion:
    """A shop whose rules, the café starter's unless told otherwise, hold since 1990."""
    ShopFactory(**shop)
    return publish(
        document=document or (STARTERS / "cafe.toml").read_text(encoding="utf-8"),
        effective_from=NOON.replace(year=1990),
        at=NOON,
        by=None,
    )
