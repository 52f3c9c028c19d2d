"""A real browser on the real pages, or a skip that says why there is none."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from loyalty.shop.models import User
from tests.support.browser import chromium

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
# No sandbox: the tests may run as root; the rest keeps it from calling home.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PICTURES = Path(__file__).resolve().parents[2] / ".local" / "screenshots"

# Playwright's driver keeps an event loop in this thread; our own code stays synchronous.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        pytest.skip("no Chromium on this machine; install it or set CHROMIUM")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield launched
        launched.close()


class Visit:
    """One person's browser, which fails the test on a script error, a refusal or a request away."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.address = address
        self.troubles: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("console", lambda line: self._listen(line.type, line.text))
        self.page.on("request", lambda request: self._watch(request.url))

    def _listen(self, kind: str, text: str) -> None:
        if kind == "error":
            self.troubles.append(text)

    def _watch(self, url: str) -> None:
        if not url.startswith((self.address, "data:")):
            self.troubles.append(f"asked {url}")

    def sign_in(self, user: User) -> None:
        """As that member of staff, without the page that asks for a password."""
        client = Client()
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME]
        cookie = {"name": session.key, "value": session.value, "url": self.address}
        self.page.context.add_cookies([cookie])

    def go(self, path: str) -> None:
        self.page.goto(self.address + path)

    def picture(self, name: str) -> None:
        """Keep what a phone and a desk show of the page, for people to look at."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        before = self.page.viewport_size or DESK
        for size in (PHONE, DESK):
            self.page.set_viewport_size(size)  # type: ignore[arg-type]
            path = PICTURES / f"{name}-{size['width']}.png"
            self.page.screenshot(path=path, full_page=size is PHONE)
            wide = self.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= size["width"], f"{name} scrolls sideways at {size['width']} px"
        self.page.set_viewport_size(before)


def type_where_focus_is(page: Page, selector: str, text: str) -> None:
    """Type as a person does who sees the cursor in the box; the page may still be drawing it."""
    expect(page.locator(selector)).to_be_focused()
    page.keyboard.type(text)


@pytest.fixture
def visit(browser: Browser, live_server) -> Iterator[Visit]:
    context = browser.new_context(viewport=DESK, locale="vi-VN")
    context.set_default_timeout(10_000)
    visit = Visit(context, live_server.url)
    yield visit
    context.close()
    assert visit.troubles == []
