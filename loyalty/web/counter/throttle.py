"""
Wrong passwords, counted in the cache: guessing one person's password, or many people's from one
place, soon gets no further answer. A cache that does not answer lets staff in: the shop opens.
"""

import logging
import unicodedata
from dataclasses import dataclass

from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError

from loyalty.web.shared.counting import client_address, count, counter_of, uncount

WINDOW = 15 * 60  # Seconds from the first wrong password on.
WRONG_OF_ONE_NAME = 5
WRONG_FROM_ONE_ADDRESS = 20

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Attempt:
    """One try to sign in. Names and addresses reach the cache as digests only."""

    name_key: str
    address_key: str

    @classmethod
    def of(cls, request: HttpRequest, username: str) -> "Attempt":
        # As Django compares names, or each way of writing one would have tries of its own.
        name = unicodedata.normalize("NFKC", username).strip().casefold()
        address = client_address(request)
        return cls(counter_of("sign-in:name", name), counter_of("sign-in:address", address))

    def may_go_on(self) -> bool:
        """Count the try, and say whether a password may be checked at all."""
        try:
            of_name = count(self.name_key, window=WINDOW)
            from_address = count(self.address_key, window=WINDOW)
        except (RedisError, OSError):
            logger.warning("Sign-ins are not counted: the cache does not answer.")
            return True
        return of_name <= WRONG_OF_ONE_NAME and from_address <= WRONG_FROM_ONE_ADDRESS

    def succeeded(self) -> None:
        """It was the right password: it does not count, and earlier slips are forgotten."""
        try:
            cache.delete(self.name_key)
            uncount(self.address_key)
        except (RedisError, OSError):
            logger.warning("A sign-in is not uncounted: the cache does not answer.")
