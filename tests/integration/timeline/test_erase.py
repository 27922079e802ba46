"""Promise 10: after an erasure a user is found nowhere, and nothing brings them back."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from s02_train_neucf.settings import MirrorSettings
from shared.db.imports import merge_rows
from shared.db.runs import claim_run, finish_run, request_run
from shared.domain import author_hash
from shared.ranked_lists import codec, keys
from tests.flow.camps import build_camps, people_of
from tests.flow.deployment import (
    ADMIN_TOKEN,
    API_KEY,
    COLD,
    Deployment,
    ask,
    eventually,
    ids,
    state_of_app,
    until_ready,
)
from tests.traces import make_views, traces, traces_on

BACKEND = {"Authorization": f"Bearer {API_KEY}"}
OPERATOR = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
GONE, MARKER, THEIR_POST = "erase-me-é", "marker-in-a-caption", "a-post-to-erase"


def live_a_life(client: TestClient, *, has_views: bool = False) -> None:
    """Leave a trace of a user everywhere: rows, events with ids and feeds, blocks, chains, what was seen."""
    body = {"author_id": GONE, "caption": f"look: {MARKER}"}
    expected = 409 if has_views else 204
    assert client.put(f"/users/{GONE}", headers=BACKEND).status_code == expected
    assert client.put(f"/posts/{THEIR_POST}", json=body, headers=BACKEND).status_code == expected
    client.put(f"/users/{GONE}/blocks/author1", headers=BACKEND)
    client.put(f"/users/author2/blocks/{GONE}", headers=BACKEND)
    first = ask(client, GONE, limit=5)
    ask(client, GONE, limit=80, cursor=first["next_cursor"])
    assert client.put(f"/users/{GONE}/follows/author3", headers=BACKEND).status_code == 204
    for mode in ("following", "latest", "explore"):
        ask(client, GONE, limit=5, mode=mode)
    events = [
        {"user_id": GONE, "post_id": ids(first)[0], "kind": "like", "feed_id": first["feed_id"]},
        {"user_id": GONE, "post_id": "p05", "kind": "hide"},
        {"user_id": GONE, "post_id": "p06", "kind": "comment", "event_id": f"comment-of-{GONE}"},
        {"user_id": COLD, "post_id": THEIR_POST, "kind": "like"},
    ]
    answer = client.post("/interactions", json=events, headers=BACKEND).json()
    assert answer["accepted"] == 4, answer


def erase(client: TestClient) -> int:
    return client.delete(f"/users/{GONE}", headers=BACKEND).status_code


def found(deployment: Deployment, **more: Any) -> Mapping[str, list[str]]:
    """All places that hold the user, their post or their caption."""
    return {text: places for text in (GONE, MARKER, THEIR_POST) if (places := traces(deployment, text, **more))}


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """The folder of the timelines' snapshots."""
    return tmp_path / "snapshot"


@pytest.fixture
def client(ranked_deployment: Deployment, disk: Path) -> Iterator[TestClient]:
    """A timeline with ranked lists and a snapshot on disk."""
    with ranked_deployment.timeline(snapshot_file=disk / "timeline.bin") as client:
        until_ready(client)
        yield client


@pytest.fixture
def lived(client: TestClient, ranked_deployment: Deployment, disk: Path) -> Deployment:
    """A user with data in every store, in the memory of a timeline, and on its disk."""
    live_a_life(client)
    ranked_deployment.sql(
        "INSERT INTO warmline.runs (job, state, requested_by, error) VALUES ('train', 'failed', 'x', %s)",
        [(f"users.id: '{GONE}' stands in more than one row",)],
    )
    ranked_deployment.run_heuristic()
    _wait_for_their_post(client)
    with ranked_deployment.timeline(snapshot_file=disk / "timeline.bin") as other:  # saves at its end
        _wait_for_their_post(other)
    assert set(found(ranked_deployment)) == {GONE, MARKER, THEIR_POST}
    return ranked_deployment


def _wait_for_their_post(client: TestClient) -> None:
    snapshot = state_of_app(client).snapshot

    def is_known() -> bool:
        ranked = snapshot.everyone
        rows = codec.post_numbers_of(ranked.entries) if ranked else ()
        return any((post := snapshot.catalogue.get(row)) and post.post_id == THEIR_POST for row in rows)

    eventually(is_known, "the post is in the snapshot")


