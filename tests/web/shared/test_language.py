"""Vietnamese unless the reader chose otherwise."""

import pytest

from tests.factories.shop import shop_with_programme
from tests.support.pages import PageClient

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(db: None) -> None:
    shop_with_programme()


def language_of(client: PageClient, **headers: str) -> tuple[str, bool]:
    response = client.get("/terms", headers=headers)
    page = response.content.decode()
    language = response["Content-Language"]
    return language, f'<html lang="{language}">' in page


def test_vietnamese_by_default_whatever_the_browser_says(client: PageClient) -> None:
    assert language_of(client, accept_language="en-US,en;q=0.9") == ("vi", True)


def test_english_once_chosen_and_back_again(client: PageClient) -> None:
    client.get("/language/en")
    assert language_of(client) == ("en", True)

    client.get("/language/vi")
    assert language_of(client) == ("vi", True)


def test_the_switch_keeps_the_page(client: PageClient) -> None:
    page = client.get("/terms?a=1").content.decode()

    assert 'href="/language/en?next=%2Fterms%3Fa%3D1"' in page
    response = client.get("/language/en?next=%2Fterms%3Fa%3D1")
    assert (response.status_code, response["Location"]) == (302, "/terms?a=1")


@pytest.mark.parametrize(
    "outside", ["https://evil.example", "//evil.example", "", "\\\\evil.example"]
)
def test_the_switch_never_leads_to_another_site(client: PageClient, outside: str) -> None:
    assert client.get("/language/en", {"next": outside})["Location"] == "/"


def test_a_language_nobody_speaks_here_does_not_exist(client: PageClient) -> None:
    assert client.get("/language/fr").status_code == 404


def test_a_made_up_cookie_means_vietnamese(client: PageClient) -> None:
    client.cookies["language"] = "../../etc"

    assert language_of(client) == ("vi", True)
