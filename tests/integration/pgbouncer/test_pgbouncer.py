"""Through the real PgBouncer in transaction mode, whether it refuses our session settings or drops them."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import psycopg2
import pytest

from demo.processes import free_port
from shared.db.engine import Database
from shared.db.migrate import migrate
from shared.errors import StoreUnavailable
from tests.flow.deployment import ANN, API_KEY, COLD, Deployment, ask, build_world, posts_of, until_ready
from tests.stores import administrator, empty_database, store_settings

pytestmark = pytest.mark.debian
BACKEND = {"Authorization": f"Bearer {API_KEY}"}
BINARY = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
NOBODY = 65_534  # it refuses to run as root
START_SECONDS = 10.0
SERVERS = 3  # connections to PostgreSQL, which all clients share
SERVER_ZONE = "Asia/Tokyo"


@pytest.fixture(scope="module", params=["refuses options", "drops options"])
def bouncer(request: pytest.FixtureRequest, server_url: str) -> Iterator[str]:
    """The server's address through PgBouncer."""
    server, port = urlsplit(server_url), free_port()
    options = "ignore_startup_parameters = options\n" if request.param == "drops options" else ""
    with tempfile.TemporaryDirectory(prefix="warmline-pgbouncer-") as name:  # in no folder that is root's alone
        folder, log = Path(name), Path(name) / "log"
        (folder / "users.txt").write_text(f'"{server.username}" "{server.password}"\n')
        (folder / "pgbouncer.ini").write_text(
            f"[databases]\n* = host={server.hostname} port={server.port}\n[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = scram-sha-256\n"
            f"auth_file = {folder}/users.txt\npool_mode = transaction\ndefault_pool_size = {SERVERS}\n{options}"
        )
        url = server._replace(netloc=f"{server.username}:{server.password}@127.0.0.1:{port}").geturl()
        with log.open("wb") as file, _started(folder, file) as process:
            _until_it_answers(url, process, log)
            yield url


@contextmanager
def _started(folder: Path, log: IO[bytes]) -> Iterator["subprocess.Popen[bytes]"]:
    identity: dict[str, Any] = {}
    if os.geteuid() == 0:
        identity = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        for path in (folder, *folder.iterdir()):
            os.chown(path, NOBODY, NOBODY)
    process = subprocess.Popen([BINARY, folder / "pgbouncer.ini"], cwd="/", stderr=log, **identity)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _until_it_answers(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg2.connect(url).close()
            return
        except psycopg2.OperationalError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)


@pytest.fixture(scope="module")
def bounced_url(bouncer: str, server_url: str) -> Iterator[str]:
    """A migrated database with the small world, through PgBouncer; the server's own time zone is not ours."""
    with empty_database(server_url) as direct:
        name = direct.rpartition("/")[2]
        with administrator(server_url) as connection:
            connection.exec_driver_sql(f"ALTER DATABASE {name} SET timezone = '{SERVER_ZONE}'")
        url = urlsplit(bouncer)._replace(path=f"/{name}").geturl()
        database = Database(store_settings(url))
        migrate(database)
        database.close()
        build_world(Deployment(database_url=direct, redis_url=""))
        yield url


@pytest.fixture
def database(bounced_url: str) -> Iterator[Database]:
    database = Database(store_settings(bounced_url), statement_seconds=0.3)
    yield database
    database.close()


def test_a_statement_is_given_up_in_time(database: Database) -> None:
    begun = time.monotonic()
    with pytest.raises(StoreUnavailable, match="statement timeout"), database.begin() as connection:
        connection.exec_driver_sql("SELECT pg_sleep(20)")
    assert time.monotonic() - begun < 5


def test_times_are_utc_in_every_transaction(database: Database) -> None:
    for _ in range(3):
        with database.begin() as connection:
            assert connection.exec_driver_sql("SHOW timezone").scalar() == "UTC"
        with database.read() as snapshot:
            found = snapshot.connection(database.own).exec_driver_sql(
                "SELECT current_setting('timezone'), current_setting('transaction_read_only'),"
                " current_setting('transaction_isolation'), current_setting('statement_timeout')"
            )
            assert tuple(found.one()) == ("UTC", "on", "repeatable read", "300ms")


def test_what_we_set_reaches_nobody_else(database: Database, bounced_url: str) -> None:
    with database.begin() as connection:
        connection.exec_driver_sql("SELECT 1")
    others = [psycopg2.connect(bounced_url) for _ in range(SERVERS)]
    try:
        for other in others:
            with other.cursor() as cursor:
                cursor.execute("SELECT current_setting('timezone'), current_setting('statement_timeout')")
                assert cursor.fetchone() == (SERVER_ZONE, "0")
    finally:
        for other in others:
            other.close()


def test_a_run_and_a_timeline_work(bounced_url: str, fresh_redis: str) -> None:
    deployment = Deployment(database_url=bounced_url, redis_url=fresh_redis)
    deployment.run_heuristic()
    with deployment.timeline() as client:
        until_ready(client)
        assert ask(client, ANN)["source"] == "heuristic"
        assert client.put(f"/users/{COLD}/blocks/author3", headers=BACKEND).status_code == 204
        shown = {post["id"] for post in ask(client, COLD, limit=100)["posts"]}
        assert (len(shown), shown & posts_of("author3")) == (81, set())
        events = [{"user_id": ANN, "post_id": "p10", "kind": "like"}]
        assert client.post("/interactions", json=events, headers=BACKEND).json()["accepted"] == 1
