"""Refusals as RFC 9457 says them: what kind, which field, and whether to try again."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse

# Kind → status and title. The title is for the log of whoever writes the till's program.
KINDS: dict[str, tuple[int, str]] = {
    "not-json": (400, "The body is not JSON as we read it"),
    "unauthenticated": (401, "A key is needed"),
    "scope-missing": (403, "The key may not do this"),
    "not-allowed": (403, "This is not allowed"),
    "not-found": (404, "There is no such thing"),
    "unknown-purchase": (404, "The sale is not recorded"),
    "method-not-allowed": (405, "The address knows no such method"),
    "conflict": (409, "The same reference stands for something else"),
    "already-enrolled": (409, "The customer is a member already"),
    "insufficient-points": (409, "There are not enough points"),
    "refused": (409, "A rule of the shop says no"),
    "busy": (409, "Another request is at it"),
    "length-required": (411, "Send the body with its Content-Length, not in chunks"),
    "too-large": (413, "The body is too large"),
    "not-json-type": (415, "The body must be application/json"),
    "invalid": (422, "A field is wrong"),
    "too-many-requests": (429, "Too many requests"),
    "internal": (500, "Something went wrong on our side"),
    "unavailable": (503, "The database does not answer"),
    "not-ready": (503, "The shop is not set up"),
}


@dataclass(frozen=True)
class FieldError:
    field: str  # As in the request: `lines[0].quantity`; a header by its name.
    detail: str


@dataclass
class Problem(Exception):
    """A refusal on its way to whoever asked."""

    kind: str
    detail: str = ""
    errors: Sequence[FieldError] = ()
    more: dict[str, Any] = field(default_factory=dict)  # What a program may want to read.
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_field(cls, name: str, detail: str, *, kind: str = "invalid") -> "Problem":
        return cls(kind, f"{name}: {detail}", [FieldError(name, detail)])

    @property
    def status(self) -> int:
        return KINDS[self.kind][0]

    def document(self) -> dict[str, Any]:
        status, title = KINDS[self.kind]
        said: dict[str, Any] = {
            "type": f"urn:loyalty:problem:{self.kind}",
            "title": title,
            "status": status,
        }
        if self.detail:
            said["detail"] = self.detail
        if self.errors:
            said["errors"] = [{"field": one.field, "detail": one.detail} for one in self.errors]
        return said | self.more

    def text(self) -> str:
        """The document as JSON. A client may have sent halves of letters: they are spelled out."""
        text = json.dumps(self.document(), ensure_ascii=False)
        return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()

    def response(self) -> HttpResponse:
        return HttpResponse(
            self.text().encode(),
            content_type="application/problem+json",
            status=self.status,
            headers={"Cache-Control": "no-store", **self.headers},
        )
