"""What every answer carries, and what happens when there is nothing to show."""

from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from loyalty.shop.models import Shop, User
from loyalty.web.shared import health
from tests.factories.shop import ShopFactory, StaffFactory, shop_with_programme
from tests.support.pages import PageClient, words

STRICT = {
    "default-src 'self'",
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
}


def policy_of(client: PageClient, path: str) -> set[str]:
    return set(client.get(path)["Content-Security-Policy"].split("; "))


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/sign-in", "/terms", "/card", "/healthz", "/nowhere"])
def test_the_policy_is_strict_everywhere(client: PageClient, path: str) -> None:
    shop_with_programme()

    assert policy_of(client, path) == STRICT


def test_the_policy_stands_on_what_is_answered_before_any_view(
    client: PageClient, settings: Settings
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    foreign = client.get("/", headers={"host": "evil.example"})
    to_https = client.get("/")

    assert (foreign.status_code, to_https.status_code) == (400, 301)
    for answer in (foreign, to_https):
        assert set(answer["Content-Security-Policy"].split("; ")) == STRICT


@pytest.mark.django_db
def test_what_programs_are_answered_may_do_nothing_and_its_description_is_a_page(
    client: PageClient,
) -> None:
    assert policy_of(client, "/api/v1/customers") == {
        "default-src 'none'",
        "frame-ancestors 'none'",
    }
    assert policy_of(client, "/api/v1/docs") == STRICT


def test_programs_are_sent_to_https_too(client: PageClient, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True

    answer = client.get("/api/v1/customers")

    assert (answer.status_code, answer["Location"][:8]) == (301, "https://")


@pytest.mark.django_db
def test_the_back_office_alone_may_do_more(client: PageClient) -> None:
    shop_with_programme()

    client.force_login(StaffFactory(role=User.Role.OWNER))

    assert policy_of(client, "/admin/") == STRICT | {
        "script-src 'self' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
    }


@pytest.mark.django_db
def test_no_page_can_be_framed_or_sniffed(client: PageClient) -> None:
    shop_with_programme()

    response = client.get("/")

    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"


@pytest.mark.django_db
def test_a_page_that_does_not_exist_says_so_in_the_shops_voice(client: PageClient) -> None:
    shop_with_programme()
    client.cookies["language"] = "en"

    response = client.get("/nowhere")

    assert response.status_code == 404
    assert words(response) == (
        "This page does not exist The address may be old or mistyped. Back to the start"
    )


@pytest.mark.django_db
def test_a_stale_form_is_refused_kindly() -> None:
    shop_with_programme()
    client = PageClient(enforce_csrf_checks=True)
    client.cookies["language"] = "en"

    response = client.post("/sign-in", {"identifier": "0912 345 678"})

    assert response.status_code == 403
    assert words(response).startswith("The form has waited too long Go back,")


def test_only_the_link_in_adverts_and_the_api_go_without_a_form_token() -> None:
    """The API asks every request for a key, which no other site's page can send."""
    api = {view for _name, view in all_views(get_resolver("loyalty.web.api.urls"))}
    exempt = [
        name
        for name, view in all_views(get_resolver())
        if hasattr(view, "csrf_exempt") and view not in api
    ]

    assert exempt == ["unsubscribe"]


def all_views(resolver: URLResolver) -> Iterator[tuple[str, object]]:
    """Every view of ours with its name; the back office's are Django's."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield str(pattern.name), pattern.callback
        elif str(pattern.pattern) != "admin/":
            yield from all_views(pattern)


@pytest.mark.django_db
def test_before_the_first_run_the_pages_say_so(client: PageClient) -> None:
    client.cookies["language"] = "en"

    response = client.get("/")

    assert response.status_code == 503
    assert words(response).startswith("Not ready yet The shop has not been set up yet")


@pytest.mark.django_db
def test_without_rules_the_pages_say_so(client: PageClient) -> None:
    ShopFactory()
    client.cookies["language"] = "en"

    response = client.get("/")

    assert response.status_code == 503
    assert words(response).startswith("Not ready yet No programme is in force yet")


@pytest.mark.django_db
@pytest.mark.parametrize("brand", list(Shop.Brand))
def test_the_shops_dye_is_on_the_page(client: PageClient, brand: str) -> None:
    shop_with_programme(brand=brand)

    page = client.get("/").content.decode()

    assert (f'data-brand="{brand}"' in page) == (brand != "cham")


@pytest.mark.django_db
def test_healthy_when_database_and_cache_answer(client: PageClient) -> None:
    response = client.get("/healthz")

    assert (response.status_code, response.content) == (200, b"ok\n")
    assert response["Content-Type"] == "text/plain"


def test_unhealthy_names_who_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    def no_connection() -> None:
        raise OperationalError

    monkeypatch.setattr(connection, "cursor", no_connection)
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }

    response = health.healthz(RequestFactory().get("/healthz"))

    assert (response.status_code, response.content) == (503, b"no answer: database, cache\n")


@pytest.mark.django_db
def test_the_favicon_is_found_where_browsers_look(client: PageClient) -> None:
    response = client.get("/favicon.ico")

    assert (response.status_code, response["Location"]) == (301, "/static/favicon.svg")


@pytest.mark.django_db
def test_staff_are_not_members(client: PageClient) -> None:
    shop_with_programme()
    client.force_login(StaffFactory())

    assert client.get("/card").status_code == 302
