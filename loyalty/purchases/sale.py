"""What one sale comes to. Pure; the till, its quote and the import all ask it, nobody else."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime

from django.utils.translation import gettext as _

from loyalty.errors import InvalidInput
from loyalty.ledger.services import Credit
from loyalty.programme.basket import Basket, Buyer
from loyalty.programme.birthdays import Birthday
from loyalty.programme.coupons import Brought, coupons_of
from loyalty.programme.discounts import Priced, price
from loyalty.programme.document import Programme
from loyalty.programme.earning import Earning, active_until, earn, last_day
from loyalty.programme.marks import marked
from loyalty.programme.paying import Offer, Payment, offer, pay
from loyalty.programme.stamps import Stamped, stamps_of
from loyalty.programme.versions import Rules
from loyalty.purchases.bill import Bill
from loyalty.tiers.rules import Climb, Course
from loyalty.tiers.services import Counted
from loyalty.tiers.windows import Event
from rewards.presenting import Presented


@dataclass(frozen=True)
class Sale:
    """What is told of a sale, before any rule was asked."""

    source: str
    reference: str
    customer_id: int | None  # None: an anonymous sale.
    branch_id: int | None
    branch_key: str
    bill: Bill
    at: datetime
    on: date  # The same moment's day in the shop.
    recorded_at: datetime
    by_id: int | None
    batch_id: int | None = None  # The import that brought it: what was paid is known by then.


@dataclass(frozen=True)
class Given:
    """Points that a rule with a cap gave on one day."""

    rule_key: str
    on: date
    points: int


@dataclass(frozen=True)
class Extras:
    """What only some rules ask of a customer; left empty where none does."""

    birthday: Birthday | None = None
    given: tuple[Given, ...] = ()
    used: frozenset[str] = frozenset()  # "key:occasion" of discounts that are used up.


@dataclass(frozen=True)
class Situation:
    """All the pure part has to know beside the sale, read under the lock of the account."""

    course: Course
    # Where the customer stands; None: an anonymous sale. It names them: who was merged into
    # another after the sale was told is that other one by now.
    climb: Climb | None
    balance: int = 0
    usable: int = 0  # Points that can be spent; asked only where a bill may be paid with them.
    extras: Extras = field(default_factory=Extras)
    vouchers: tuple[Presented, ...] = ()  # Of the bill, fit to be used.

    def following(self, sale: Sale, effect: "Effect") -> "Situation":
        """What the customer's next sale meets, as far as rules ask; balances are the ledger's."""
        given = tuple(Given(key, sale.on, n) for key, n in effect.earning.given.items())
        extras = replace(self.extras, given=self.extras.given + given) if given else self.extras
        return replace(self, climb=effect.after, extras=extras)


@dataclass(frozen=True)
class Effect:
    """What has to be written for one sale, and what its till has to hear."""

    rules: Rules
    priced: Priced
    payment: Payment  # With points.
    earning: Earning  # What a customer of that tier gets; nobody gets it for an anonymous sale.
    tier_before: str  # Keys of tiers; empty for an anonymous sale.
    tier_after: str
    credit: Credit | None  # None: no points.
    qualification: Counted | None  # None: an anonymous sale, as `after`.
    after: Climb | None  # Where the customer stands now.
    active_until: date | None = None  # No points of the customer end before that day.
    stamps: tuple[Stamped, ...] = ()
    coupons: tuple[Brought, ...] = ()

    @property
    def amount_minor(self) -> int:
        """What is paid for the goods, in money or points."""
        return self.priced.basket.total_minor

    @property
    def due_minor(self) -> int:
        """What is to be paid in money: for the goods, less what points pay, and for shipping."""
        shipping = 0 if self.priced.free_shipping else self.priced.basket.shipping_minor
        return self.amount_minor - self.payment.worth_minor + shipping

    @property
    def points(self) -> int:
        """Points the customer gets."""
        return self.credit.points if self.credit else 0


def effect_of(sale: Sale, situation: Situation) -> Effect:
    """
    What the sale comes to in that situation, by the rules of its moment: its price and points at
    the tier the customer had, then the tier the spend leads to. Raises PointsRefused, or
    InvalidInput, where the points that are to pay cannot, and TicketRefused for a voucher that
    this bill cannot have.
    """
    course, climb = situation.course, situation.climb
    rules = course.at(sale.at)
    programme = rules.programme
    buyer = buyer_of(sale, situation)
    basket = sale.bill.basket(sale.at.astimezone(course.zone), sale.branch_key)
    as_paid = sale.batch_id is not None
    priced = (
        _as_paid(programme, basket, buyer)
        if as_paid
        else price(
            programme,
            basket=basket,
            buyer=buyer,
            tickets=[one.ticket for one in situation.vouchers],
        )
    )
    payment = _pay(sale, situation, programme, priced.basket, buyer)
    earning = earn(
        programme,
        basket=priced.basket,
        buyer=buyer,
        paid_with_points_minor=payment.worth_minor,
    )
    if climb is None:
        return Effect(rules, priced, payment, earning, "", "", None, None, None)
    event = Event(sale.at, sale.on, priced.tier_minor, earning.tier_points)
    after = climb.qualify(event, course)
    return Effect(
        rules=rules,
        priced=priced,
        payment=payment,
        earning=earning,
        tier_before=buyer.tier_key,
        tier_after=after.tier_key,
        credit=_credit(sale, after.customer_id, earning, rules, buyer) if earning.points else None,
        qualification=_qualification(sale, after.customer_id, event),
        after=after,
        active_until=active_until(
            programme, bought_on=sale.on, tier=programme.tier(buyer.tier_key)
        ),
        stamps=stamps_of(programme.stamp_cards, basket=priced.basket, buyer=buyer),
        coupons=coupons_of(programme.coupons, basket=priced.basket, buyer=buyer),
    )


def effect_as_paid(
    programme: Programme, *, basket: Basket, tier_key: str
) -> tuple[Priced, Earning]:
    """
    What `effect_of` says such a bill of the past costs and earns a customer of that tier, where the
    rules ask for nothing else of them.
    """
    buyer = Buyer(programme.tier(tier_key).key)
    priced = _as_paid(programme, basket, buyer)
    return priced, earn(programme, basket=priced.basket, buyer=buyer)


def offer_of(sale: Sale, situation: Situation, effect: Effect) -> Offer:
    """How many of the customer's points that sale could be paid with."""
    return offer(
        effect.rules.programme,
        basket=effect.priced.basket,
        buyer=buyer_of(sale, situation),
        balance=situation.usable,
    )


