"""Fetches a photo from an allowed host: connects to the very address that was checked, so DNS cannot change it.

It uses the standard library's client on a socket that we open: no proxy, no cookies, no unchecked redirect.
"""

import http.client
import io
import re
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urljoin

from shared.content.photos.addresses import AddressCheck, Resolver, is_public, resolve
from shared.content.photos.allowed_urls import Target, allowed_target
from shared.content.photos.unreadable import Fault, PhotoRefused

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NOT_THERE = frozenset({404, 410})
_HTML = re.compile(rb"\s*<(!doctype\s+html|html)\b", re.IGNORECASE)  # whatever content type the host gives
_CHUNK = 65_536  # bytes
_MAX_ADDRESSES = 4  # tried of one host
_HEADERS = {"User-Agent": "warmline", "Accept": "image/*", "Accept-Encoding": "identity", "Connection": "close"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """Limits for fetching one photo."""

    seconds: float = 10.0  # from the first connection to the last byte, redirects included
    max_bytes: int = 20_000_000
    max_redirects: int = 3


class Fetcher:
    """Fetches from the hosts of an allow-list. Safe to use from several threads."""

    def __init__(
        self,
        hosts: Sequence[str],
        limits: FetchLimits,
        *,
        resolver: Resolver = resolve,
        is_allowed: AddressCheck = is_public,
    ) -> None:
        self._hosts = tuple(hosts)
        self._limits = limits
        self._resolver = resolver
        self._is_allowed = is_allowed
        self._tls = ssl.create_default_context()

    def fetch(self, url: str) -> bytes:
        """The bytes behind a URL.

        Raises:
            PhotoRefused: whatever went wrong on the way.
        """
        deadline = time.monotonic() + self._limits.seconds
        try:
            for _ in range(self._limits.max_redirects + 1):
                answer = self._get(allowed_target(url, self._hosts), deadline)
                if isinstance(answer, bytes):
                    return answer
                url = urljoin(url, answer.location)
        except TimeoutError:
            raise PhotoRefused(Fault.TIMED_OUT, f"expected all of it in {self._limits.seconds:g} s") from None
        except (OSError, http.client.HTTPException, ValueError) as error:  # TLS errors are OSErrors
            raise PhotoRefused(Fault.CONNECTION_FAILED, f"the connection ended with {type(error).__name__}") from error
        raise PhotoRefused(Fault.TOO_MANY_REDIRECTS, f"expected {self._limits.max_redirects} or fewer")

    def _get(self, target: Target, deadline: float) -> "bytes | _Redirect":
        with self._connect(target, self._checked_addresses(target), deadline) as sock:
            connection = http.client.HTTPConnection(target.host, target.port)
            connection.sock = cast(socket.socket, _DeadlineSocket(sock, deadline))
            connection.request("GET", target.path, headers={"Host": target.netloc, **_HEADERS})
            response = connection.getresponse()
            location = response.getheader("Location")
            if response.status in _REDIRECTS and location:
                return _Redirect(location)
            return self._body(response)

    def _checked_addresses(self, target: Target) -> Sequence[str]:
        try:
            addresses = self._resolver(target.host, target.port)
        except (OSError, UnicodeError):
            raise PhotoRefused(Fault.HOST_UNKNOWN, f"{target.host} has no address") from None
        # One private address refuses the host: a name with public and private addresses is likely an attack.
        refused = [address for address in addresses if not self._is_allowed(address)]
        if refused or not addresses:
            raise PhotoRefused(
                Fault.ADDRESS_NOT_ALLOWED, f"{target.host} is at {refused or 'no address'}, expected a public address"
            )
        return addresses[:_MAX_ADDRESSES]

    def _connect(self, target: Target, addresses: Sequence[str], deadline: float) -> socket.socket:
        for position, address in enumerate(addresses):
            untried = len(addresses) - position
            try:  # an equal share of the time for each, so that a dead IPv6 route leaves time for IPv4
                sock = socket.create_connection((address, target.port), timeout=_left(deadline) / untried)
            except OSError:
                if untried == 1:
                    raise
                continue
            if target.scheme == "http":
                return sock
            sock.settimeout(_left(deadline))
            # The certificate is checked against the name, not the address.
            return self._tls.wrap_socket(sock, server_hostname=target.host)
        raise AssertionError("no address to connect to")

    def _body(self, response: http.client.HTTPResponse) -> bytes:
        kind = response.headers.get_content_maintype() if response.headers.get("Content-Type") else "image"
        if response.status != 200 or kind == "text":  # an error page in the photo's place
            raise _no_photo(response.status, kind)
        content = bytearray()
        announced = response.length or 0  # the announced length; 0 if there is none
        while announced <= self._limits.max_bytes and (chunk := response.read(_CHUNK)):
            content += chunk
            if len(content) > self._limits.max_bytes:
                break
        if max(announced, len(content)) > self._limits.max_bytes:
            raise PhotoRefused(Fault.TOO_MANY_BYTES, f"expected {self._limits.max_bytes:,} bytes or fewer")
        if response.length:  # when read in chunks, http.client does not report this itself
            raise PhotoRefused(Fault.CONNECTION_FAILED, f"got {len(content):,} of {announced:,} bytes")
        if _HTML.match(content):
            raise _no_photo(response.status, "a page")
        return bytes(content)


def _no_photo(status: int, kind: str) -> PhotoRefused:
    """That a host answers, and not with a photo; where it does not say that there is none, all of its photos may be
    concerned."""
    return PhotoRefused(
        Fault.HTTP_ANSWER,
        f"got status {status} and {kind}, expected 200 and an image",
        may_be_outage=status not in _NOT_THERE,
    )


@dataclass(frozen=True, slots=True)
class _Redirect:
    location: str


class _DeadlineSocket:
    """The part of a socket that http.client needs, with one deadline for everything: slow servers cannot extend it."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline

    def sendall(self, content: bytes) -> None:
        self._sock.settimeout(_left(self._deadline))
        self._sock.sendall(content)

    def makefile(self, *_: Any) -> io.BufferedReader:
        return io.BufferedReader(_DeadlineReader(self._sock, self._deadline))

    def close(self) -> None:
        """Does nothing: the caller that opened the socket closes it after the body was read."""


class _DeadlineReader(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(_left(self._deadline))
        return self._sock.recv_into(buffer)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
