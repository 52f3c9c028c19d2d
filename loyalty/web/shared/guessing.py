"""
Codes of vouchers that were tried and are none, counted in the cache by who tries them and from where:
eight letters read aloud are guessed by whoever may try without end. A cache that does not answer
lets them through: the shop opens.
"""

import logging
from dataclasses import dataclass

from django.http import HttpRequest
from redis.exceptions import RedisError

from loyalty.web.shared.counting import client_address, count, counter_of, uncount

WINDOW = 15 * 60  # Seconds from the first wrong code on.
WRONG_OF_ONE = 30  # A staff member, or an API key.
WRONG_FROM_ONE_ADDRESS = 100  # A shop's tills share one.

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Guess:
    """One try at a code, until it is known whether there is such a voucher."""

    counters: tuple[tuple[str, int], ...]  # Each with the most it may reach.

    @classmethod
    def of(cls, request: HttpRequest, who: str) -> "Guess":
        """`who` stands for one staff member or one key."""
        return cls(
            (
                (counter_of("codes:who", who), WRONG_OF_ONE),
                (counter_of("codes:address", client_address(request)), WRONG_FROM_ONE_ADDRESS),
            )
        )

    def may_go_on(self) -> bool:
        """Count the try as a wrong one, and say whether a code may be looked up at all."""
        try:
            return all(count(key, window=WINDOW) <= most for key, most in self.counters)
        except (RedisError, OSError):
            logger.warning("Wrong codes are not counted: the cache does not answer.")
            return True

    def was_right(self) -> None:
        """There is such a voucher, or it was no code after all: the try does not count."""
        try:
            for key, _most in self.counters:
                uncount(key)
        except (RedisError, OSError):
            logger.warning("A right code is not uncounted: the cache does not answer.")
