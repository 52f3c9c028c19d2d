"""E-mail through Django's mail API; one connection for as many letters as there are."""

from contextlib import suppress
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused
from types import TracebackType
from typing import Self

from django.core import mail

from campaigns.channels.outcomes import Outcome, Result, outcome_of
from campaigns.composing import Outgoing


class EmailChannel:
    """
    Use it in a `with` block. E-mail is sent at least once: when the connection breaks after the
    server took a letter, the outbox sends it again, under the same Message-ID.
    """

    def __init__(self) -> None:
        self._connection = mail.get_connection()
        self._unreachable: Outcome | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._hang_up()

    def send(self, outgoing: Outgoing) -> Outcome:
        """Hand one letter to the mail server; says what came of it, raises nothing of SMTP."""
        if self._unreachable is not None:  # Asking again would only cost another time-out.
            return self._unreachable
        try:
            self._connection.open()
        except (OSError, SMTPException) as error:
            self._hang_up()
            self._unreachable = outcome_of(Result.UNREACHABLE, error)
            return self._unreachable
        try:
            self._connection.send_messages([_letter(outgoing)])
        except (OSError, SMTPException) as error:
            self._hang_up()  # Whatever state it is in, the next letter gets a fresh one.
            return outcome_of(Result.FAILED if _is_final(error) else Result.RETRY, error)
        except ValueError as error:  # No letter can be made of it: an address that none can carry.
            self._hang_up()
            return outcome_of(Result.FAILED, error)
        return Outcome(Result.SENT)

    def _hang_up(self) -> None:
        with suppress(OSError, SMTPException):
            self._connection.close()


def _letter(outgoing: Outgoing) -> mail.EmailMessage:
    letter = mail.EmailMultiAlternatives(
        subject=outgoing.subject,
        body=outgoing.text,
        from_email=outgoing.sender,
        to=[outgoing.to],
        headers=dict(outgoing.headers),
    )
    if outgoing.html:
        letter.attach_alternative(outgoing.html, "text/html")
    return letter


def _is_final(error: OSError | SMTPException) -> bool:
    """5xx about this letter or its recipient; about anything else the server may change its mind."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in error.recipients.values())
    return isinstance(error, SMTPDataError) and error.smtp_code >= 500
