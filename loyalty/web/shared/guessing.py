"""
Codes of vouchers that were tried and are none, counted in the cache by who tries them and from where:
eight letters read aloud are guessed by whoever may try without end. A cache that does not answer
lets them through: the shop opens.
"""

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from loyalty.errors import DomainError
from loyalty.web.shared.counting import client_address, count, counter_of, uncount
from rewards.vouchers import UnknownVoucher

WINDOW = 15 * 60  # Seconds from the first wrong code on.
WRONG_OF_ONE = 30  # A staff member, or an API key.
WRONG_FROM_ONE_ADDRESS = 100  # A shop's tills share one.

logger = logging.getLogger(__name__)


class TooManyCodes(DomainError):
    """Somebody has tried too many codes that are none; nothing was looked up."""

    def __init__(self) -> None:
        super().__init__(_("Too many codes were wrong. Wait 15 minutes, then try again."))


@dataclass
class Guess:
    """One try at a code, until it is known whether there is such a voucher."""

    tried: str  # The counter of this very code: to type it again is no further guess.
    counters: tuple[tuple[str, int], ...]  # Each with the most it may reach.
    counted: bool = False

    @classmethod
    def of(cls, request: HttpRequest, who: str, code: str) -> "Guess":
        """`who` stands for one staff member or one key."""
        return cls(
            counter_of("codes:tried", f"{who}/{code}"),
            (
                (counter_of("codes:who", who), WRONG_OF_ONE),
                (counter_of("codes:address", client_address(request)), WRONG_FROM_ONE_ADDRESS),
            ),
        )

    def may_go_on(self) -> bool:
        """Count the try as a wrong one, and say whether a code may be looked up at all."""
        try:
            if not cache.add(self.tried, 1, WINDOW):
                return all(int(cache.get(key, 0)) <= most for key, most in self.counters)
            self.counted = True
            return all(count(key, window=WINDOW) <= most for key, most in self.counters)
        except (RedisError, OSError):
            logger.warning("Wrong codes are not counted: the cache does not answer.")
            return True

    def was_right(self) -> None:
        """There is such a voucher, or it was no code after all: the try does not count."""
        if not self.counted:
            return
        try:
            cache.delete(self.tried)
            for key, _most in self.counters:
                uncount(key)
        except (RedisError, OSError):
            logger.warning("A right code is not uncounted: the cache does not answer.")


@contextmanager
def guarding(request: HttpRequest, who: str, codes: Collection[str]) -> Iterator[None]:
    """
    Around what looks up these codes of vouchers, if there are any: an UnknownVoucher counts
    against whoever tries. Raises TooManyCodes for whoever had too many.
    """
    if not codes:
        yield
        return
    guess = Guess.of(request, who, " ".join(codes))
    if not guess.may_go_on():
        raise TooManyCodes
    try:
        yield
    except UnknownVoucher:
        raise
    except Exception:
        guess.was_right()
        raise
    guess.was_right()
