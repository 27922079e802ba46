"""Decides which URLs may be fetched: http(s), hosts of the allow-list, no credentials. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from shared.content.photos.unreadable import Fault, PhotoRefused

_PORTS = {"http": 80, "https": 443}
_ENTRY = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?|\[[0-9a-f:.]+\](:[0-9]{1,5})?")
MAX_URL = 2048  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A URL that passed the allow-list."""

    scheme: str
    host: str
    port: int
    path: str  # with the query, quoted

    @property
    def netloc(self) -> str:
        """The `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def is_entry(entry: str) -> bool:
    """Whether a string is a valid entry of the allow-list: `host`, `*.domain`, either with `:port`."""
    return _ENTRY.fullmatch(entry) is not None


def allowed_target(url: str, hosts: Sequence[str]) -> Target:
    """Check a URL, and return its parts.

    Args:
        url: from a post or a redirect.
        hosts: the allow-list. `*.example.org` means every name below example.org, not itself. Without a port an entry
            allows only the scheme's default port, so that other services of a listed host cannot be reached.

    Raises:
        PhotoRefused: `bad-reference` or `host-not-allowed`.
    """
    target = _parse(url)
    if not any(_matches(target, entry.lower()) for entry in hosts):
        raise PhotoRefused(
            Fault.HOST_NOT_ALLOWED,
            f"got {target.netloc}, expected a host of WARMLINE_IMAGE_HOSTS ({len(hosts)} listed)",
        )
    return target


def _parse(url: str) -> Target:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".").encode("ascii" if ":" in (parts.hostname or "") else "idna").decode()
        port = parts.port
    except (ValueError, UnicodeError):
        raise PhotoRefused(Fault.BAD_REFERENCE, "got a malformed URL") from None
    if parts.scheme not in _PORTS or not host or "@" in parts.netloc or len(url) > MAX_URL or not url.isprintable():
        raise PhotoRefused(Fault.BAD_REFERENCE, "expected http(s)://host/path without credentials, in 2,048 characters")
    # Names in other scripts, and spaces, are common in file names; what is already quoted stays.
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?") if parts.query else ""
    return Target(scheme=parts.scheme, host=host, port=port or _PORTS[parts.scheme], path=path + query)


def _matches(target: Target, entry: str) -> bool:
    if entry == f"{target.host}:{target.port}" or entry == target.netloc:
        return True
    pattern, _, port = entry.partition(":") if entry.startswith("*.") else ("", "", "")
    if not pattern or not target.host.endswith(pattern[1:]):
        return False
    return int(port or _PORTS[target.scheme]) == target.port
