"""The sockets that a timeline listens on: bound before anything else is built, so a port in use is told at once."""

import errno
import socket
from collections.abc import Sequence

from shared.errors import ConfigurationError

REASONS = {
    errno.EADDRINUSE: "WARMLINE_PORT: {address} is in use by another process; end that one, or set another port",
    errno.EACCES: "WARMLINE_PORT: {address} may not be listened on by this user; set a port from 1024 on",
    errno.EADDRNOTAVAIL: "WARMLINE_HOST: {address} is no address of this machine; set 127.0.0.1, or 0.0.0.0 for all",
}


def bind(host: str, port: int) -> list[socket.socket]:
    """A socket for each address that the host's name means, bound and not yet listening.

    Raises:
        ConfigurationError: the port is in use, or the host is none of this machine's.
    """
    sockets: list[socket.socket] = []
    missing: OSError | None = None
    for family, address in _addresses(host, port):
        bound = socket.socket(family, socket.SOCK_STREAM)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            chosen = sockets[0].getsockname()[1] if sockets else port  # where the port is 0, all get the same
            bound.bind((address, chosen))
            sockets.append(bound)
        except OSError as error:
            bound.close()
            if error.errno == errno.EADDRNOTAVAIL:  # as asyncio has it: `localhost` where IPv6 is switched off
                missing = error
                continue
            close(sockets)
            raise _refusal(host, port, error) from error
    if not sockets:
        raise _refusal(host, port, missing) from missing
    return sockets


def siblings_of(sockets: Sequence[socket.socket]) -> list[socket.socket]:
    """The same addresses once more, for another process: the kernel spreads connections over them.

    Sockets may only be added to those that agree, which the first ones do from now on; a port that somebody else has
    was refused before.
    """
    added = []
    for first in sockets:
        first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound = socket.socket(first.family, socket.SOCK_STREAM)
        for level, name in ((socket.SOL_SOCKET, socket.SO_REUSEADDR), (socket.SOL_SOCKET, socket.SO_REUSEPORT)):
            bound.setsockopt(level, name, 1)
        if first.family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind(first.getsockname()[:2])
        added.append(bound)
    return added


def address_of(sockets: Sequence[socket.socket]) -> str:
    """Where to ask, as a URL; of several sockets the first."""
    host, port = sockets[0].getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def close(sockets: Sequence[socket.socket]) -> None:
    """Give all of them up."""
    for each in sockets:
        each.close()


def _addresses(host: str, port: int) -> list[tuple[int, str]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(f"WARMLINE_HOST: got {host!r}, expected an address of this machine") from error
    return list(dict.fromkeys((int(family), str(address[0])) for family, _, _, _, address in found))


def _refusal(host: str, port: int, error: OSError | None) -> ConfigurationError:
    text = REASONS.get(error.errno or 0) if error is not None else None
    if text is None:
        text = f"WARMLINE_HOST and WARMLINE_PORT: {{address}} cannot be listened on ({error})"
    return ConfigurationError(text.format(address=f"{host}:{port}"))
