"""Two installations that meet in one Redis or one snapshot file: neither is served with the other's, nor changes it."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from shared.db.installation import renew_installation
from shared.files.snapshot_owner import WITHOUT_OWNER, read_snapshot_owner
from shared.ranked_lists.ownership import take_over
from tests.databases import database_like
from tests.flow.deployment import API_KEY, COLD, POSTS, STRANGER, Deployment, ask, eventually, ids, until_ready
from tests.integration.shared.ranked_lists.test_ownership import dump
from tests.races.pair import PATIENT
from tests.races.stops import At, Proxy

BACKEND = {"Authorization": f"Bearer {API_KEY}"}


@pytest.fixture
def theirs(ranked_deployment: Deployment) -> Deployment:
    """The ranked world, whose Redis and database are another installation's for `ours`."""
    return ranked_deployment


@pytest.fixture
def ours(theirs: Deployment, server_url: str, migrated_template: str) -> Iterator[Deployment]:
    """A copy of the database under a name of its own, whose settings name the other's Redis by mistake."""
    with database_like(migrated_template, server_url) as url:
        deployment = Deployment(database_url=url, redis_url=theirs.redis_url)
        deployment.sql("UPDATE warmline.installation SET id = 'ours', salt = 'our salt'")
        deployment.delete_post("p00")
        yield deployment


def missing(client: object) -> dict[str, str]:
    found = client.get("/readyz").json()["missing"]  # type: ignore[attr-defined]
    assert isinstance(found, dict)
    return found


def lasting(client: redis.Redis) -> dict[bytes, object]:
    """All that Redis holds besides who asked."""
    return {name: value for name, value in dump(client).items() if name != b"wl:asked"}


def test_copies_that_are_under_way_while_it_is_learned_whose_they_are_are_not_served(ours: Deployment) -> None:
    """PostgreSQL is slow to say which installation this is, so copies are taken before; then it says it."""
    with (
        Proxy(ours.redis_url) as redis_proxy, Proxy(ours.database_url) as postgres,
        postgres.stop("pg_is_in_recovery", at=At.ANSWER) as answer,
        redis_proxy.stop("wl:everyone", at=At.ANSWER) as copy,
        replace(ours, redis_url=redis_proxy.url, database_url=postgres.url).timeline(**PATIENT) as client,
    ):  # fmt: skip
        copy.wait()
        answer.wait()
        answer.go_on()
        with suppress(AssertionError):  # it may wait for the copies
            eventually(lambda: "postgresql" not in missing(client), "it is known whose they are", seconds=1)
        copy.go_on()
        eventually(lambda: missing(client).get("redis") == "belongs to another installation", "it is named")
        page = ask(client, COLD, limit=100)
        assert (page["source"], page["degraded"]) == ("newest", ["redis"])
        assert set(ids(page)) == set(POSTS) - {"p00"}


def test_a_timeline_neither_reads_nor_writes_a_redis_of_another(ours: Deployment) -> None:
    with ours.redis() as redis_client:
        before = dump(redis_client)
        with ours.timeline() as client:
            eventually(lambda: missing(client).get("redis") == "belongs to another installation", "it is named")
            page = ask(client, COLD, limit=100)
            client.put(f"/users/{COLD}/blocks/author3", headers=BACKEND)
            client.delete("/posts/p07", headers=BACKEND)
            client.delete("/users/fan1", headers=BACKEND)
            after_writes = ask(client, COLD, limit=100)
        assert (page["source"], page["degraded"]) == ("newest", ["redis"])
        assert set(ids(page)) == set(POSTS) - {"p00"}
        assert "p07" not in ids(after_writes)
        assert dump(redis_client) == before


def test_what_was_taken_while_postgresql_was_away_is_dropped_when_it_says_whose_it_is(ours: Deployment) -> None:
    ours.close_database()
    with ours.timeline() as client:
        eventually(lambda: ask(client, STRANGER)["source"] == "everyone", "nobody can tell whose lists these are")
        assert "p00" in ids(ask(client, "someone", limit=100))  # which is deleted here, and not there
        ours.open_database()
        eventually(lambda: missing(client).get("redis") == "belongs to another installation", "it is named")
        page = ask(client, STRANGER, limit=100)
        assert (page["source"], set(ids(page))) == ("newest", set(POSTS) - {"p00"})


