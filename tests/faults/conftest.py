"""Servers of these tests' own: nobody else's are killed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from demo.embedded import Servers, embedded_servers
from shared.db.engine import Database
from shared.db.migrate import migrate
from shared.settings import StoreSettings
from tests.faults.scenario import Scenario
from tests.flow.deployment import Deployment, build_world
from tests.stores import empty_database


@pytest.fixture(scope="session")
def fragile_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """PostgreSQL and Valkey that may be killed; Valkey keeps nothing on disk, so it comes back empty."""
    with embedded_servers(tmp_path_factory.mktemp("fragile"), durable=False) as servers:
        yield servers


@pytest.fixture
def scenario(fragile_servers: Servers, tmp_path: Path) -> Iterator[Scenario]:
    """The small world after one heuristic run; what a test broke is mended after it."""
    with scenario_on(fragile_servers, tmp_path) as made:
        yield made


@pytest.fixture
def durable_scenario(tmp_path: Path) -> Iterator[Scenario]:
    """The same on servers that wait for the disk."""
    with embedded_servers(tmp_path / "servers", durable=True) as servers, scenario_on(servers, tmp_path) as made:
        yield made


@contextmanager
def scenario_on(servers: Servers, folder: Path) -> Iterator[Scenario]:
    """The small world on these servers, all of which run at the end."""
    assert servers.valkey is not None
    assert servers.postgres is not None
    for server in servers:
        if server.process is None:
            server.start()
    with empty_database(servers.database_url) as url:
        database = Database(StoreSettings(database_url=url, redis_url="redis://localhost"))
        migrate(database)
        database.close()
        deployment = replace(Deployment(database_url=url, redis_url=servers.redis_url), new_post_share=0.1)
        with deployment.redis() as redis:
            redis.flushall()
            redis.config_set("maxmemory", 0)
        build_world(deployment)
        deployment.run_heuristic()
        yield Scenario(servers=servers, deployment=deployment, folder=folder)
        for server in servers:
            if server.process is None:
                server.start()
