"""Starts the services of the benchmark: a timeline and both rankers, on a world with lists of both phases."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis

from benchmarks.databases import open_database
from benchmarks.errors import BenchmarkRefused
from benchmarks.new_posts.jobs import make_champion
from benchmarks.provenance import ROOT
from benchmarks.serve import servers
from benchmarks.serve.servers import Served
from demo import processes
from shared.content.encoders.registry import OFFLINE_ENGLISH
from shared.db.engine import Database
from shared.db.migrate import migrate
from shared.domain import Phase
from shared.ranked_lists import keys

READY_SECONDS = 90.0
MEMBERS = 3  # of the champion, as a training makes it


def untrained(database: Database, home: Path) -> None:
    """A model of the size that a training makes."""
    make_champion(database, home, members=MEMBERS)


@contextmanager
def running(
    home: Path,
    database_url: str,
    redis_url: str,
    fill: Callable[[Database], object],
    *,
    champion: Callable[[Database, Path], object] = untrained,
) -> Iterator[Mapping[str, Served]]:
    """All services by name, once both rankers have published and listen.

    `champion` makes the model, in the filled database and this folder.
    """
    database = open_database(database_url, redis_url=redis_url)
    try:
        migrate(database)
        fill(database)
        champion(database, home)
    finally:
        database.close()
    with ExitStack() as stack:
        own = {"WARMLINE_MODEL_DIR": str(home), "WARMLINE_TEXT_ENCODER": OFFLINE_ENGLISH}
        given = {**servers.environment(home, 0, database_url, redis_url), **own}
        found = {
            name: stack.enter_context(_service(home, name, given)) for name in ("s01_heuristic", "s02_recsys_neucf")
        }
        found["timeline"] = stack.enter_context(
            servers.timeline(home, database_url=database_url, redis_url=redis_url, path="/healthz")
        )
        _wait_until_listening(redis_url)
        yield found


@contextmanager
def _service(home: Path, name: str, given: Mapping[str, str]) -> Iterator[Served]:
    process = processes.start(
        [sys.executable, "-m", name], log=home / f"{name}.log", cwd=home, env={**given, "PYTHONPATH": str(ROOT)}
    )
    try:
        yield Served(port=0, process=process)
    finally:
        processes.stop(process)


def _wait_until_listening(redis_url: str) -> None:
    wanted = [name for phase in Phase for name in (keys.published(phase), keys.live(phase))]
    until = time.monotonic() + READY_SECONDS
    with redis.Redis.from_url(redis_url) as client:
        while client.exists(*wanted) != len(wanted):
            if time.monotonic() > until:
                raise BenchmarkRefused(
                    f"no lists of both phases within {READY_SECONDS:.0f} s; is the machine very busy?"
                )
            time.sleep(0.1)