def test_at_once_the_user_is_found_nowhere(client: TestClient, lived: Deployment, disk: Path) -> None:
    assert erase(client) == 204
    assert found(lived, folder=disk) == {}


def test_at_once_no_posts_by_them_are_published(client: TestClient, lived: Deployment) -> None:
    with lived.redis() as redis:
        assert redis.exists(keys.author(author_hash(GONE)))
        assert erase(client) == 204
        assert not redis.exists(keys.author(author_hash(GONE)))


def test_at_once_their_blocks_are_gone_from_the_disk(client: TestClient, lived: Deployment, disk: Path) -> None:
    key = struct.pack("=Q", author_hash(GONE))
    assert key in (disk / "timeline.bin").read_bytes()
    erase(client)
    assert key not in (disk / "timeline.bin").read_bytes()


def test_the_life_that_is_erased_left_traces_everywhere(lived: Deployment, disk: Path) -> None:
    """Otherwise the tests above would prove nothing."""
    assert traces(lived, THEIR_POST, folder=disk)[-1].endswith("timeline.bin")
    places = "\n".join(traces(lived, GONE))
    wanted = ["users", "posts", "interactions", "blocks", "runs", "wl:list:h", "wl:viewer:", "wl:viewers", "wl:seen",
              "wl:chain:1", "wl:chain:5", "wl:chain:6", "wl:tail", "wl:follow:", "follows"]  # fmt: skip
    assert [store for store in wanted if store not in places] == []


def test_others_see_the_posts_no_more_and_their_own_rows_stay(client: TestClient, lived: Deployment) -> None:
    before = lived.sql("SELECT count(*) FROM warmline.interactions WHERE user_id = 'ann'")
    assert THEIR_POST in ids(ask(client, "stranger", limit=100))
    erase(client)
    assert THEIR_POST not in ids(ask(client, "stranger-2", limit=100))
    assert lived.sql("SELECT count(*) FROM warmline.interactions WHERE user_id = 'ann'") == before


def test_a_run_after_it_brings_nothing_back(client: TestClient, lived: Deployment, disk: Path) -> None:
    erase(client)
    lived.run_heuristic()
    with lived.timeline(snapshot_file=disk / "timeline.bin") as later:
        until_ready(later)
    assert found(lived, folder=disk) == {}


def test_with_redis_away_their_posts_are_gone_from_pages_and_disk_at_once(
    fragile_deployment: Deployment, second_valkey: Any, disk: Path
) -> None:
    fragile_deployment.run_heuristic()
    with fragile_deployment.timeline(snapshot_file=disk / "timeline.bin") as client:
        until_ready(client)
        live_a_life(client)
        fragile_deployment.run_heuristic()
        _wait_for_their_post(client)
        second_valkey.stop()
        assert erase(client) == 202
        assert THEIR_POST not in ids(ask(client, "stranger", limit=100))
        assert traces_on(disk, THEIR_POST) == []


def test_erasing_twice_or_somebody_unknown_is_no_mistake(client: TestClient, lived: Deployment) -> None:
    assert [erase(client), erase(client), client.delete("/users/nobody", headers=BACKEND).status_code] == [204] * 3


def test_the_user_cannot_be_written_again(client: TestClient, lived: Deployment) -> None:
    erase(client)
    like = {"user_id": GONE, "post_id": "p05", "kind": "like"}
    put = [
        client.put(f"/users/{GONE}", headers=BACKEND),
        client.put("/posts/another", json={"author_id": GONE}, headers=BACKEND),
        client.put(f"/users/{GONE}/blocks/ann", headers=BACKEND),
        client.put(f"/users/ann/blocks/{GONE}", headers=BACKEND),
        client.put(f"/users/{GONE}/follows/ann", headers=BACKEND),
        client.put(f"/users/ann/follows/{GONE}", headers=BACKEND),
    ]
    assert [(each.status_code, each.json()["type"]) for each in put] == [(409, "urn:warmline:problem:user-erased")] * 6
    rejected = client.post("/interactions", json=[like], headers=BACKEND).json()["rejected"]
    assert rejected == [{"index": 0, "reason": "user-erased"}]
    assert found(lived) == {}


