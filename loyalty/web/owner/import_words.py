"""How the page of files calls what the import counts and names."""

from django.utils.translation import gettext_lazy as _

from loyalty.purchases.imports.layout import Field
from loyalty.purchases.models import Upload
from loyalty.reports.tables import Text

STEPS: dict[str, Text] = {
    "reading": _("Reading"),
    "recording": _("Recording"),
    "undoing": _("Taking back"),
}
TRIAL = _("Trying it out")
FIELDS: dict[str, Text] = {
    Field.CUSTOMER: _("Customer no."),
    Field.PHONE: _("Phone"),
    Field.NAME: _("Name"),
    Field.DATE: _("Date"),
    Field.AMOUNT: _("Amount"),
    Field.REFERENCE: _("Receipt"),
    Field.BRANCH: _("Branch"),
    Field.STATUS: _("Status of the sale"),
    Field.RETURN_OF: _("Receipt that was given back"),
    Field.TOTAL: _("Total"),
    Field.ARTICLE: _("Article no."),
    Field.ITEM: _("Goods"),
    Field.CATEGORY: _("Category"),
    Field.QUANTITY: _("Quantity"),
    Field.PRICE: _("Unit price"),
    Field.EMAIL: _("E-mail"),
    Field.BIRTHDAY: _("Birthday"),
    Field.LUNAR: _("Birthday is lunar"),
    Field.JOINED: _("Member since"),
    Field.EMAIL_CONSENT: _("Adverts by e-mail"),
    Field.SMS_CONSENT: _("Adverts by SMS"),
    Field.POINTS: _("Points"),
    Field.EXPIRES: _("Last day of the points"),
    Field.TIER: _("Tier"),
    Field.TIER_THROUGH: _("Tier holds through"),
}
# What an owner cannot say on a page: consents need proof, which a file of a map names.
UNSAID = frozenset({Field.EMAIL_CONSENT, Field.SMS_CONSENT})
ROW = _("Row")
# What is worth a line, and is always shown.
FIGURES: dict[Upload.About, tuple[tuple[str, Text], ...]] = {
    Upload.About.SALES: (
        ("rows_read", _("Rows read")),
        ("purchases_added", _("New sales")),
        ("purchases_known", _("Sales that are here already")),
        ("refunds_added", _("Returns")),
        ("rows_cancelled", _("Cancelled sales, left out")),
        ("customers_added", _("New customers")),
        ("points_added", _("Points given")),
        ("double", _("Perhaps the same person twice")),
        ("rows_refused", _("Rows left out")),
    ),
    Upload.About.CUSTOMERS: (
        ("rows_read", _("Rows read")),
        ("new", _("New customers")),
        ("completed", _("Customers whose card is completed")),
        ("points_added", _("Points given")),
        ("tier", _("Tiers given")),
        ("consent", _("Answers about adverts")),
        ("double", _("Perhaps the same person twice")),
        ("rows_refused", _("Rows left out")),
    ),
}
ALWAYS = frozenset({"rows_read", "rows_refused"})
# Each of what is more than the shop has already.
NEWS = (
    *("purchases_added", "refunds_added", "customers_added", "points_added"),
    *("new", "completed", "tier", "consent"),
)


def step_words(upload: Upload, step: str) -> Text:
    """What is being done; a check records only to see what would come of it."""
    if step == "recording" and upload.state == Upload.State.CHECKING:
        return TRIAL
    return STEPS.get(step, "")


def field_label(name: str) -> Text:
    """What a person calls the field of a refusal."""
    return ROW if name == "row" else FIELDS.get(name, name)


def has_news(upload: Upload) -> bool:
    """Whether the file says anything that the shop does not know."""
    return any(upload.counts.get(name) for name in NEWS)


def figures_of(upload: Upload) -> list[tuple[Text, int]]:
    """What was counted and is worth a line."""
    if not upload.counts:
        return []
    known = [
        (name, label, int(upload.counts.get(name, 0)))
        for name, label in FIGURES[Upload.About(upload.about)]
    ]
    return [(label, count) for name, label, count in known if count or name in ALWAYS]
