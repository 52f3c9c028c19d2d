"""What a cashier does on the counter's pages, without script."""

import html
import re

from django.http import HttpResponse

from tests.support.pages import PageClient


def hidden(page: HttpResponse, name: str) -> str:
    """The value of a hidden field, as a browser would send it."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.content.decode())
    assert found, f"no field {name}"
    return found.group(1)


def find(till: PageClient, typed: str) -> HttpResponse:
    return till.post("/counter/find", {"q": typed}, follow=True)


def sell(till: PageClient, page: HttpResponse, amount: str) -> HttpResponse:
    """Type the amount on that page and press Enter."""
    return till.post(
        "/counter/",
        {
            "reference": hidden(page, "reference"),
            "customer": hidden(page, "customer"),
            "amount": amount,
        },
    )


def text_after(page: HttpResponse, mark: str) -> str:
    """What a reader sees from that piece of markup to the end of the page."""
    rest = page.content.decode().partition(mark)[2]
    assert rest, f"no {mark}"
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", f"<{rest}"))).strip()


def facts(page: HttpResponse) -> dict[str, str]:
    """The terms of definition lists with what stands beside them."""
    pairs = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page.content.decode())
    return dict(pairs)
