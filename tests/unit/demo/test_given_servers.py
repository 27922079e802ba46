"""A server that the user names and that is not there: in words, with what to do."""

import socket
from collections.abc import Iterator

import pytest

from demo.errors import ServerFailed
from demo.given_servers import require_given_servers

NOBODY = "postgresql://warmline:secret@127.0.0.1:9/warmline"


@pytest.fixture
def port() -> Iterator[int]:
    """A port that something listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def complaint(**environment: str) -> str:
    with pytest.raises(ServerFailed) as raised:
        require_given_servers({f"WARMLINE_{name}": value for name, value in environment.items()})
    return str(raised.value)


def test_the_servers_of_an_earlier_demo_are_known_by_its_other_variables() -> None:
    said = complaint(DATABASE_URL=NOBODY, DEMO_WARM_USER="u1")
    assert said == (
        "WARMLINE_DATABASE_URL: nothing listens at its address; it comes from demo.env, and that demo has ended: use a"
        " new terminal, or say `unset WARMLINE_DATABASE_URL WARMLINE_REDIS_URL`, and the demo starts servers of its own"
    )


def test_a_server_of_ones_own_is_to_be_started(port: int) -> None:
    said = complaint(DATABASE_URL=f"postgresql://127.0.0.1:{port}/x", REDIS_URL="redis://:secret@127.0.0.1:9/0")
    assert said.startswith("WARMLINE_REDIS_URL: nothing listens at its address; start that server, or say `unset ")
    assert "secret" not in said


@pytest.mark.parametrize(
    "url",
    [
        "",
        "postgresql:///warmline",
        "postgresql://%2Frun%2Fpostgresql/x",
        "no address",
        "postgresql://127.0.0.1:9,127.0.0.1:{port}/x",
    ],
)
def test_what_listens_or_cannot_be_tried_passes(port: int, url: str) -> None:
    require_given_servers({"WARMLINE_DATABASE_URL": url.format(port=port)})