def test_an_import_does_not_bring_the_user_back(client: TestClient, lived: Deployment) -> None:
    erase(client)
    at = "2026-11-01T00:00:00+00:00"
    with lived.database() as database:
        merged = [
            merge_rows(database, "users", [(GONE, at, "true")]),
            merge_rows(database, "posts", [(THEIR_POST, GONE, MARKER, None, at, *[None] * 5)]),
            merge_rows(database, "interactions", [(GONE, "p05", "like", at, None, None)]),
            merge_rows(database, "blocks", [(GONE, "ann", at)]),
            merge_rows(database, "mutes", [("ann", GONE, at, None)]),
            merge_rows(database, "follows", [("ann", GONE, at)]),
        ]
    assert [(each.new, each.erased) for each in merged] == [(0, 1)] * 6
    assert found(lived) == {}


def test_the_audit_and_the_status_hold_nothing_of_the_user(client: TestClient, lived: Deployment) -> None:
    erase(client)
    said = [client.get(path, headers=OPERATOR).text for path in ("/admin/status", "/admin/jobs")]
    assert not [text for text in said if GONE in text]


# --- what is under way ------------------------------------------------------------------------------------------------


def test_what_a_run_under_way_brings_back_goes_when_it_has_ended(client: TestClient, lived: Deployment) -> None:
    with lived.database() as database:
        request_run(database, "score", by="test")
        run = claim_run(database, "score", worker="test")
        assert run is not None
        with lived.redis() as redis:
            loaded_before = redis.get(f"wl:list:h:{GONE}")
        assert isinstance(loaded_before, bytes)
        assert erase(client) == 202
        lived.sql("INSERT INTO warmline.post_rows (post_id) VALUES (%s)", [(THEIR_POST,)])
        lived.sql(
            "INSERT INTO warmline.post_vectors (post_id, part, source_hash, encoder, vector)"
            " VALUES (%s, 'caption', '', '', '')", [(THEIR_POST,)]
        )  # fmt: skip
        with lived.redis() as redis:
            redis.set(f"wl:list:n:{GONE}", loaded_before, px=1_000_000)
        finish_run(database, run, report={})
    eventually(lambda: found(lived) == {}, "swept after the run")


def test_with_redis_away_the_rest_goes_when_it_is_back(fragile_deployment: Deployment, second_valkey: Any) -> None:
    """Here Redis comes back empty; the record of the unfinished erasure must not stay."""
    fragile_deployment.run_heuristic()
    with fragile_deployment.timeline() as client:
        until_ready(client)
        live_a_life(client)
        second_valkey.stop()
        assert erase(client) == 202
        assert fragile_deployment.sql("SELECT user_id FROM warmline.erasures") == [(GONE,)]
        second_valkey.start()
        eventually(lambda: found(fragile_deployment) == {}, "swept after Redis was back")


def test_with_postgresql_away_nothing_is_half_erased(client: TestClient, lived: Deployment) -> None:
    before = sorted(found(lived).items())
    lived.close_database()
    try:
        response = client.delete(f"/users/{GONE}", headers=BACKEND)
        assert (response.status_code, "retry-after" in response.headers) == (503, True)
    finally:
        lived.open_database()
    assert sorted(found(lived).items()) == before


# --- over the team's views --------------------------------------------------------------------------------------------


@pytest.fixture
def viewed(ranked_deployment: Deployment) -> Iterator[tuple[Deployment, TestClient]]:
    """The same data, with the user and their post in the team's own tables."""
    ranked_deployment.sql("INSERT INTO warmline.users VALUES (%s, now())", [(GONE,)])
    ranked_deployment.sql("INSERT INTO warmline.posts (id, author_id, caption) VALUES (%s, %s, %s)",
                     [(THEIR_POST, GONE, MARKER)])  # fmt: skip
    ranked_deployment.sql("INSERT INTO warmline.blocks VALUES (%s, 'author3', now())", [(GONE,)])
    ranked_deployment.add_events(GONE, ["p10", "p11"], kind="hide")
    make_views(ranked_deployment)
    deployment = replace(ranked_deployment, source_schema="team")
    with deployment.timeline() as client:
        until_ready(client)
        live_a_life(client, has_views=True)
        deployment.run_heuristic()
        yield deployment, client


def test_over_views_ours_goes_and_theirs_is_hidden_from_every_run(viewed: tuple[Deployment, TestClient]) -> None:
    deployment, client = viewed
    assert erase(client) == 204
    assert found(deployment, team_schemas=("team",)) == {}
    deployment.run_heuristic()
    assert found(deployment, team_schemas=("team",)) == {}
    assert deployment.sql("SELECT count(*) FROM team.users WHERE id = %s", [(GONE,)]) == [(1,)]


