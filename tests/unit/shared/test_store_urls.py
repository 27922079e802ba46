"""Addresses as people write them: read as they are meant, or refused in one line that names no part of them."""

import importlib
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import redis

from shared.db.sessions import parameters_of
from shared.errors import ConfigurationError
from shared.jobs.healthcheck import main as healthcheck
from shared.settings import StoreSettings, load_settings
from shared.store_urls import postgresql_url, redis_url
from timeline.settings import TimelineSettings

SECRET = "topsecret"
GOOD = {"WARMLINE_DATABASE_URL": "postgresql://u:p@127.0.0.1:1/d", "WARMLINE_REDIS_URL": "redis://127.0.0.1:1"}


@pytest.fixture(autouse=True)
def good(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # where no .env lies
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("password", ["to#p", "t/p", "t@p", "a:b", "t?p", "p%", "100%25", "ü€", "a b", "'\"\\"])
@pytest.mark.parametrize("is_encoded", [True, False])
def test_a_password_of_any_characters_is_taken(password: str, is_encoded: bool) -> None:
    written = quote(password, safe="") if is_encoded else password.replace("%25", "%2525")
    url = postgresql_url(f"postgresql://u:{written}@h:5433/d?sslmode=require")
    assert (url.user, url.password, url.path) == ("u", password, "d")
    assert parameters_of(url, writes=True)["password"] == password
    for_redis = redis_url(f"redis://:{written}@h:6380/3")
    client = redis.Redis.from_url(for_redis.text())
    held = client.connection_pool.connection_kwargs
    assert (held["password"], held["host"], held["port"], held["db"]) == (password, "h", 6380, 3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://u@h1:5432,h2:5433/db", {"host": "h1,h2", "port": "5432,5433"}),
        ("postgresql://u@h1,h2/db", {"host": "h1,h2", "target_session_attrs": "read-write"}),
        ("postgresql://u@h1,h2:5433/db", {"host": "h1,h2", "port": ",5433"}),
        ("postgresql://u@h1,h2/db?target_session_attrs=any", {"host": "h1,h2", "target_session_attrs": "any"}),
        ("postgresql://u:p@h:/db", {"host": "h", "dbname": "db"}),
        ("postgresql:///db?host=/run/pg&port=6432", {"host": "/run/pg", "port": "6432", "dbname": "db"}),
        ("postgresql://u@%2Frun%2Fpostgresql/db", {"host": "/run/postgresql"}),
        ("postgresql://u@[::1]:5433/db", {"host": "::1", "port": "5433"}),
        ("postgresql://h/db?application_name=a%40b", {"application_name": "a@b"}),
        ("postgresql://h/db?connect_timeout=9", {"connect_timeout": "9"}),
        ("postgresql://h/db?options=-c%20search_path%3Dx+y", {"options": "-c search_path=x+y"}),
        ("postgresql://", {}),
    ],
)  # fmt: skip
def test_libpq_is_told_what_the_address_says(text: str, expected: dict[str, str]) -> None:
    told = parameters_of(postgresql_url(text), writes=True)
    assert {name: told.get(name) for name in expected} == expected
    assert parameters_of(postgresql_url(postgresql_url(text).text()), writes=True) == told


def test_of_several_hosts_a_reader_takes_any() -> None:
    assert "target_session_attrs" not in parameters_of(postgresql_url("postgresql://h1,h2/d"), writes=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("redis://h", {"host": "h"}),
        ("redis://u:p@h:/4", {"host": "h", "username": "u", "password": "p", "db": 4}),
        ("redis://[::1]:6380/0", {"host": "::1", "port": 6380}),
        ("redis://h/0?client_name=w", {"client_name": "w"}),
        ("unix://:p@/run/r.sock?db=2", {"path": "/run/r.sock", "password": "p", "db": 2}),
        ("rediss://h/0?ssl_cert_reqs=required&ssl_ca_certs=/c", {"ssl_cert_reqs": "required", "ssl_ca_certs": "/c"}),
    ],
)  # fmt: skip
def test_redis_client_reads_the_address_as_it_was_meant(text: str, expected: dict[str, object]) -> None:
    held = redis.Redis.from_url(redis_url(text).text()).connection_pool.connection_kwargs
    assert {name: held.get(name) for name in expected} == expected


