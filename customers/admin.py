from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from customers.backoffice import OfCustomerAdmin
from customers.identity import name_columns, show_birthday, show_card_number, show_phone
from customers.models import Consent, Customer
from customers.services import rename_customer
from loyalty.errors import InvalidInput


class CustomerForm(forms.ModelForm):  # type: ignore[type-arg]  # Generic in the stubs only.
    def clean_name(self) -> str:
        try:
            return name_columns(self.cleaned_data["name"])["name"]
        except InvalidInput as error:
            raise ValidationError(str(error)) from error


@admin.register(Customer)
class CustomerAdmin(OfCustomerAdmin):
    customer_path = "pk"
    form = CustomerForm
    ordering = ["name_sort", "pk"]
    list_display = ["__str__", "salutation", "shown_phone", "card", "joined_at"]
    fields = [
        "name",
        "salutation",
        "shown_phone",
        "email",
        "birthday",
        "language",
        "card",
        "external_id",
        "joined_at",
        "joined_branch",
    ]
    readonly_fields = [name for name in fields if name not in ("name", "salutation")]

    @admin.display(description=_("phone"))
    def shown_phone(self, customer: Customer) -> str:
        return show_phone(customer.phone)

    @admin.display(description=_("card number"))
    def card(self, customer: Customer) -> str:
        return show_card_number(customer.card_number)

    @admin.display(description=_("birthday"))
    def birthday(self, customer: Customer) -> str | None:
        return show_birthday(customer.birthday) if customer.birthday else None

    def save_model(
        self, request: HttpRequest, obj: Customer, form: "forms.ModelForm[Customer]", change: bool
    ) -> None:
        values: dict[str, Any] = form.cleaned_data
        rename_customer(
            customer=obj,
            name=values["name"],
            salutation=values["salutation"],
            by=request.user,  # type: ignore[arg-type]  # Only staff pass the door.
        )


@admin.register(Consent)
class ConsentAdmin(OfCustomerAdmin):
    list_display = ["customer", "channel", "purpose", "granted", "means", "recorded_at"]
    list_select_related = ["customer"]
    list_filter = ["channel", "granted", "means"]
    fields = [
        "customer",
        "channel",
        "purpose",
        "granted",
        "wording",
        "means",
        "evidence",
        "recorded_at",
        "recorded_by",
    ]
