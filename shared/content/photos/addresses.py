"""Which network addresses a photo may come from: only public ones, in any notation. Pure except for DNS."""

import ipaddress
import socket
from collections.abc import Callable, Sequence

Resolver = Callable[[str, int], Sequence[str]]
AddressCheck = Callable[[str], bool]

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits


def is_public(address: str) -> bool:
    """Whether an address belongs to the public internet: not private, loopback, link-local, reserved or multicast.

    An IPv4 address inside an IPv6 one (mapped, 6to4, NAT64) is checked too: `::ffff:127.0.0.1` is loopback.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:  # not an address; a link-local one with a scope (`fe80::1%eth0`) is one, and not global
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found in _NAT64:  # in some networks the only way to IPv4, though formally reserved
            return is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
        inner = [each for each in (found.ipv4_mapped, found.sixtofour) if each is not None]
        if found.is_site_local or not all(is_public(str(each)) for each in inner):
            return False
    return found.is_global and not (found.is_multicast or found.is_reserved)


def resolve(host: str, port: int) -> Sequence[str]:
    """All addresses of a host, from the system's resolver (which has its own timeout).

    Raises:
        OSError: the name has no address.
    """
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))
