"""Pictures are served once to each browser, and as nothing but pictures."""

import pytest

from rewards.models import Picture
from rewards.pictures import keep_picture
from tests.factories.clock import NOON
from tests.factories.pictures import picture_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def picture(db) -> Picture:
    keep_picture(picture_file(), at=NOON)
    return Picture.objects.get()


def test_a_picture_is_answered_for_ever_and_as_nothing_else(client, picture):
    answer = client.get(f"/pictures/{picture.pk}.webp")

    assert (answer.status_code, answer.content) == (200, bytes(picture.content))
    wanted = {
        "Content-Type": "image/webp",
        "Cache-Control": "public, max-age=31536000, immutable",
        "ETag": f'"{picture.pk}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": "inline",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    assert {name: answer.headers[name] for name in wanted} == wanted
    assert "Vary" not in answer.headers
    assert not answer.cookies


def test_who_has_it_already_hears_so_in_no_bytes(client, picture):
    address, tag = f"/pictures/{picture.pk}.webp", f'"{picture.pk}"'

    answer = client.get(address, headers={"If-None-Match": tag})

    assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", tag)


@pytest.mark.parametrize(
    "name",
    ["0" * 64 + ".webp", "0" * 63 + ".webp", "0" * 64 + ".svg", "../a.webp", "A" * 64 + ".webp"],
)
def test_any_other_name_leads_nowhere(client, picture, name):
    assert client.get(f"/pictures/{name}").status_code == 404


def test_a_picture_takes_one_query(client, picture, django_assert_num_queries):
    with django_assert_num_queries(1):
        client.get(f"/pictures/{picture.pk}.webp")


def test_nobody_posts_to_a_picture(client, picture):
    assert client.post(f"/pictures/{picture.pk}.webp").status_code == 405
