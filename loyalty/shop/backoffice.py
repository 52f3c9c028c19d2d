"""What every page of the back office has in common: its rights, its formats, its menu."""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest
from django.db.models import Model, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator

from loyalty.errors import DomainError
from loyalty.money import format_money
from loyalty.shop.access import may
from loyalty.shop.models import User
from loyalty.shop.queries import get_shop

Row = TypeVar("Row", bound=Model)
EMPTY = "–"
FILTERED_BY = frozenset(
    {"", "exact", "id__exact", "isnull"}
)  # What a filter's links say of a column.
LONGEST_NUMBER = 19  # Digits; the numbers of rows are shorter.

# The menu: a heading, and the models under it. What a role may not see is left out.
MENU: tuple[tuple[Promise, tuple[str, ...]], ...] = (
    (_("Customers"), ("customers.customer", "customers.consent", "care.merge")),
    (
        _("Points"),
        (
            *("ledger.entry", "ledger.account", "purchases.purchase"),
            *("ledger.adjustment", "ledger.freeze"),
        ),
    ),
    (
        _("Rewards"),
        (
            *("rewards.reward", "rewards.voucher", "rewards.redemption"),
            *("rewards.sharedvoucher", "rewards.voucheruse"),
            *("rewards.stampentry", "rewards.referral"),
        ),
    ),
    (_("Messages"), ("campaigns.campaign", "campaigns.message")),
    (_("Shop"), ("shop.shop", "shop.branch", "shop.user", "reports.export")),
    (
        _("Other programs"),
        ("integrations.apikey", "integrations.endpoint", "integrations.delivery"),
    ),
    (_("Rules"), ("programme.programmeversion", "shop.legalrule")),
)

# Words for columns that only this place shows, so that their models have none.
LABELS: dict[str, Promise] = {
    "account": _("account"),
    "approved_by": _("approved by"),
    "batch": _("import"),
    "branch": _("branch"),
    "campaign": _("campaign"),
    "customer": _("customer"),
    "decided_by": _("decided by"),
    "entry": pgettext_lazy("ledger", "entry"),
    "event": _("event"),
    "lifted_by": _("lifted by"),
    "number": _("number"),
    "programme_version": _("programme version"),
    "recorded_by": _("recorded by"),
    "reference": _("reference"),
    "requested_by": _("requested by"),
    "reverses": _("reverses"),
    "revoked_by": _("revoked by"),
    "reward": _("reward"),
    "source": _("source"),
    "used_by": _("used by"),
}


class GuardedAdmin(ModelAdmin):  # type: ignore[misc]  # Unfold has no types.
    """A page of the back office whose rights are those of loyalty.shop.access."""

    list_per_page = 50
    show_full_result_count = False
    empty_value_display = EMPTY

    def __init__(self, model: type[Model], admin_site: admin.AdminSite) -> None:
        super().__init__(model, admin_site)
        for field in model._meta.fields:
            # Django made the name up from the attribute's; in no language but English.
            if field.name in LABELS and field.verbose_name == field.name.replace("_", " "):
                field.verbose_name = LABELS[field.name]  # type: ignore[assignment]  # Lazy is fine.

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request, "see")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, "see")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._may(request, "add")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, "change")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._may(request, "delete")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """
        Only the filters the list shows, as its links ask by them: others could ask, letter by letter,
        for columns that it keeps to itself, such as the code of a voucher, or, by way of a branch, the
        passwords of its staff.
        """
        field, _separator, how = lookup.partition(LOOKUP_SEP)
        shown = field in self.get_list_filter(request) and how in FILTERED_BY
        return shown and "\x00" not in str(value)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """
        What a rule refuses when it is saved, since somebody was faster, is a sentence on the page as
        it is now: nothing was written, and nobody is told that it was.
        """
        try:
            shown: HttpResponse = super().changeform_view(
                request, object_id, form_url, extra_context
            )
        except DomainError as error:
            if request.method != "POST":
                raise
            messages.error(request, str(error))
            return redirect(request.get_full_path())
        return shown

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Rows are chosen by their numbers; a form that says anything else is not ours."""
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if not all(row.isascii() and row.isdigit() and len(row) < LONGEST_NUMBER for row in chosen):
            raise BadRequest
        response: HttpResponse | None = super().response_action(request, queryset)
        return response

    def _may(self, request: HttpRequest, act: str) -> bool:
        return may(request.user, act, self.opts.label_lower)


class LongListAdmin(GuardedAdmin):
    """For tables that grow with every sale: newest first, and nobody counts them all."""

    paginator = InfinitePaginator
    ordering = ["-pk"]


def money_column(field: str, label: str | Promise) -> Callable[[Row], str]:
    """A column with an amount in the shop's currency. One query for the whole page."""

    @cache
    def currency() -> str:
        return get_shop().currency

    def amount(row: Row) -> str:
        return format_money(
            getattr(row, field), currency=currency(), language=get_language() or "vi"
        )

    return _column(amount, field, label)


def points_column(field: str, label: str | Promise) -> Callable[[Row], str]:
    """A column with whole points: 1.250, or 1,250 in English."""

    def points(row: Row) -> str:
        return number_format(getattr(row, field), force_grouping=True)

    return _column(points, field, label)


def _column(shown: Callable[[Row], str], field: str, label: str | Promise) -> Callable[[Row], str]:
    """How the admin reads what a function is a column of."""
    shown.__name__ = field
    shown.short_description = label  # type: ignore[attr-defined]
    shown.admin_order_field = field  # type: ignore[attr-defined]
    return shown


def menu(request: HttpRequest) -> list[dict[str, Any]]:
    """The side menu for whoever is asking."""
    groups = [
        {"title": title, "items": [_link(label) for label in labels if _seen(request, label)]}
        for title, labels in MENU
    ]
    return [group for group in groups if group["items"]]


def ways_out(request: HttpRequest) -> list[dict[str, Any]]:
    """Where whoever is asking may go from here: under their name, below the side menu."""
    reports = [{"title": _("Reports"), "link": reverse("owner:retention")}]
    other, name = ("vi", "Tiếng Việt") if get_language() == "en" else ("en", "English")
    here = urlencode({"next": request.path})
    return [
        {"title": _("Counter"), "link": reverse("counter:sale")},
        *(reports if getattr(request.user, "role", "") == User.Role.OWNER else []),
        {"title": name, "link": f"{reverse('set-language', args=[other])}?{here}"},
        {"title": _("Change password"), "link": reverse("admin:password_change")},
    ]


def favicon(request: HttpRequest) -> str:
    return static("favicon.svg")


def _seen(request: HttpRequest, label: str) -> bool:
    return may(request.user, "see", label)


def _link(label: str) -> dict[str, Any]:
    model = next(model for model in admin.site._registry if model._meta.label_lower == label)
    name = str(model._meta.verbose_name_plural)
    address = reverse(f"admin:{label.replace('.', '_')}_changelist")
    return {"title": name[:1].upper() + name[1:], "link": address}
