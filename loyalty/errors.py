"""Domain errors. HTTP code turns these into messages; nothing else catches them."""


class DomainError(Exception):
    """A rule of the programme refused the request; its text is safe to show to staff."""


class Conflict(DomainError):
    """The reference was used before for a different request; nothing was written."""


class InvalidInput(DomainError):
    """A value cannot be understood; `field` names it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
