"""Where a timeline listens: its address in words, and the setting that is to blame where it cannot."""

import socket

import pytest

from shared.errors import ConfigurationError
from timeline.http.listening import address_of, bind, close


def test_the_address_names_the_port_that_the_machine_chose() -> None:
    sockets = bind("127.0.0.1", 0)
    try:
        assert address_of(sockets) == f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    finally:
        close(sockets)


def test_a_name_of_several_addresses_has_one_port() -> None:
    sockets = bind("localhost", 0)
    try:
        assert len({each.getsockname()[1] for each in sockets}) == 1
    finally:
        close(sockets)


@pytest.mark.parametrize(
    ("host", "says"),
    [
        ("192.0.2.1", "WARMLINE_HOST: 192.0.2.1:0 is no address of this machine"),
        ("no such host", "WARMLINE_HOST: got 'no such host', expected an address"),
    ],
)
def test_a_host_of_another_machine_names_the_setting(host: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        bind(host, 0)


def test_a_port_in_use_names_the_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"WARMLINE_PORT: 127.0.0.1:{port} is in use"):
            bind("127.0.0.1", port)
