"""The encoding a client names for its request is not used."""

from io import BytesIO
from typing import Any

import pytest

from loyalty.wsgi import application


def ask(next_page: str, content_type: str) -> tuple[str, str]:
    """Status and address of the answer to a change of language, as the web server gets them."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/language/en",
        "QUERY_STRING": f"next={next_page}",
        "CONTENT_TYPE": content_type,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.input": BytesIO(),
        "wsgi.url_scheme": "http",
    }
    answers: list[tuple[str, str]] = []

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        answers.append((status, dict(headers).get("Location", "")))

    application(environ, start_response)
    return answers[0]


@pytest.mark.parametrize("encoding", ["unicode_escape", "utf-7", "idna", "rot13", "zlib"])
@pytest.mark.parametrize(
    "form", ["charset={}", "CHARSET ={}", 'charset="{}"', "charset*=utf-8''{}"]
)
def test_the_encoding_a_client_names_is_not_used(encoding: str, form: str) -> None:
    content_type = f"text/plain; {form.format(encoding)}"

    assert ask("/%2B2AA-", content_type) == ("302 Found", "/+2AA-")
    assert ask("/u%C3%A0", content_type) == ("302 Found", "/u%C3%A0")


@pytest.mark.parametrize(
    "parameter", ["a*=x'y'z", "boundary*=x''z", "a *\t=x'y'z%ff", "\"a;b\"*=x'y'z"]
)
def test_nor_that_of_a_single_parameter(parameter: str) -> None:
    assert ask("/u", f"text/plain; {parameter}; b=c") == ("302 Found", "/u")