def test_over_views_a_later_post_of_the_user_is_hidden_too(viewed: tuple[Deployment, TestClient]) -> None:
    deployment, client = viewed
    erase(client)
    deployment.sql("INSERT INTO team.their_posts (id, author_id, caption, created_at) VALUES ('later', %s, '', now())",
              [(GONE,)])  # fmt: skip
    deployment.run_heuristic()
    assert "later" not in ids(ask(client, "stranger", limit=100))
    assert traces(deployment, "later", team_schemas=("team",)) == []


def test_over_views_that_are_broken_nothing_is_half_erased(viewed: tuple[Deployment, TestClient]) -> None:
    deployment, client = viewed
    deployment.sql("DROP VIEW team.posts")
    response = client.delete(f"/users/{GONE}", headers=BACKEND)
    assert (response.status_code, response.json()["type"]) == (500, "urn:warmline:problem:relation-broken")
    assert deployment.sql("SELECT count(*) FROM warmline.interactions WHERE user_id = %s", [(GONE,)]) == [(3,)]


# --- the model's files, and MLflow's ----------------------------------------------------------------------------------

LOVER, THEIR_CAT = "cat-lover-00", "a-cat-to-erase"


@pytest.fixture(scope="module")
def trained_twice(shared_deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> tuple[Deployment, Path]:
    """A user with likes and a post with a caption, trained on and mirrored; erased; trained and mirrored again."""
    folder = tmp_path_factory.mktemp("trained")
    camps = build_camps(shared_deployment, folder)
    mirror = MirrorSettings(mlflow_uri=SecretStr(f"sqlite:///{folder}/mlflow/mlflow.db"))
    (folder / "mlflow").mkdir()
    likes = [{"user_id": person, "post_id": THEIR_CAT, "kind": "like"} for person in people_of("cat")[1:9]]
    with shared_deployment.timeline(snapshot_file=folder / "snapshot" / "timeline.bin") as client:
        until_ready(client)
        body = {"author_id": LOVER, "caption": f"look: {MARKER}"}
        assert client.put(f"/posts/{THEIR_CAT}", json=body, headers=BACKEND).status_code == 204
        assert client.post("/interactions", json=likes, headers=BACKEND).json()["accepted"] == 8
        camps.train(mirror=mirror)
        camps.score()
        shared_deployment.run_heuristic()
        assert traces(shared_deployment, THEIR_CAT)
        assert traces(shared_deployment, MARKER)
        assert traces(shared_deployment, LOVER)
        assert client.delete(f"/users/{LOVER}", headers=BACKEND).status_code == 204
        camps.train(mirror=mirror)
        camps.score()
        shared_deployment.run_heuristic()
        until_ready(client)
    return shared_deployment, folder


def test_after_the_next_training_nothing_names_the_user(trained_twice: tuple[Deployment, Path]) -> None:
    deployment, folder = trained_twice
    assert len(list((folder / "mlflow").rglob("*.safetensors"))) >= 2  # both trainings are in MLflow
    assert (folder / "snapshot" / "timeline.bin").exists()
    assert {text: traces(deployment, text, folder=folder) for text in (LOVER, MARKER, THEIR_CAT)} == {
        LOVER: [], MARKER: [], THEIR_CAT: []
    }  # fmt: skip


def test_the_next_training_has_no_row_for_the_user_or_their_post(trained_twice: tuple[Deployment, Path]) -> None:
    """The previous model, kept for a rollback, holds them as 64-bit hashes until it is deleted."""
    deployment, folder = trained_twice
    stays = "cat-lover-01"
    for root in (folder / "models", folder / "mlflow"):
        older, newer = sorted(root.rglob("*.safetensors"), key=lambda path: path.stat().st_mtime)
        keys = [key_of(deployment, name) for name in (stays, LOVER, THEIR_CAT)]
        assert [key in older.read_bytes() for key in keys] == [True, True, True]
        assert [key in newer.read_bytes() for key in keys] == [True, False, False]


def key_of(deployment: Deployment, user_id: str) -> bytes:
    """The entries of a user in the model's vocabulary."""
    ((key,),) = deployment.sql('SELECT hashtextextended(%s COLLATE "C", 0)', [(user_id,)])
    return struct.pack("<q", key)
