"""The API's page in a real browser, under the strict policy and without a word to outside."""

import pytest

from tests.factories.shop import shop_with_programme

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_page_lists_the_routes_and_opens_one(visit, transactional_db):
    shop_with_programme()

    visit.go("/api/v1/docs")
    visit.page.get_by_text("Enrol a customer").click()

    assert visit.page.get_by_text("Idempotency-Key").first.is_visible()
    visit.picture("api-docs")
    assert visit.troubles == []
