"""The sheets of data that a shop can take out: what their columns are called and asked by."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from loyalty.reports.tables import Text


class Kind(StrEnum):
    """How a value is written."""

    PLAIN = "plain"  # A text, a whole number, a day.
    MONEY = "money"  # Minor units.
    MOMENT = "moment"  # Shown by the shop's clock.


@dataclass(frozen=True)
class Column:
    key: str  # For programs; never changes.
    label: Text
    sql: str
    kind: Kind = Kind.PLAIN


@dataclass(frozen=True)
class Sheet:
    name: str
    label: Text
    about: Text
    columns: tuple[Column, ...]
    source: str  # FROM and the joins.
    moment: str  # The column whose day is asked for.
    order: str
    where: str = "true"

    @property
    def sql(self) -> str:
        """All rows whose moment lies in a span, or without a limit."""
        columns = ", ".join(column.sql for column in self.columns)
        return (
            f"SELECT {columns} FROM {self.source} WHERE {self.where}"  # noqa: S608 (all is ours)
            f" AND (%(since)s::timestamptz IS NULL OR {self.moment} >= %(since)s)"
            f" AND (%(until)s::timestamptz IS NULL OR {self.moment} < %(until)s)"
            f" ORDER BY {self.order}"
        )


def _money(key: str, label: Text, sql: str) -> Column:
    return Column(key, label, sql, Kind.MONEY)


def _moment(key: str, label: Text, sql: str) -> Column:
    return Column(key, label, sql, Kind.MOMENT)


# What a sale or a return is called among all of them, short enough to be imported again: there `~`
# stands before the try of an import that was undone.
_KEY = (
    "CASE WHEN length({0}.source || {0}.reference) < 75"
    " THEN {0}.source || '/' || replace({0}.reference, '~again-', '+')"
    " ELSE {0}.source || '/' || md5({0}.reference) END"
)
# Who a row belongs to; the joined `c` is the customer who was kept, should two have been merged.
WHO = (
    Column("customer", _("Customer no."), "c.id"),
    Column("card", _("Card number"), "c.card_number"),
    Column("name", _("Name"), "c.name"),
)
_KEPT = (
    "LEFT JOIN customers_customer o ON o.id = {0} "
    "LEFT JOIN customers_customer c ON c.id = coalesce(o.merged_into_id, o.id)"
)
_BRANCH = "LEFT JOIN shop_branch b ON b.id = {0}"
_STAFF = "LEFT JOIN shop_user u ON u.id = {0}"

_GIVEN = "s.floor_through >= %(today)s"

CUSTOMERS = Sheet(
    name="customers",
    label=_("Customers"),
    about=_("Everybody with a card: contact, birthday, tier, points and what they bought."),
    columns=(
        *WHO,
        Column("external_id", _("Number in the old system"), "c.external_id"),
        Column("phone", _("Phone"), "c.phone"),
        Column("email", _("E-mail"), "c.email"),
        Column("birth_day", _("Day of birth"), "c.birth_day"),
        Column("birth_month", _("Month of birth"), "c.birth_month"),
        Column("birth_year", _("Year of birth"), "c.birth_year"),
        Column("birth_lunar", _("Lunar birthday"), "c.birth_lunar::int"),
        Column(
            "birthday",
            _("Birthday"),
            "concat_ws('/', lpad(c.birth_day::text, 2, '0'), lpad(c.birth_month::text, 2, '0'),"
            " c.birth_year)",
        ),
        Column("language", _("Language"), "c.language"),
        _moment("joined_at", _("Member since"), "c.joined_at"),
        Column("branch", _("Branch"), "b.key"),
        Column("tier", _("Tier"), "coalesce(s.tier_key, '')"),
        Column("tier_given", _("Tier given by hand"), f"CASE WHEN {_GIVEN} THEN s.floor_key END"),
        Column("tier_given_through", _("Through"), f"CASE WHEN {_GIVEN} THEN s.floor_through END"),
        Column("points", _("Points"), "coalesce(a.balance, 0)"),
        Column("purchases", _("Purchases"), "coalesce(v.purchases, 0)"),
        _money("spent", _("Spent"), "coalesce(v.spend_minor, 0)"),
        Column("last_on", _("Last purchase"), "v.last_on"),
    ),
    source=(
        "customers_customer c LEFT JOIN shop_branch b ON b.id = c.joined_branch_id"
        " LEFT JOIN tiers_standing s ON s.customer_id = c.id"
        " LEFT JOIN ledger_account a ON a.customer_id = c.id"
        " LEFT JOIN purchases_activity v ON v.customer_id = c.id"
    ),
    where="c.merged_into_id IS NULL",
    moment="c.joined_at",
    order="c.id",
)
# A sale of an import that was taken back never was.
_UNDONE = "EXISTS (SELECT FROM purchases_importbatch i WHERE i.id = p.batch_id AND i.undone_at IS NOT NULL)"
_STATE = Column(
    "state",
    _("State"),
    f"CASE WHEN {_UNDONE} THEN 'undone' WHEN p.voided THEN 'void' ELSE 'stands' END",
)
PURCHASES = Sheet(
    name="purchases",
    label=_("Purchases"),
    about=_("Every sale: what was paid, discounts, points, what was given back."),
    columns=(
        _moment("occurred_at", _("Time"), "p.occurred_at"),
        Column("reference", _("Receipt"), "p.reference"),
        Column("source", _("Source"), "p.source"),
        *WHO,
        Column("phone", _("Phone"), "c.phone"),
        Column("branch", _("Branch"), "b.key"),
        Column("channel", _("Channel"), "p.channel"),
        _money("amount", _("Amount"), "p.amount_minor"),
        _money("discount", _("Discount"), "p.discount_minor"),
        _money("shipping", _("Shipping"), "p.shipping_minor"),
        _money("paid_with_points", _("Paid with points"), "p.spent_minor"),
        _money("refunded", _("Refunded"), "p.refunded_minor"),
        Column("points", _("Points"), "p.points"),
        Column("spent_points", _("Points used"), "p.spent_points"),
        Column("tier", _("Tier"), "p.tier_after"),
        Column("sale", _("Sale"), _KEY.format("p")),
        _STATE,
        Column("recorded_by", _("Recorded by"), "u.username"),
    ),
    source=(
        f"purchases_purchase p {_KEPT.format('p.customer_id')} {_BRANCH.format('p.branch_id')}"
        f" {_STAFF.format('p.recorded_by_id')}"
    ),
    moment="p.occurred_at",
    order="p.occurred_at, p.id",
)
LINES = Sheet(
    name="lines",
    label=_("Lines of bills"),
    about=_("Every article sold, where the till told its lines."),
    columns=(
        _moment("occurred_at", _("Time"), "p.occurred_at"),
        Column("reference", _("Receipt"), "p.reference"),
        Column("source", _("Source"), "p.source"),
        Column("customer", _("Customer no."), "c.id"),
        Column("line", _("Line"), "l.number"),
        Column("sku", _("Article"), "l.sku"),
        Column("goods", _("Goods"), "l.name"),
        Column("category", _("Category"), "l.category"),
        Column("labels", _("Labels"), "array_to_string(l.labels, ' · ')"),
        Column("quantity", _("Quantity"), "trim_scale(l.quantity)"),
        _money("unit_price", _("Unit price"), "l.unit_price_minor"),
        _money("till_discount", _("Discount at the till"), "l.till_discount_minor"),
        _money("discount", _("Discount"), "l.discount_minor"),
        _money("tax", _("Tax"), "l.tax_minor"),
        _money("amount", _("Amount"), "l.net_minor"),
        _money("refunded", _("Refunded"), "l.refunded_minor"),
        Column("points", _("Points"), "l.points"),
        Column("phone", _("Phone"), "c.phone"),
        Column("branch", _("Branch"), "b.key"),
        Column("sale", _("Sale"), _KEY.format("p")),
        _STATE,
    ),
    source=(
        "purchases_purchaseline l JOIN purchases_purchase p ON p.id = l.purchase_id"
        f" {_KEPT.format('p.customer_id')} {_BRANCH.format('p.branch_id')}"
    ),
    moment="p.occurred_at",
    order="p.occurred_at, p.id, l.number",
)
RETURNS = Sheet(
    name="returns",
    label=_("Returns"),
    about=_("Everything that was given back, by sale: money, points, and why."),
    columns=(
        _moment("occurred_at", _("Time"), "r.occurred_at"),
        Column("reference", _("Receipt"), "r.reference"),
        Column("source", _("Source"), "r.source"),
        *WHO,
        Column(
            "kind",
            _("Kind"),
            f"CASE WHEN {_UNDONE} THEN 'undone' ELSE r.kind END",
        ),
        _money("amount", _("Amount"), "r.amount_minor"),
        _money("given_as_points", _("Given back as points"), "r.in_points_minor"),
        Column("points_taken", _("Points taken back"), "r.points_taken"),
        Column("points_returned", _("Points given back"), "r.returned_points"),
        Column("reason", _("Reason"), "r.reason"),
        # Who cancels a sale names that one.
        Column(
            "return",
            _("Return"),
            f"CASE r.kind WHEN 'void' THEN {_KEY.format('p')} ELSE {_KEY.format('r')} END",
        ),
        Column("sale", _("Sale"), _KEY.format("p")),
        Column("recorded_by", _("Recorded by"), "u.username"),
    ),
    source=(
        "purchases_refund r JOIN purchases_purchase p ON p.id = r.purchase_id"
        f" {_KEPT.format('p.customer_id')} {_STAFF.format('r.recorded_by_id')}"
    ),
    moment="r.occurred_at",
    order="r.occurred_at, r.id",
)
# Purchases may keep points alive past the day they were promised for.
_ENDS_ON = "CASE WHEN expires_on IS NOT NULL THEN greatest(expires_on, active_until) END"
BALANCES = Sheet(
    name="balances",
    label=_("Points left"),
    about=_("What everybody has left, by the last day on which it can be used."),
    columns=(
        *WHO,
        Column("phone", _("Phone"), "c.phone"),
        Column("points", _("Points"), "l.points"),
        Column("expires_on", _("Last day"), "coalesce(l.expires_on::text, 'never')"),
    ),
    source=(
        f"(SELECT account_id, {_ENDS_ON} AS expires_on, sum(remaining)::bigint AS points"  # noqa: S608
        " FROM ledger_lot JOIN ledger_account ON customer_id = account_id"
        f" WHERE remaining > 0 AND coalesce({_ENDS_ON} >= %(today)s, true) GROUP BY 1, 2) l"
        " JOIN customers_customer c ON c.id = l.account_id"
    ),
    moment="c.joined_at",
    order="c.id, l.expires_on",
)
ENTRIES = Sheet(
    name="entries",
    label=_("Points"),
    about=_("Every change of points, with the balance after it."),
    columns=(
        _moment("occurred_at", _("Time"), "e.occurred_at"),
        *WHO,
        Column("number", _("Number"), "e.number"),
        Column("kind", _("Kind"), "e.kind"),
        Column("points", _("Points"), "e.points"),
        Column("balance_after", _("Balance after"), "e.balance_after"),
        Column("expires_on", _("Last day"), "l.expires_on"),
        Column("source", _("Source"), "e.source"),
        Column("reference", _("Reference"), "e.reference"),
        Column("reason", _("Reason"), "e.reason"),
        Column("version", _("Rules"), "r.number"),
        _moment("recorded_at", _("Recorded at"), "e.recorded_at"),
        Column("recorded_by", _("Recorded by"), "u.username"),
    ),
    source=(
        "ledger_entry e LEFT JOIN ledger_lot l ON l.entry_id = e.id"
        " LEFT JOIN programme_programmeversion r ON r.id = e.programme_version_id"
        f" {_KEPT.format('e.account_id')} {_STAFF.format('e.recorded_by_id')}"
    ),
    moment="e.occurred_at",
    order="e.occurred_at, e.id",
)
VOUCHERS = Sheet(
    name="vouchers",
    label=_("Vouchers"),
    about=_("Every voucher and its fate. Their codes are left out: who has a code can use it."),
    columns=(
        Column("voucher", _("Voucher no."), "v.id"),
        *WHO,
        Column("reward", _("Reward"), "w.key"),
        Column("cost_points", _("Cost in points"), "r.cost_points"),
        Column("state", _("State"), "v.state"),
        _moment("issued_at", _("Issued at"), "v.issued_at"),
        Column("expires_on", _("Last day"), "v.expires_on"),
        _moment("used_at", _("Used at"), "v.used_at"),
        Column("used_branch", _("Used in"), "b.key"),
        Column("used_by", _("Used by"), "u.username"),
    ),
    source=(
        "rewards_voucher v LEFT JOIN rewards_reward w ON w.id = v.reward_id"
        " LEFT JOIN rewards_redemption r ON r.id = v.redemption_id"
        f" {_KEPT.format('v.customer_id')} {_BRANCH.format('v.used_branch_id')}"
        f" {_STAFF.format('v.used_by_id')}"
    ),
    moment="v.issued_at",
    order="v.issued_at, v.id",
)
MESSAGES = Sheet(
    name="messages",
    label=_("Messages"),
    about=_("Every message to customers: when, by which channel, and what became of it."),
    columns=(
        Column("message", _("Message no."), "m.id"),
        *WHO,
        Column("class", _("Class"), "m.message_class"),
        Column("occasion", _("Occasion"), "m.occasion"),
        Column("channel", _("Channel"), "m.channel"),
        Column("state", _("State"), "m.state"),
        _moment("due_at", _("Due"), "m.send_after"),
        _moment("sent_at", _("Sent at"), "m.sent_at"),
        Column("detail", _("Detail"), "m.detail"),
    ),
    source=f"campaigns_message m {_KEPT.format('m.customer_id')}",
    moment="m.send_after",
    order="m.id",
)
SHEETS = {
    sheet.name: sheet
    for sheet in (*(CUSTOMERS, BALANCES, PURCHASES, LINES, RETURNS, ENTRIES, VOUCHERS, MESSAGES),)
}
