from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSplitDateTimeWidget

from loyalty.errors import DomainError, InvalidInput
from loyalty.integrations.models import Delivery, Endpoint, EventType
from loyalty.integrations.webhooks import endpoints, replaying
from loyalty.integrations.webhooks.addresses import target_of
from loyalty.integrations.webhooks.calling import Problem
from loyalty.shop.backoffice import GuardedAdmin, LongListAdmin
from loyalty.shop.models import User

State = Endpoint.State


class EndpointForm(forms.ModelForm):  # type: ignore[type-arg]  # Generic in the stubs only.
    events = forms.MultipleChoiceField(
        label=_("Is told of"),
        choices=EventType.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    replay_since = forms.SplitDateTimeField(
        label=_("Send everything again since"),
        help_text=_("Under the same ids: a program knows what it has had. Leave it empty else."),
        required=False,
        widget=UnfoldAdminSplitDateTimeWidget,
    )

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            target_of(url)
        except InvalidInput as error:
            raise ValidationError(str(error)) from error
        return url


@admin.register(Endpoint)
class EndpointAdmin(GuardedAdmin):
    form = EndpointForm
    actions = ["renew_secret", "switch_on", "switch_off", "end"]
    list_display = ["url", "state", "shown_events", "failing_since", "created_at"]
    facts = ["number", "url", "state", "failing_since", "created_at", "created_by"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*self.facts, "events", "replay_since"] if obj else ["url", "events"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.facts if obj else []

    @admin.display(description=_("is told of"))
    def shown_events(self, endpoint: Endpoint) -> str:
        return ", ".join(str(EventType(event).label) for event in endpoint.events)

    @admin.display(description=_("number"))
    def number(self, endpoint: Endpoint) -> str:
        return str(endpoint.pk)

    def save_model(
        self, request: HttpRequest, obj: Endpoint, form: "forms.ModelForm[Endpoint]", change: bool
    ) -> None:
        if not change:
            made = endpoints.create_endpoint(
                url=obj.url, events=obj.events, at=timezone.now(), by=_staff(request)
            )
            obj.pk = made.endpoint.pk
            return
        endpoints.change_events(endpoint=obj, events=form.cleaned_data["events"])
        since = form.cleaned_data["replay_since"]
        if since is not None:
            _replay(request, obj, since)

    def response_add(
        self, request: HttpRequest, obj: Endpoint, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._show_secret(request, obj, endpoints.newest_secret(obj))

    @admin.action(description=_("New secret: the old one ends in a day"), permissions=["change"])
    def renew_secret(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        chosen = list(queryset[:2])
        if len(chosen) != 1:
            messages.error(request, gettext("Choose one webhook: its secret is shown once."))
            return None
        try:
            secret = endpoints.renew_secret(endpoint=chosen[0], at=timezone.now())
        except DomainError as error:
            messages.error(request, str(error))
            return None
        return self._show_secret(request, chosen[0], secret)

    @admin.action(description=_("Switch on: send again, what waits first"), permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for endpoint in queryset:
            endpoints.switch_on(endpoint=endpoint)

    @admin.action(description=_("Switch off: send nothing for now"), permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for endpoint in queryset:
            endpoints.switch_off(endpoint=endpoint)

    @admin.action(description=_("End: send nothing there ever again"), permissions=["change"])
    def end(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for endpoint in queryset:
            endpoints.end(endpoint=endpoint)

    def _show_secret(self, request: HttpRequest, endpoint: Endpoint, secret: str) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Keep this secret now"),
            "endpoint": endpoint,
            "secret": secret,
        }
        return TemplateResponse(request, "backoffice/secret.html", context)


@admin.register(Delivery)
class DeliveryAdmin(LongListAdmin):
    """The log of what was sent, and to send one of it again."""

    actions = ["send_again"]
    list_display = [
        *("event_type", "endpoint", "state", "attempts", "status", "shown_problem"),
        *("attempted_at", "shown_next"),
    ]
    list_select_related = ["event", "endpoint"]
    list_filter = ["state", "endpoint"]
    fields = [
        *("event_type", "sequence", "endpoint", "state", "attempts", "attempted_at"),
        *("status", "shown_problem", "answer", "delivered_at", "shown_next"),
    ]

    @admin.display(description=_("event"))
    def event_type(self, delivery: Delivery) -> str:
        return str(delivery.event.get_type_display())

    @admin.display(description=_("sequence"))
    def sequence(self, delivery: Delivery) -> int | None:
        return delivery.event.sequence

    @admin.display(description=_("problem"))
    def shown_problem(self, delivery: Delivery) -> str | None:
        return str(dict(Problem.choices).get(delivery.problem, delivery.problem)) or None

    @admin.display(description=_("next try"))
    def shown_next(self, delivery: Delivery) -> datetime | None:
        return delivery.due_at if delivery.state == Delivery.State.WAITING else None

    @admin.action(description=_("Send again"), permissions=["see"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        chosen = queryset.values_list("pk", flat=True)
        number = replaying.send_again(delivery_ids=list(chosen), at=timezone.now())
        messages.success(request, _waiting(number))

    def has_see_permission(self, request: HttpRequest) -> bool:
        """Whoever may read the log may send of it again: receivers know the ids."""
        return self._may(request, "see")


def _replay(request: HttpRequest, endpoint: Endpoint, since: datetime) -> None:
    try:
        number = replaying.replay(endpoint=endpoint, since=since, at=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _waiting(number))


def _waiting(number: int) -> str:
    text = ngettext(
        "%(number)s event waits to be sent.", "%(number)s events wait to be sent.", number
    )
    return text % {"number": number}


def _staff(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None