def test_a_timeline_whose_redis_is_taken_over_goes_on_from_its_own(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as client:
        until_ready(client)
        take_over(ranked_deployment.redis_url, "another")
        with ranked_deployment.redis() as redis_client:
            redis_client.set("wl:safety", "their epoch")  # the other one's, loaded
            before = dump(redis_client)
            eventually(lambda: missing(client) == {"redis": "belongs to another installation"}, "it is named")
            page = ask(client, STRANGER, limit=100)
            assert (page["source"], page["degraded"], sorted(ids(page))) == ("snapshot", ["redis"], sorted(POSTS))
            assert dump(redis_client) == before


def saved_by(deployment: Deployment, file: Path) -> bytes:
    with deployment.timeline(snapshot_file=file) as client:
        until_ready(client)
    return file.read_bytes()


def away(deployment: Deployment) -> Deployment:
    """The same database, Redis down."""
    return Deployment(database_url=deployment.database_url, redis_url="redis://127.0.0.1:1")


def as_an_earlier_version_wrote_it(value: bytes) -> bytes:
    """The same file without an owner."""
    body = value[40:]
    body = body[4 + int.from_bytes(body[:4], "little") :]
    return WITHOUT_OWNER + hashlib.sha256(body).digest() + body


@pytest.mark.parametrize("has_owner", [True, False], ids=["this version", "an earlier one"])
def test_a_snapshot_of_another_is_not_served_named_and_left(
    has_owner: bool, theirs: Deployment, ours: Deployment, tmp_path: Path
) -> None:
    file = tmp_path / "timeline.bin"
    value = saved_by(theirs, file)
    if not has_owner:
        ours.sql("UPDATE warmline.post_rows SET post_id = 'x' || post_id")
        ours.sql("INSERT INTO warmline.post_rows (post_id) VALUES (%s)", [(f"y{number}",) for number in range(90)])
        value = as_an_earlier_version_wrote_it(value)
        file.write_bytes(value)
    with away(ours).timeline(snapshot_file=file) as client:
        page = ask(client, STRANGER, limit=100)
        assert (page["source"], "p00" in ids(page)) == ("newest", False)
        eventually(lambda: "another installation" in missing(client).get("snapshot", ""), "it is named")
        client.delete("/users/fan1", headers=BACKEND)  # which rewrites the own file, or deletes it
    assert file.read_bytes() == value


@pytest.mark.parametrize("has_owner", [True, False], ids=["this version", "an earlier one"])
def test_the_own_snapshot_is_served_and_gets_an_owner(
    has_owner: bool, ranked_deployment: Deployment, tmp_path: Path
) -> None:
    file = tmp_path / "timeline.bin"
    value = saved_by(ranked_deployment, file)
    if not has_owner:
        file.write_bytes(as_an_earlier_version_wrote_it(value))
    with away(ranked_deployment).timeline(snapshot_file=file) as client:
        assert ask(client, STRANGER)["source"] == "snapshot"
        eventually(lambda: missing(client).keys() == {"redis"}, "the file is taken for its own")
        client.delete("/posts/p07", headers=BACKEND)
    assert read_snapshot_owner(file) == ranked_deployment.sql("SELECT id FROM warmline.installation")[0][0]


def test_after_a_renewal_the_old_copies_go_and_the_file_is_replaced(
    ranked_deployment: Deployment, tmp_path: Path
) -> None:
    file = tmp_path / "timeline.bin"
    with ranked_deployment.timeline(snapshot_file=file) as client:
        until_ready(client)
        first = ask(client, STRANGER, limit=20)
        with ranked_deployment.database() as database:
            _, fresh = renew_installation(database, by="test")
        take_over(ranked_deployment.redis_url, fresh)
        eventually(lambda: ask(client, STRANGER)["source"] == "newest", "no copy of before is served")
        rest = ids(ask(client, STRANGER, limit=100, cursor=first["next_cursor"]))
        assert set(rest) <= set(POSTS)
        ranked_deployment.run_heuristic()
        until_ready(client)
        assert ask(client, STRANGER)["source"] == "everyone"
    assert read_snapshot_owner(file) == fresh


def test_a_snapshot_of_before_a_renewal_is_not_served(ranked_deployment: Deployment, tmp_path: Path) -> None:
    file = tmp_path / "timeline.bin"
    saved_by(ranked_deployment, file)
    with ranked_deployment.database() as database:
        _, fresh = renew_installation(database, by="test")
    with away(ranked_deployment).timeline(snapshot_file=file) as client:
        assert ask(client, STRANGER)["source"] == "newest"
        eventually(lambda: missing(client).keys() == {"redis", "lists"}, "nothing is said of the file")
    assert read_snapshot_owner(file) == fresh
