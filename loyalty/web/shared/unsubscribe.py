"""The page behind the link at the foot of every advert."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from campaigns.unsubscribe import BadLink, read_link, refuse


# Mail programs post here by themselves, without a cookie (RFC 8058); the signature in the link
# says as much as a form's token would.
@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """
    Opening the link only shows a button, since scanners open every link; posting refuses, at once
    and however often. In the language the message was in.
    """
    try:
        subscription = read_link(token)
    except BadLink as error:
        raise Http404 from error
    language = subscription.customer.language
    context = {"channel": subscription.channel, "agreed": subscription.agreed}
    if request.method == "POST":
        refuse(customer=subscription.customer, channel=subscription.channel, at=timezone.now())
        context["agreed"] = False
    with translation.override(language):
        response = render(request, "shared/unsubscribe.html", context)
    response.headers["Content-Language"] = language
    response.headers["Referrer-Policy"] = "no-referrer"  # The address itself is the key.
    return response
