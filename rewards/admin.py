from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from customers.backoffice import OfCustomerAdmin
from loyalty.errors import InvalidInput
from loyalty.shop.backoffice import EMPTY, GuardedAdmin, money_column
from rewards.catalogue.changing import save_reward
from rewards.models import (
    Redemption,
    Referral,
    Reward,
    SharedVoucher,
    StampEntry,
    Voucher,
    VoucherUse,
)
from rewards.referrals import decide, may_decide
from rewards.reward_form import RewardForm
from rewards.sharing import free_code, share


@admin.register(Reward)
class RewardAdmin(GuardedAdmin):
    list_filter = ["is_active", "kind"]
    list_display_links = ["name"]
    form = RewardForm
    fieldsets = [
        (
            None,
            {
                "fields": [
                    *("key", ("name", "name_en"), ("description", "description_en")),
                    *("cost_points", "icon", "picture_now", "photo", "no_photo"),
                    *("position", "is_active"),
                ]
            },
        ),
        (
            _("What it is worth"),
            {"fields": ["kind", ("value_minor", "minimum_minor"), ("percent", "most_minor")]},
        ),
        (
            _("For which goods"),
            {
                "classes": ["collapse"],
                "fields": [
                    *("skus", "categories", "labels"),
                    *("not_skus", "not_categories", "not_labels"),
                ],
            },
        ),
        (
            _("How many"),
            {"fields": [("stock", "most_total"), ("most_per_customer", "most_per")]},
        ),
        (
            _("Who, when and where"),
            {
                "fields": [
                    *(("starts_on", "ends_on"), "tiers", "branches"),
                    *("early_tiers", "early_days"),
                ]
            },
        ),
        (_("Its voucher"), {"fields": ["usable_after_days", ("validity_days", "valid_until")]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return ["key", "picture_now"] if obj else ["picture_now"]

    @admin.display(description=_("photo now"))
    def picture_now(self, obj: Reward) -> str:
        if obj.picture_id is None:
            return EMPTY
        return format_html(
            '<img src="{}" alt="" width="160">', reverse("picture", args=[obj.picture_id])
        )

    def save_model(self, request: HttpRequest, obj: Reward, form: Any, change: bool) -> None:
        """By the catalogue's own service: it counts and locks."""
        save_reward(reward=obj, columns=form.columns, photo=form.picture, at=timezone.now())

    def get_list_display(self, request: HttpRequest) -> Sequence[str | Callable[..., Any]]:
        money = money_column("value_minor", _("worth"))

        @admin.display(description=_("worth"), ordering="value_minor")
        def worth(reward: Reward) -> str:
            return money(reward) if reward.percent is None else f"{reward.percent}%"

        return ["position", "name", "kind", "cost_points", worth, "stock", "is_active"]


@admin.register(Redemption)
class RedemptionAdmin(OfCustomerAdmin):
    list_display = ["customer", "reward", "cost_points", "redeemed_at"]
    list_select_related = ["customer", "reward"]
    fields = ["customer", "reward", "cost_points", "redeemed_at", "source", "reference", "entry"]


@admin.register(Voucher)
class VoucherAdmin(OfCustomerAdmin):
    # Neither the code nor the token: whoever reads them here could spend them.
    list_display = [
        *("customer", "promised", "state", "came_from", "issued_at", "expires_on", "used_at"),
    ]
    list_select_related = ["customer", "terms", "replaces"]
    list_filter = ["state"]
    fields = [
        *("customer", "reward", "promised", "state", "came_from", "issued_at", "usable_from"),
        *("expires_on", "used_at", "used_in_sale", "used_branch", "used_by"),
    ]
    readonly_fields = ["promised", "came_from", "used_in_sale"]

    @admin.display(description=_("promised"))
    def promised(self, obj: Voucher) -> str:
        """What its reward was called, and worth, when it was issued."""
        return obj.terms.name

    @admin.display(description=_("came from"))
    def came_from(self, obj: Voucher) -> str:
        if obj.replaces is not None:
            return gettext("Given back for the sale %(sale)s") % {"sale": obj.replaces.reference}
        if obj.coupon:
            told = {"coupon": obj.coupon, "sale": obj.reference}
            return gettext("Coupon %(coupon)s, brought by the sale %(sale)s") % told
        return gettext("A full stamp card") if obj.redemption_id is None else gettext("Points")

    @admin.display(description=_("used in the sale"))
    def used_in_sale(self, obj: Voucher) -> str:
        """Nothing for one that was marked as used by hand."""
        use = VoucherUse.objects.filter(voucher=obj).first()
        return use.reference if use else EMPTY


class SharedVoucherForm(forms.ModelForm):  # type: ignore[type-arg]  # Generic in the stubs only.
    code = forms.CharField(
        label=_("Code"),
        widget=UnfoldAdminTextInputWidget,
        max_length=40,
        required=False,
        help_text=_("A word for everybody, such as TET2027. Empty: letters that nobody guesses."),
    )

    def clean_most_uses(self) -> int | None:
        """Not below what it was used already; the lock keeps sales waiting until it is saved."""
        most: int | None = self.cleaned_data["most_uses"]
        rows = SharedVoucher.objects.select_for_update(no_key=True)
        current = rows.filter(pk=self.instance.pk).first()
        if current is not None and most is not None and most < current.uses:
            told = {"uses": current.uses}
            raise forms.ValidationError(gettext("It was used %(uses)d times already.") % told)
        return most

    def clean_code(self) -> str:
        try:
            return free_code(self.cleaned_data["code"])
        except InvalidInput as error:
            raise forms.ValidationError(str(error)) from error


@admin.register(SharedVoucher)
class SharedVoucherAdmin(GuardedAdmin):
    form = SharedVoucherForm
    list_display = ["code", "reward", "starts_on", "expires_on", "most_uses", "uses", "is_active"]
    list_select_related = ["reward"]
    list_filter = ["is_active"]
    fields = [
        *("code", "reward", "starts_on", "expires_on", "most_uses", "most_per_customer"),
        *("members_only", "is_active", "uses", "created_at", "created_by"),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """What was promised by a code stays what it was."""
        kept = ["code", "reward"] if obj is not None else []
        return [*kept, "uses", "created_at", "created_by"]

    def save_model(self, request: HttpRequest, obj: SharedVoucher, form: Any, change: bool) -> None:
        if change:
            # Not the count, which sales move meanwhile.
            obj.save(update_fields=[name for name in form.changed_data if name in form.fields])
        else:
            by = request.user
            share(voucher=obj, at=timezone.now(), by=by)  # type: ignore[arg-type]  # Only staff here.


@admin.register(VoucherUse)
class VoucherUseAdmin(OfCustomerAdmin):
    list_select_related = ["customer", "shared", "used_branch"]
    readonly_fields = ["taken_off"]
    fields = [
        *("customer", "shared", "source", "reference", "taken_off"),
        *("used_at", "used_branch", "used_by"),
    ]

    def get_list_display(self, request: HttpRequest) -> Sequence[str | Callable[..., Any]]:
        taken_off = money_column("minor", _("discount"))
        return ["customer", "shared", "reference", taken_off, "used_at", "used_branch"]

    @admin.display(description=_("discount"))
    def taken_off(self, use: VoucherUse) -> str:
        return money_column("minor", _("discount"))(use)


class DecisionForm(forms.ModelForm):  # type: ignore[type-arg]  # Generic in the stubs only.
    approve = forms.TypedChoiceField(
        label=_("your word"),
        choices=[("yes", _("It is all right: pay the points")), ("no", _("Refuse it"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    decision = forms.CharField(label=_("reason"), max_length=200)


@admin.register(Referral)
class ReferralAdmin(OfCustomerAdmin):
    customer_path = "referrer"
    form = DecisionForm
    list_display = ["referrer", "friend", "state", "reason", "referred_at", "event_at", "due_at"]
    list_select_related = ["referrer", "friend"]
    list_filter = ["state", "reason"]
    facts = [
        *("referrer", "friend", "state", "reason", "referred_at", "referred_by"),
        *("sale_reference", "sold_by", "event_at", "due_at", "paid_at", "decided_at", "decided_by"),
    ]
    readonly_fields = facts

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        mine = super().has_change_permission(request, obj)
        return mine and (obj is None or may_decide(obj, by=request.user))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        asked = ["approve"] if self.has_change_permission(request, obj) else []
        return [*self.facts, *asked, "decision"]

    def save_model(
        self, request: HttpRequest, obj: Referral, form: "forms.ModelForm[Referral]", change: bool
    ) -> None:
        decide(
            referral=obj,
            approve=form.cleaned_data["approve"],
            reason=form.cleaned_data["decision"],
            at=timezone.now(),
            by=request.user,  # type: ignore[arg-type]  # Only staff pass the door.
        )


@admin.register(StampEntry)
class StampEntryAdmin(OfCustomerAdmin):
    list_display = ["customer", "card", "kind", "stamps", "stamps_after", "occurred_at"]
    list_select_related = ["customer"]
    list_filter = ["card", "kind"]
    fields = [
        *("customer", "card", "number", "kind", "stamps", "stamps_after", "began_on"),
        *("source", "reference", "voucher", "occurred_at", "recorded_at"),
    ]
