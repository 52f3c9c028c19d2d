"""
Where a webhook may go. An owner types the address, so it could be made to reach what only our own
network reaches: a database, a router, the cloud's own metadata. Hence: HTTPS to a name, and every
address that the name has at the moment of the call is a public one. The call then goes to that very
address, so that a second look at the name cannot lead elsewhere.
"""

import re
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.utils.translation import gettext as _

from loyalty.errors import InvalidInput

LONGEST = 300
PORTS = (443, 8443)
LOOPBACK = {"127.0.0.1", "localhost"}

_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]{1,253})(?::(?P<port>[0-9]{1,5}))?(?P<path>/[!-~]*)?"
)
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# A name, not a number in one of its many spellings: 2130706433, 0177.1, 0x7f.0.0.1.
_NAME = re.compile(rf"(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?")

# Public by the registries, and yet not somebody else's server.
_NOT_V4 = (
    ip_network("192.0.0.0/24"),  # Of protocols; one cloud's metadata among them.
    ip_network("192.88.99.0/24"),  # Relays of 6to4.
    ip_network("168.63.129.16/32"),  # Inside one cloud: its own management.
)
_UNICAST_V6 = IPv6Network("2000::/3")  # Outside are mapped and translated IPv4, local, multicast.
_NOT_V6 = (
    ip_network("2001::/23"),  # Teredo, which carries IPv4, and other special purposes.
    ip_network("2001:db8::/32"),
    ip_network("2002::/16"),  # 6to4 carries IPv4.
    ip_network("3fff::/20"),
)

# Looking a name up has no time limit of its own.
_lookers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="webhook-name")


class NotPublic(OSError):
    """The name leads to an address that is not a public one."""


@dataclass(frozen=True)
class Target:
    host: str
    port: int
    path: str  # With the query.
    encrypted: bool

    @property
    def header(self) -> str:
        """The host as HTTP wants it."""
        usual = 443 if self.encrypted else 80
        return self.host if self.port == usual else f"{self.host}:{self.port}"


def target_of(url: str) -> Target:
    """What an address means. Raises InvalidInput, naming `url`, for one we would never call."""
    parts = _URL.fullmatch(url) if len(url) <= LONGEST else None
    if parts is None or set(url) & set("#\\"):
        raise InvalidInput("url", _("An address such as https://example.com/hook is needed."))
    host, encrypted = parts["host"].lower(), parts["scheme"] == "https"
    port = int(parts["port"] or (443 if encrypted else 80))
    target = Target(host, port, parts["path"] or "/", encrypted)
    if settings.WEBHOOKS_ALLOW_HTTP_LOOPBACK and host in LOOPBACK and not encrypted:
        return target
    if not encrypted or port not in PORTS:
        raise InvalidInput("url", _("Only https:// is possible, on port 443 or 8443."))
    if not _NAME.fullmatch(host):
        raise InvalidInput("url", _("The address needs a public host name."))
    if settings.WEBHOOK_HOSTS and host not in settings.WEBHOOK_HOSTS:
        raise InvalidInput("url", _("This server sends webhooks to other hosts only."))
    return target


def resolve(target: Target, *, patience: float) -> list[str]:
    """
    The addresses to call, looked up now. Raises NotPublic if one of them is not public, TimeoutError
    after `patience` seconds, and socket.gaierror when the name has none.
    """
    looking = _lookers.submit(socket.getaddrinfo, target.host, target.port, 0, socket.SOCK_STREAM)
    found = dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in looking.result(timeout=patience))
    fits = is_public if target.encrypted else is_loopback
    if not all(fits(address) for address in found):
        raise NotPublic(target.host)
    return list(found)


def is_public(address: str) -> bool:
    """
    Whether an IP address is somebody's public server.

    >>> is_public("93.184.216.34"), is_public("10.0.0.1"), is_public("::ffff:93.184.216.34")
    (True, False, False)
    """
    if "%" in address:  # Has a meaning on one's own network only.
        return False
    ip = ip_address(address)
    if isinstance(ip, IPv4Address):
        return ip.is_global and not ip.is_multicast and not any(ip in net for net in _NOT_V4)
    return ip in _UNICAST_V6 and ip.is_global and not any(ip in net for net in _NOT_V6)


def is_loopback(address: str) -> bool:
    """Whether an IP address is this machine, for tests and the demo."""
    return ip_address(address).is_loopback
