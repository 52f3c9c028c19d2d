"""Pages as a strict browser gets them."""

import html
import re
from typing import Any

from django.http import HttpResponse
from django.test import Client

LEFTOVERS = ("{{", "{%", "{#")
INLINE = re.compile(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|javascript:", re.IGNORECASE)


class PageClient(Client):
    """Fails on any page of ours with inline script or style, or with template tags left in it."""

    def request(self, **request: Any) -> HttpResponse:
        response = super().request(**request)
        if _is_our_page(response):
            page = response.content.decode()
            assert [mark for mark in LEFTOVERS if mark in page] == []
            assert INLINE.findall(page) == []
        return response


def _is_our_page(response: Any) -> bool:
    ours = not response.request["PATH_INFO"].startswith("/admin/")
    return ours and response.headers.get("Content-Type", "").startswith("text/html")


def words(response: HttpResponse, *, of: str = "main") -> str:
    """The text a reader sees inside the page's first `of` element, spaces tidied."""
    page = response.content.decode()
    start = page.index(f"<{of}")
    inside = page[start : page.index(f"</{of}>", start)]
    blocks = re.sub(r"</?(b|strong|span|small|time|a)\b[^>]*>", "", inside)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", blocks))).strip()
