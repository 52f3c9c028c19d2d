"""Where a webhook may go: never into our own network, however the address is written."""

import socket

import pytest

from loyalty.errors import InvalidInput
from loyalty.integrations.webhooks import addresses
from loyalty.integrations.webhooks.addresses import (
    NotPublic,
    Target,
    is_public,
    resolve,
    target_of,
)

FINE = [
    ("https://example.com", Target("example.com", 443, "/", True)),
    ("https://Hooks.Example.COM/a/b?c=d", Target("hooks.example.com", 443, "/a/b?c=d", True)),
    ("https://example.com:8443/x", Target("example.com", 8443, "/x", True)),
    ("https://xn--ph-7ua.example/", Target("xn--ph-7ua.example", 443, "/", True)),
    ("http://127.0.0.1:8000/hook", Target("127.0.0.1", 8000, "/hook", False)),
    ("http://localhost/", Target("localhost", 80, "/", False)),
]
REFUSED = [
    "",
    "example.com/hook",
    "http://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "https://",
    "https:///hook",
    "https://example",
    "https://localhost/",
    "https://redis/",
    "https://example.com./",
    "https://example.com:80/",
    "https://example.com:22/",
    "https://example.com:5432/",
    "https://example.com:0/",
    "https://example.com:99999/",
    "https://user@example.com/",
    "https://user:password@example.com/",
    "https://example.com@127.0.0.1/",
    "https://example.com\\@127.0.0.1/",
    "https://example.com#@127.0.0.1/",
    "https://example.com/#part",
    "https://example.com/a b",
    "https://example.com/\r\nX: y",
    "https://example.com/\x00",
    "https://exam\tple.com/",
    " https://example.com/",
    "https://example.com/ ",
    "https://exämple.com/",
    "https://example。com/",
    "https://１２７.0.0.1/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://0/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[fd00:ec2::254]/",
    "https://-example.com/",
    "https://example-.com/",
    "https://.com/",
    "https://a..com/",
    "https://example.c0m.1/",
    f"https://example.com/{'a' * 300}",
]
NOT_PUBLIC = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::93.184.216.34",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:93.184.216.34",
    "::ffff:0:93.184.216.34",
    "64:ff9b::7f00:1",
    "64:ff9b::5db8:d822",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2002:5db8:d822::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fdff::1",
    "fe80::1",
    "fe80::1%eth0",
    "2606:4700::1111%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
PUBLIC = ["1.1.1.1", "93.184.216.34", "203.162.4.190", "2606:4700::1111", "2a00:1450:4001::1"]


@pytest.fixture(autouse=True)
def shop(settings):
    """Nothing here asks the database."""
    settings.WEBHOOKS_ALLOW_HTTP_LOOPBACK = True


@pytest.mark.parametrize(("url", "target"), FINE)
def test_what_an_address_means(url, target):
    assert target_of(url) == target


@pytest.mark.parametrize("url", REFUSED)
def test_addresses_that_are_refused_at_once(url):
    with pytest.raises(InvalidInput) as refusal:
        target_of(url)
    assert refusal.value.field == "url"


def test_this_machine_by_plain_http_only_where_the_settings_say_so(settings):
    settings.WEBHOOKS_ALLOW_HTTP_LOOPBACK = False

    with pytest.raises(InvalidInput, match="https"):
        target_of("http://127.0.0.1:8000/hook")


def test_only_hosts_on_the_list_where_there_is_one(settings):
    settings.WEBHOOK_HOSTS = ["hooks.example.com"]

    assert target_of("https://hooks.example.com/").host == "hooks.example.com"
    with pytest.raises(InvalidInput, match="other hosts"):
        target_of("https://example.com/")


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_addresses_of_one_s_own_network_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_other_people_are_public(address):
    assert is_public(address)


def names(monkeypatch, *found):
    def look_up(*_args):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in found]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", look_up)


EXAMPLE = Target("example.com", 443, "/", True)


def test_a_name_is_as_private_as_the_worst_of_its_addresses(monkeypatch):
    names(monkeypatch, "93.184.216.34", "93.184.216.34", "1.1.1.1")
    assert resolve(EXAMPLE, patience=1) == ["93.184.216.34", "1.1.1.1"]

    for inner in NOT_PUBLIC:
        names(monkeypatch, "93.184.216.34", inner)
        with pytest.raises(NotPublic):
            resolve(EXAMPLE, patience=1)


@pytest.mark.parametrize("address", ["93.184.216.34", "10.0.0.1"])
def test_localhost_is_this_machine_whatever_the_name_server_says(monkeypatch, address):
    names(monkeypatch, address)

    with pytest.raises(NotPublic):
        resolve(Target("localhost", 80, "/", False), patience=1)