WRONG = [
    ("REDIS_URL", f"redis://:{SECRET}@h/0?decode_responses=True"),
    ("REDIS_URL", f"redis://:{SECRET}@h/0?foo={SECRET}"),
    ("REDIS_URL", f"redis://:{SECRET}@h/0?{SECRET}"),
    ("REDIS_URL", f"redis://:{SECRET}@h/0?db=3"),
    ("REDIS_URL", f"redis://:{SECRET}@h/0?protocol=3"),
    ("REDIS_URL", f"redis://:{SECRET}@h/0?socket_timeout=600"),
    ("REDIS_URL", f"redis://:{SECRET}@h/0?ssl_cert_reqs=none"),  # of TLS, which redis:// has not
    ("REDIS_URL", f"rediss://:{SECRET}@h/0?ssl_cert_reqs=maybe"),
    ("REDIS_URL", f"redis://:{SECRET}@h/0?client_name=a&client_name=b"),
    ("REDIS_URL", f"redis://:{SECRET}@h1,h2/0"),
    ("REDIS_URL", f"redis://:{SECRET}@h/{SECRET}"),
    ("REDIS_URL", f"redis://:{SECRET}@h/0/1"),
    ("REDIS_URL", f"redis://:{SECRET}@h/0#x"),
    ("REDIS_URL", f"redis://:{SECRET}@h:99999/0"),
    ("REDIS_URL", f"redis://:{SECRET}@h:-1/0"),
    ("REDIS_URL", f"redis://:{SECRET}@h:٣/0"),
    ("REDIS_URL", f"redis://:{SECRET}@h/0\nX: y"),
    ("REDIS_URL", f"redis://:{SECRET}@h\udce9/0"),  # a byte of Latin-1 in the environment
    ("REDIS_URL", f"unix://:{SECRET}@"),
    ("REDIS_URL", f"redis+cluster://:{SECRET}@h/0"),
    ("DATABASE_URL", f"postgresql://u:{SECRET}@h:5432x/d"),
    ("DATABASE_URL", f"postgresql://u:{SECRET}@h1,,h2/d"),
    ("DATABASE_URL", f"postgresql://u:{SECRET}@h h/d"),
    ("DATABASE_URL", f"postgresql://u:{SECRET}@h/d?sslmode"),
    ("DATABASE_URL", f"postgresql://u:{SECRET}@h/d?client_encoding=latin1"),
    ("DATABASE_URL", f"postgresql://u:{SECRET}@h/d?replication=database"),
    ("DATABASE_URL", f"host=h password={SECRET}"),
]


def _refused(name: str, value: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(StoreSettings, **{name.lower(): value})
    return str(caught.value)


@pytest.mark.parametrize(("name", "value"), WRONG, ids=[ascii(value) for _, value in WRONG])
def test_an_odd_address_is_one_line_with_the_setting_and_no_secret(name: str, value: str) -> None:
    said = _refused(name, value)
    assert (said.startswith(f"WARMLINE_{name}: got "), ", expected " in said) == (True, True)
    assert (said.count("\n"), SECRET in said) == (0, False)


# --- every process that builds a client -------------------------------------------------------------------------------

PROCESSES = [
    ("s01_heuristic.__main__", "--once"),
    ("s02_train_neucf.__main__", "--once"),
    ("s02_recsys_neucf.__main__", "--once"),
    ("timeline.__main__",),
    ("warmline.__main__", "phase", "get"),
    ("shared.jobs.healthcheck", "s01_heuristic"),
]


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    root, handlers = logging.getLogger(), logging.getLogger().handlers[:]
    levels = root.level, logging.getLogger("warmline").level
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    logging.getLogger("warmline").setLevel(levels[1])


@pytest.mark.usefixtures("logging_as_it_was")
@pytest.mark.parametrize("process", PROCESSES, ids=lambda process: process[0])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WARMLINE_REDIS_URL", f"redis://:{SECRET}@127.0.0.1:1/0?decode_responses=True"),
        ("WARMLINE_DATABASE_URL", f"postgresql://u:{SECRET}@127.0.0.1:1/d?foo=bar"),  # which only libpq can tell
    ],
    ids=["redis", "postgresql"],
)
def test_every_process_refuses_at_its_start_in_one_line(
    name: str, value: str, process: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WARMLINE_ENV", "dev")
    monkeypatch.setenv(name, value)
    module, *arguments = process
    code = importlib.import_module(module).main(arguments)
    said = capsys.readouterr().err
    assert (code in (1, 2), said.count("\n"), said.startswith(f"{name}: got ")) == (True, 1, True)
    assert SECRET not in said


@pytest.mark.parametrize("value", ["tcp://10.0.0.1:8000", "udp://[fd00::1]:8000"])
def test_a_port_as_kubernetes_sets_it_is_explained(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMLINE_ENV", "dev")
    monkeypatch.setenv("WARMLINE_PORT", value)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(TimelineSettings)
    said = str(caught.value)
    assert (said.startswith(f"WARMLINE_PORT: got '{value}', expected"), "Kubernetes" in said) == (True, True)
    assert said.count("\n") == 0


def test_a_healthcheck_with_such_a_port_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WARMLINE_PORT", "tcp://10.0.0.1:8000")
    assert healthcheck(["timeline"]) == 2
    assert capsys.readouterr().err.startswith("WARMLINE_PORT: got ")


def test_a_file_of_settings_in_latin_1_is_one_line(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(f"# a\nWARMLINE_REDIS_URL=redis://:{SECRET}\xe9@h\n".encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"^\.env: line 2 is not UTF-8; save the file as UTF-8$"):
        load_settings(StoreSettings)
