"""A shop as it publishes its rules, asked as its customers would: what do I pay, earn and keep?"""

from dataclasses import dataclass
from datetime import date, datetime, time

from loyalty.programme.basket import Basket, Buyer, Line
from loyalty.programme.birthdays import Birthday
from loyalty.programme.discounts import Priced, price
from loyalty.programme.document import Programme, parse
from loyalty.programme.earning import Earning, earn, last_day
from loyalty.programme.paying import Offer, offer, pay
from loyalty.programme.versions import Rules
from loyalty.tiers.rules import Course, recount
from loyalty.tiers.windows import Event
from tests.factories.clock import SAIGON

ORDINARY_DAY = "2026-06-10"  # A Wednesday without anything.
BORN = Birthday(20, 10)


def tier(key: str, **lines: str) -> str:
    """A [[tiers]] with those lines; `more` are lines as they stand, and tables below it."""
    more = lines.pop("more", "")
    said = "".join(f"{name} = {value}\n" for name, value in lines.items())
    return f'[[tiers]]\nkey = "{key}"\nname = "{key}"\n{said}{more}\n'


def birthday(percent: int, window: str, cap_minor: int = 0) -> str:
    """A tier's discount for the birthday."""
    cap = f"cap_minor = {cap_minor}\n" if cap_minor else ""
    return (
        '[[tiers.discounts]]\nkey = "sinh-nhat"\nname = "Sinh nhật"\n'
        f"percent = {percent}\n{cap}birthday = {window}\n"
    )


def members_price(percent: int) -> str:
    """A tier's discount on everything, always."""
    return f'[[tiers.discounts]]\nkey = "gia"\nname = "Giá thành viên"\npercent = {percent}\n'


@dataclass(frozen=True)
class Shop:
    programme: Programme

    @classmethod
    def of(cls, *parts: str) -> "Shop":
        return cls(parse("\n".join(parts)))

    def buyer(self, tier: str | None, born: Birthday | None, used: frozenset[str]) -> Buyer:
        return Buyer(tier or self.programme.tiers[0].key, birthday=born, used=used)

    def priced(
        self,
        *lines: int | Line,
        tier: str | None = None,
        on: str = ORDINARY_DAY,
        born: Birthday | None = None,
        used: frozenset[str] = frozenset(),
    ) -> Priced:
        bill = Basket(tuple(map(_line, lines)), at=_moment(on))
        return price(self.programme, basket=bill, buyer=self.buyer(tier, born, used))

    def off(self, *lines: int | Line, **who: object) -> int:
        """What the programme takes off."""
        return self.priced(*lines, **who).discount_minor

    def earning(
        self,
        *lines: int | Line,
        tier: str | None = None,
        on: str = ORDINARY_DAY,
        born: Birthday | None = None,
        with_points: int = 0,
    ) -> Earning:
        buyer = self.buyer(tier, born, frozenset())
        priced = self.priced(*lines, tier=tier, on=on, born=born)
        paid = pay(
            self.programme, points=with_points, basket=priced.basket, buyer=buyer, balance=10**9
        )
        return earn(
            self.programme,
            basket=priced.basket,
            buyer=buyer,
            paid_with_points_minor=paid.worth_minor,
        )

    def points(self, *lines: int | Line, **who: object) -> int:
        return self.earning(*lines, **who).points

    def payable(self, balance: int, *lines: int | Line, on: str = ORDINARY_DAY) -> Offer:
        """What points pay on a bill."""
        basket = self.priced(*lines, on=on).basket
        buyer = self.buyer(None, None, frozenset())
        return offer(self.programme, basket=basket, buyer=buyer, balance=balance)

    def ends(self, earned_on: str, *, tier: str | None = None) -> str | None:
        """The last day of points earned on that day."""
        chosen = self.programme.tier(tier or "")
        day = last_day(self.programme, earned_on=date.fromisoformat(earned_on), tier=chosen)
        return day and day.isoformat()

    def kept(self, last_purchase_on: str) -> str | None:
        """Through when a purchase of that day keeps all points."""
        day = self.programme.expiry.active_until(date.fromisoformat(last_purchase_on))
        return day and day.isoformat()

    def tier(self, day: str, *events: tuple[str, int, int]) -> str:
        """The tier on that day after (day, spend, points) events."""
        versions = ((datetime(1990, 1, 1, tzinfo=SAIGON), Rules(1, 1, self.programme)),)
        rows = [
            Event(_moment(on), date.fromisoformat(on), spend, earned)
            for on, spend, earned in events
        ]
        course = Course(versions, SAIGON)
        return recount(1, rows, through=date.fromisoformat(day), course=course).tier_key


def _line(line: int | Line) -> Line:
    return Line(line) if isinstance(line, int) else line


def _moment(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(12), tzinfo=SAIGON)
