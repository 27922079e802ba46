"""Which addresses and URLs are let through, by themselves."""

import pytest

from shared.content.photos.addresses import is_public
from shared.content.photos.allowed_urls import allowed_target
from shared.content.photos.unreadable import Fault, PhotoRefused


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700:4700::1111", "64:ff9b::808:808"])
def test_a_public_address_is_let_through(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.0.2.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "2001:db8::1",
        "localhost",
        "",
    ],
)
def test_any_other_address_is_not(address: str) -> None:
    assert not is_public(address)


def fault_of(url: str, *hosts: str) -> Fault:
    with pytest.raises(PhotoRefused) as caught:
        allowed_target(url, hosts)
    return caught.value.unreadable.fault


@pytest.mark.parametrize(
    ("url", "entry"),
    [
        ("https://cdn.test/a.jpg", "cdn.test"),
        ("http://cdn.test/a.jpg", "cdn.test"),
        ("https://CDN.Test./a.jpg", "cdn.test"),
        ("https://a.b.cdn.test/a.jpg", "*.cdn.test"),
        ("https://cdn.test:9000/a.jpg", "cdn.test:9000"),
        ("https://img.cdn.test:9000/a.jpg", "*.cdn.test:9000"),
        ("https://cdn.test/a.jpg", "cdn.test:443"),
        ("https://写真.test/a.jpg", "xn--g7qs82g.test"),
    ],
)
def test_a_listed_host_is_let_through(url: str, entry: str) -> None:
    assert allowed_target(url, [entry]).path == "/a.jpg"


@pytest.mark.parametrize(
    ("url", "entry"),
    [
        ("https://evil.test/a.jpg", "cdn.test"),
        ("https://cdn.test.evil.test/a.jpg", "cdn.test"),
        ("https://evilcdn.test/a.jpg", "*.cdn.test"),
        ("https://cdn.test/a.jpg", "*.cdn.test"),
        ("https://cdn.test:22/a.jpg", "cdn.test"),
        ("https://a.cdn.test:22/a.jpg", "*.cdn.test"),
        ("http://2130706433/a.jpg", "127.0.0.1"),
        ("https://[::1]/a.jpg", "cdn.test"),
    ],
)
def test_a_host_that_only_looks_like_a_listed_one_is_refused(url: str, entry: str) -> None:
    assert fault_of(url, entry) is Fault.HOST_NOT_ALLOWED


@pytest.mark.parametrize(
    "url",
    [
        "https://user:secret@cdn.test/a.jpg",
        "https://cdn.test@evil.test/a.jpg",
        "https://cdn.test:99999/a.jpg",
        "https://[::1/a.jpg",
        "https://cdn.test/a\r\nHost: evil.test",
        "https:///a.jpg",
        "https://" + "a" * 64 + ".test/",
        "https://cdn.test/" + "a" * 3000,
    ],
)
def test_a_malformed_url_is_refused(url: str) -> None:
    assert fault_of(url, "cdn.test") is Fault.BAD_REFERENCE
