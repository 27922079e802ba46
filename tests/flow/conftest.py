"""The small world of `tests.flow.deployment` on the session's servers, fresh for each test that wants it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from demo.embedded import embedded_servers
from demo.valkey import Valkey
from shared.db.engine import Database
from shared.db.migrate import migrate
from shared.settings import StoreSettings
from tests.databases import EMPTY, database_like, name_of
from tests.flow.camps import Camps, build_camps, train_and_score
from tests.flow.deployment import Deployment, build_world, until_ready
from tests.flow.stores_template import StoresTemplate, template_of
from tests.traces import make_views


@pytest.fixture(scope="session")
def migrated_template(server_url: str) -> Iterator[str]:
    """A migrated database with the small world in it, to be copied: quicker than to migrate for each test."""
    with database_like(EMPTY, server_url) as url:
        database = Database(StoreSettings(database_url=url, redis_url="redis://localhost"))
        migrate(database)
        database.close()
        build_world(Deployment(database_url=url, redis_url=""))
        yield name_of(url)


@pytest.fixture
def copied_database(request: pytest.FixtureRequest, server_url: str, migrated_template: str) -> Iterator[str]:
    """The small world in a database of this test's own."""
    if "ranked_deployment" in request.fixturenames:
        migrated_template = request.getfixturevalue("ranked_template").database
    with database_like(migrated_template, server_url) as url:
        yield url


@pytest.fixture(scope="module")
def shared_deployment(server_url: str, migrated_template: str, redis_url: str) -> Iterator[Deployment]:
    """The ranked world for a module whose tests do not change it; in database 1 of Redis, which no other empties."""
    with database_like(migrated_template, server_url) as database_url:
        deployment = Deployment(database_url=database_url, redis_url=urlsplit(redis_url)._replace(path="/1").geturl())
        with deployment.redis() as redis:
            redis.flushdb()
        deployment.run_heuristic()
        yield deployment


@pytest.fixture
def deployment(copied_database: str, fresh_redis: str) -> Deployment:
    """The small world; nothing was ranked yet."""
    return Deployment(database_url=copied_database, redis_url=fresh_redis)


@pytest.fixture(scope="session")
def ranked_template(server_url: str, migrated_template: str, redis_url: str) -> Iterator[StoresTemplate]:
    """The small world after one heuristic run."""
    with template_of(migrated_template, server_url, redis_url, Deployment.run_heuristic) as template:
        yield template


@pytest.fixture(scope="session")
def views_template(server_url: str, migrated_template: str, redis_url: str) -> Iterator[StoresTemplate]:
    """The same, ranked over a team's views."""

    def rank_views(deployment: Deployment) -> None:
        make_views(deployment)
        replace(deployment, source_schema="team").run_heuristic()

    with template_of(migrated_template, server_url, redis_url, rank_views) as template:
        yield template


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedCamps:
    """The two camps after a training, whose model was promoted, and both rankers' runs; to be copied."""

    world: Camps
    stores: StoresTemplate

    @contextmanager
    def copy(self, server_url: str, redis_url: str) -> Iterator[Camps]:
        """In stores of a test's own; photos and models are those of all tests."""
        with self.stores.copy(server_url, redis_url) as deployment:
            yield replace(self.world, deployment=deployment)


@pytest.fixture(scope="session")
def trained_camps(
    server_url: str, migrated_template: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TrainedCamps]:
    """Trained once for all tests."""
    made: list[Camps] = []

    def prepare(deployment: Deployment) -> None:
        world = build_camps(deployment, tmp_path_factory.mktemp("camps"))
        deployment.run_heuristic()
        train_and_score(world)
        made.append(world)

    with template_of(migrated_template, server_url, redis_url, prepare) as template:
        yield TrainedCamps(world=made[0], stores=template)


@pytest.fixture
def ranked_deployment(deployment: Deployment, ranked_template: StoresTemplate) -> Deployment:
    """The small world after one heuristic run."""
    ranked_template.fill_redis(deployment)
    return deployment


@pytest.fixture(params=["own tables", "views"])
def either_deployment(request: pytest.FixtureRequest, server_url: str, fresh_redis: str) -> Iterator[Deployment]:
    """The ranked world in each of the data modes."""
    has_views = request.param == "views"
    template: StoresTemplate = request.getfixturevalue("views_template" if has_views else "ranked_template")
    with template.copy(server_url, fresh_redis) as deployment:
        yield replace(deployment, source_schema="team" if has_views else None)


@pytest.fixture
def client(ranked_deployment: Deployment) -> Iterator[TestClient]:
    """A timeline of the ranked world that has looked around."""
    with ranked_deployment.timeline() as client:
        until_ready(client)
        yield client


@pytest.fixture(scope="session")
def second_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A Valkey that a test may stop and start."""
    folder: Path = tmp_path_factory.mktemp("second-valkey")
    with embedded_servers(folder, durable=False, postgres=False) as servers:
        assert servers.valkey is not None
        yield servers.valkey


@pytest.fixture
def fragile_deployment(copied_database: str, second_valkey: Valkey) -> Iterator[Deployment]:
    """The small world with a Redis that the test may stop (it comes back empty: nothing is kept on disk)."""
    if second_valkey.process is None:
        second_valkey.start()
    deployment = Deployment(database_url=copied_database, redis_url=second_valkey.url)
    with deployment.redis() as client:
        client.flushall()
    yield deployment
    if second_valkey.process is None:
        second_valkey.start()