def buyer_of(sale: Sale, situation: Situation) -> Buyer:
    """The customer as the rules of the sale's moment see them."""
    programme = situation.course.at(sale.at).programme
    if situation.climb is None:
        return Buyer("")
    tier = programme.tier(situation.climb.tier_for_sale(sale.on, situation.course))
    extras = situation.extras
    given = {
        rule.key: sum(
            one.points
            for one in extras.given
            if one.rule_key == rule.key
            and rule.cap.first_day(one.on) == rule.cap.first_day(sale.on)
        )
        for rule in programme.earn
        if rule.cap and rule.cap.kept
    }
    return Buyer(tier.key, extras.birthday, given, extras.used)


def _as_paid(programme: Programme, basket: Basket, buyer: Buyer) -> Priced:
    """A bill of the past, whatever discounts hold: what it cost is what was paid."""
    basket = marked(programme.marks, basket=basket, buyer=buyer)
    return Priced(basket, tuple(() for _line in basket.lines), free_shipping=False)


def _pay(
    sale: Sale, situation: Situation, programme: Programme, basket: Basket, buyer: Buyer
) -> Payment:
    points = sale.bill.spend_points
    if points and situation.climb is None:
        raise InvalidInput("spend_points", _("Only a known customer can pay with points."))
    return pay(programme, points=points, basket=basket, buyer=buyer, balance=situation.usable)


def _credit(sale: Sale, customer_id: int, earning: Earning, rules: Rules, buyer: Buyer) -> Credit:
    programme = rules.programme
    return Credit(
        customer_id=customer_id,
        points=earning.points,
        reference=sale.reference,
        occurred_at=sale.at,
        expires_on=last_day(programme, earned_on=sale.on, tier=programme.tier(buyer.tier_key)),
        version_id=rules.version_id,
        explanation=earning.explanation,
        usable_from=programme.usable_from(sale.on),
    )


def _qualification(sale: Sale, customer_id: int, event: Event) -> Counted:
    return Counted(
        customer_id=customer_id,
        source=sale.source,
        reference=sale.reference,
        spend_minor=event.spend_minor,
        points=event.points,
        occurred_at=sale.at,
        recorded_at=sale.recorded_at,
    )
