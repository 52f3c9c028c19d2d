"""Bringing friends: the member's code, what both get, and what somebody with a code sees."""

import re
from typing import cast
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from loyalty.programme.document import Programme
from loyalty.programme.versions import in_force
from loyalty.purchases.referring import may_be_brought, refer
from loyalty.web.portal import rules
from loyalty.web.shared.http import MemberRequest, VisitorRequest
from loyalty.web.shared.members import member_of
from rewards.queries import brought_by
from rewards.referrals import ReferralRefused, code_of

CODE = re.compile(r"[0-9A-Z]{7}")


class CodeForm(forms.Form):
    referral_code = forms.CharField(
        label=gettext_lazy("Your friend's code"),
        max_length=40,
        error_messages={"required": gettext_lazy("Type the code.")},
        widget=forms.TextInput(
            attrs={"class": "input", "autocomplete": "off", "autocapitalize": "characters"}
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def page(request: VisitorRequest) -> HttpResponse:
    programme = in_force(timezone.now()).programme
    if programme.referral is None:
        raise Http404
    request.member = member_of(request)
    if request.member is None:
        return _invited(request, programme)
    asked = cast(MemberRequest, request)
    if request.method == "POST":
        return _named(asked, programme)
    return _mine(asked, programme, CodeForm(initial={"referral_code": _code_in(request)}))


def _invited(request: VisitorRequest, programme: Programme) -> HttpResponse:
    code = _code_in(request)
    back = f"{reverse('portal:refer')}?{urlencode({'code': code})}" if code else request.path
    if not code or request.method == "POST":
        return redirect(f"{reverse('portal:sign-in')}?{urlencode({'next': back})}")
    return render(
        request,
        "portal/invited.html",
        {
            "code": code,
            "sentences": rules.invitation(request, programme),
            "earning": rules.earning(request, programme),
            "back": back,
        },
    )


def _named(request: MemberRequest, programme: Programme) -> HttpResponse | HttpResponseRedirect:
    """The member says who brought them."""
    form = CodeForm(request.POST)
    if form.is_valid():
        try:
            refer(
                friend=request.member,
                code=form.cleaned_data["referral_code"],
                at=timezone.now(),
                by=None,
            )
        except ReferralRefused as error:
            form.add_error("referral_code", str(error))
        else:
            messages.success(request, _("Thank you. The points come after your first purchase."))
            return redirect("portal:refer")
    return _mine(request, programme, form, status=422)


def _mine(
    request: MemberRequest, programme: Programme, form: CodeForm, *, status: int = 200
) -> HttpResponse:
    code = code_of(request.member)
    return render(
        request,
        "portal/refer.html",
        {
            "tab": "me",
            "code": code,
            "link": f"{settings.SITE_URL}{reverse('portal:refer')}?{urlencode({'code': code})}",
            "sentences": rules.bringing_friends(request, programme),
            "brought": brought_by(request.member.pk),
            "form": form if may_be_brought(request.member) else None,
        },
        status=status,
    )


def _code_in(request: VisitorRequest) -> str:
    """The code in the address, when it can be one."""
    code = request.GET.get("code", "").upper()
    return code if CODE.fullmatch(code) else ""
