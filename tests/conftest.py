"""Real servers for the tests: PostgreSQL and Valkey, embedded, or given by WARMLINE_TEST_DATABASE_URL and _REDIS_URL.

A missing server fails the tests that want it; it never skips them.
"""

import os
import signal
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import redis

from demo.child import end_with
from demo.embedded import Servers, embedded_servers
from tests.databases import EMPTY, database_like
from tests.server_folder import server_folder

# Before torch and numpy start their pools: two threads on a busy machine are many times slower than one.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


MOST_WORKERS = 4  # each has servers of its own and up to 1.5 GB, most of it PyTorch and the encoders
LEFT_OUT = {  # marks, and what is said of tests that are left out for want of it
    "debian": "programs out of Debian's packages (PgBouncer, Chromium);"
    " `.ci/run` installs them as root and runs these too",
    "generators": "what `make generators` fetches from PyPI and npm; `.ci/run` fetches it and runs these too",
}
OF_WORKERS = "tests that were left out, by mark"
left_out = pytest.StashKey[dict[str, int]]()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One test process per core, but only one if Redis is given, since each test empties it."""
    return 1 if "WARMLINE_TEST_REDIS_URL" in os.environ else min(MOST_WORKERS, os.cpu_count() or 1)


def pytest_configure(config: pytest.Config) -> None:
    """Handle Ctrl-C also in the background, and end a worker together with the process that started it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # which every process of a test would inherit
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(config, "workerinput"):
        end_with(os.getppid(), signal.SIGINT)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Unit tests last: their files are small, so that no worker is left alone with a large one at the end."""
    items.sort(key=lambda item: item.nodeid.startswith("tests/unit/"))


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Count the tests that want what may not be here, for the lines at the end."""
    for item in items:
        counts = item.config.stash.setdefault(left_out, {})
        for mark in LEFT_OUT:
            if item.get_closest_marker(mark):
                counts[mark] = counts.get(mark, 0) + 1


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Report to the main process what was left out; its end must not interrupt the cleanup."""
    if hasattr(session.config, "workeroutput"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        session.config.workeroutput[OF_WORKERS] = session.config.stash.get(left_out, {})


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Note what a worker left out; each worker has collected all tests."""
    node.config.stash[left_out] = getattr(node, "workeroutput", {}).get(OF_WORKERS, {})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print in one line for each mark what was left out, and why."""
    for mark, count in config.stash.get(left_out, {}).items():
        if f"not {mark}" in config.getoption("markexpr"):
            terminalreporter.write_line(f"Left out: {count} tests marked `{mark}`, which want {LEFT_OUT[mark]}.")


@pytest.fixture(scope="session")
def embedded() -> Iterator[Servers]:
    """The embedded servers of this session, those that the environment does not give."""
    with (
        server_folder() as folder,
        embedded_servers(
            folder,
            durable=False,
            postgres="WARMLINE_TEST_DATABASE_URL" not in os.environ,
            redis="WARMLINE_TEST_REDIS_URL" not in os.environ,
        ) as servers,
    ):
        yield servers


@pytest.fixture(scope="session")
def server_url(embedded: Servers) -> str:
    """A PostgreSQL database of a role that may create others."""
    return os.environ.get("WARMLINE_TEST_DATABASE_URL") or embedded.database_url


@pytest.fixture(scope="session")
def database_url(server_url: str) -> Iterator[str]:
    """An empty database that the whole session shares."""
    with database_like(EMPTY, server_url) as url:
        yield url


@pytest.fixture
def fresh_database_url(server_url: str) -> Iterator[str]:
    """An empty database for one test."""
    with database_like(EMPTY, server_url) as url:
        yield url


@pytest.fixture(scope="session")
def redis_url(embedded: Servers) -> str:
    """Valkey, shared by the session."""
    return os.environ.get("WARMLINE_TEST_REDIS_URL") or embedded.redis_url


@pytest.fixture
def fresh_redis(redis_url: str) -> str:
    """Valkey's address, after everything in it was deleted."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    return redis_url
