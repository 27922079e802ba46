"""`GET /users/{id}/data`: all that is held about one person, and nothing of anybody else."""

import json
import logging
import struct
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jsonschema_rs
import msgspec
import psycopg2
import pytest
from starlette.testclient import TestClient

from shared.db import user_data
from shared.db.erasure import erase_user
from shared.db.runs import claim_run, finish_run, request_run
from shared.db.tables import metadata
from shared.errors import ExportRefused
from shared.neucf.model_files import MANIFEST, USER_KEYS, WEIGHTS
from shared.operations.exported_data import UserData
from shared.operations.user_export import ExportStores, export_user
from tests.flow.deployment import (
    ANN,
    API_KEY,
    COLD,
    Deployment,
    ask,
    author_of,
    eventually,
    ids,
    state_of_app,
    until_ready,
)
from tests.traces import make_views
from timeline.stores.user_exports import MOST_EXPORTS

BACKEND = {"Authorization": f"Bearer {API_KEY}"}
EVA, RIVAL = "eva", "rival-who-blocked"
AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
NAMES = [*(f"fan{number}" for number in range(12)), COLD, RIVAL, "author3"]  # of people whose data are not Eva's
PARTS = ("posts", "blocks", "follows", "events")


def live_a_life(client: TestClient) -> dict[str, Any]:
    """Leave something of Eva in every table and key; returns her first page."""
    put = {"caption": "with \x9b and \u202e in it", "author_id": EVA, "created_at": AT.isoformat(),
           "image_url": "eva-1.jpg", "image_urls": ["eva-2.jpg"]}  # fmt: skip
    assert client.put(f"/users/{EVA}", json={"created_at": AT.isoformat()}, headers=BACKEND).status_code == 204
    assert client.put("/posts/evas", json=put, headers=BACKEND).status_code == 204
    assert client.put(f"/users/{EVA}/blocks/author1", headers=BACKEND).status_code == 204
    assert client.put(f"/users/{RIVAL}/blocks/{EVA}", headers=BACKEND).status_code == 204
    for body in ({"mute": {"author": "author2"}}, {"more": {"tag": "cats"}}, {"less": {"post": "p11"}}):
        assert client.post(f"/users/{EVA}/preferences", json=body, headers=BACKEND).status_code == 201
    assert client.put(f"/users/{EVA}/preferences", json={"languages": ["de"]}, headers=BACKEND).status_code == 204
    assert client.put(f"/users/{RIVAL}/mutes/{EVA}", headers=BACKEND).status_code == 204
    for followed in (f"{EVA}/follows/author2", f"{RIVAL}/follows/{EVA}"):
        assert client.put(f"/users/{followed}", headers=BACKEND).status_code == 204
    first = ask(client, EVA, limit=5)
    ask(client, EVA, limit=5, cursor=first["next_cursor"])
    events = [
        {"user_id": EVA, "post_id": ids(first)[0], "kind": "like", "feed_id": first["feed_id"]},
        {"user_id": EVA, "post_id": "p05", "kind": "hide"},
        {"user_id": EVA, "post_id": "p06", "kind": "comment", "event_id": "comment-1"},
        {"user_id": RIVAL, "post_id": "evas", "kind": "like"},
        {"user_id": RIVAL, "post_id": "p06", "kind": "comment", "event_id": "comment-of-the-rival"},
    ]
    assert client.post("/interactions", json=events, headers=BACKEND).json()["accepted"] == 5
    return first


def data_of(client: TestClient, user_id: str) -> Any:
    response = client.get(f"/users/{quote(user_id, safe='')}/data", headers=BACKEND)
    assert response.status_code == 200, response.text
    return response.json()


def refusal(client: TestClient, user_id: str) -> tuple[int, str]:
    response = client.get(f"/users/{user_id}/data", headers=BACKEND)
    return response.status_code, response.json()["type"].removeprefix("urn:warmline:problem:")


def stores_of(deployment: Deployment, database: Any) -> ExportStores:
    return ExportStores(
        database=database, redis_url=deployment.redis_url, redis_timeout=timedelta(seconds=5), model_dir=Path("none")
    )


# --- what is in it ----------------------------------------------------------------------------------------------------


def test_each_part_says_what_is_held(client: TestClient, ranked_deployment: Deployment) -> None:
    first = live_a_life(client)
    ranked_deployment.run_heuristic()
    held = data_of(client, EVA)
    assert (held["format"], held["user_id"], held["missing"]) == (1, EVA, [])
    assert held["users"] == [{"home": "warmline", "created_at": "2026-11-01T12:00:00Z"}]
    assert [(post["id"], post["caption"]) for post in held["posts"]] == [("evas", "with \x9b and \u202e in it")]
    assert [(post["image_url"], post["image_urls"]) for post in held["posts"]] == [("eva-1.jpg", ["eva-2.jpg"])]
    assert [block["blocked_user_id"] for block in held["blocks"]] == ["author1"]
    assert [follow["author_id"] for follow in held["follows"]] == ["author2"]
    said = {(each["say"], each["about"], each["target"]) for each in held["preferences"]}
    assert said == {("mute", "author", "author2"), ("more", "tag", "cats"), ("less", "post", "p11")}
    assert (held["languages"], held["sensitive"], held["personalised"]) == (["de"], "show", True)
    assert {(event["kind"], event["post_id"], event["event_id"]) for event in held["events"]} == {
        ("like", ids(first)[0], None), ("hide", "p05", None), ("comment", "p06", "comment-1")
    }  # fmt: skip
    (like,) = [event for event in held["events"] if event["kind"] == "like"]
    assert (like["feed"]["source"], like["feed"]["position"]) == (first["source"], 0)
    assert held["counts"] == {"posts": 1, "blocks": 1, "follows": 1, "events": 3}


def times_of(events: list[dict[str, Any]]) -> dict[str, tuple[str, str | None]]:
    return {event["post_id"]: (event["created_at"], event["first_at"]) for event in events}


def test_a_repeated_event_has_its_first_and_its_last_time(client: TestClient) -> None:
    for post, days in (("p07", (3, 9, 5)), ("p08", (4,))):
        for day in days:
            event = {"user_id": EVA, "post_id": post, "kind": "like", "created_at": f"2026-11-{day:02}T00:00:00Z"}
            assert client.post("/interactions", json=[event], headers=BACKEND).status_code == 200
    assert times_of(data_of(client, EVA)["events"]) == {
        "p07": ("2026-11-09T00:00:00Z", "2026-11-03T00:00:00Z"), "p08": ("2026-11-04T00:00:00Z", None)
    }  # fmt: skip


def test_what_redis_holds_names_posts_by_their_ids(client: TestClient, ranked_deployment: Deployment) -> None:
    live_a_life(client)
    ranked_deployment.run_heuristic()
    page = ask(client, EVA, limit=5)
    in_redis = data_of(client, EVA)["redis"]
    assert len(in_redis["lists"]["heuristic"]["posts"]) == 30
    assert {post["id"]: post["reason"] for post in page["posts"]}.items() <= {
        post["id"]: post["reason"] for post in in_redis["lists"]["heuristic"]["posts"]
    }.items()
    assert in_redis["hidden_posts"] == ["p05"]
    assert "p06" in in_redis["seen_posts"]
    assert in_redis["served_posts"][-5:] == ids(page)
    assert in_redis["visits"] == 2
    assert ids(page) in [[post["id"] for post in chain["posts"][:5]] for chain in in_redis["chains"]]


def test_a_list_or_chain_from_before_a_block_does_not_tell_who_blocked(
    client: TestClient, ranked_deployment: Deployment
) -> None:
    live_a_life(client)
    ranked_deployment.run_heuristic()
    page = ask(client, EVA, limit=5)
    author = author_of(ids(page)[1])
    assert client.put(f"/users/{author}/blocks/{EVA}", headers=BACKEND).status_code == 204
    for _ in range(2):  # before the next run, and after it: the chain is the one of before
        in_redis = data_of(client, EVA)["redis"]
        listed = [*in_redis["lists"].values(), *in_redis["chains"]]
        assert author not in {author_of(post["id"]) for each in listed for post in each["posts"] if post["id"]}
        assert author not in {author_of(post) for chain in in_redis["chains"] for post in chain["tail"] if post}
        left = [post for post in ids(page) if author_of(post) != author]
        (chain,) = [each for each in in_redis["chains"] if [post["id"] for post in each["posts"]][: len(left)] == left]
        assert chain["page_ends"] == [len(left)]
        ranked_deployment.run_heuristic()


def test_the_document_is_as_the_openapi_document_says(client: TestClient, ranked_deployment: Deployment) -> None:
    live_a_life(client)
    ranked_deployment.sql(
        "INSERT INTO warmline.post_vectors (post_id, part, source_hash, encoder, vector)"
        " VALUES ('evas', 'caption', '', 'an-encoder', '')"
    )
    ranked_deployment.sql(
        "INSERT INTO warmline.encoding_failures (post_id, part, source_hash, failure) VALUES ('evas', 'image', '', '-')"
    )
    ranked_deployment.sql(
        "INSERT INTO warmline.runs (job, state, requested_by, error) VALUES ('train', 'failed', 'x', %s)",
        [(f"users.id: {EVA!r} and {COLD!r} stand in more than one row",)],
    )
    held = data_of(client, EVA)
    openapi = client.get("/openapi.json").json()
    shape = {"$ref": "#/components/schemas/UserData", "components": openapi["components"]}
    jsonschema_rs.validator_for(shape).validate(held)
    assert msgspec.convert(held, UserData).posts[0].vectors[0].encoder == "an-encoder"
    assert [run["job"] for run in held["runs"]] == ["train"]
    assert COLD not in json.dumps(held)


def test_whoever_has_only_asked_for_a_page_is_known_by_what_redis_holds(client: TestClient) -> None:
    page = ask(client, "stranger", limit=3)
    held = data_of(client, "stranger")
    assert held["users"] == held["posts"] == held["events"] == []
    assert held["redis"]["served_posts"] == ids(page)
    assert held["redis"]["asked_at"] is not None


NAMES_NOBODY = {
    "feed_counts", "installation", "heartbeats", "phase_changes", "audit", "job_memory", "fences", "photo_clusters",
}  # fmt: skip
WHY_NOT_READ = {
    "safety_outbox": "copies of acts on their way to Redis, for seconds",
    "erased_users": "hashes of users of whom nothing is handed out",
}


def test_each_table_is_read_or_left_out_for_a_reason() -> None:
    """A new table that names people is read by `shared.db.user_data`, or stands here with a reason."""
    source = Path(user_data.__file__).read_text(encoding="utf-8")
    unread = {table.name for table in metadata.sorted_tables if table.name not in source}
    assert unread <= NAMES_NOBODY | WHY_NOT_READ.keys()


def test_taking_an_event_back_is_on_record(client: TestClient) -> None:
    assert data_of(client, ANN)["has_revoked"] is False
    view = [{"user_id": ANN, "post_id": "p80", "kind": "view"}]
    client.request("DELETE", "/interactions", json=view, headers=BACKEND)
    held = data_of(client, ANN)
    assert (held["has_revoked"], held["counts"]["events"]) == (True, 4)


def test_takedowns_are_in_it(client: TestClient) -> None:
    held = data_of(client, "author3")
    assert (held["suspended_at"], {post["hidden_at"] for post in held["posts"]}) == (None, {None})
    for path in ("/posts/p03/hidden", "/users/author3/suspended", "/users/suspended-before-they-came/suspended"):
        assert client.put(path, headers=BACKEND).status_code in (202, 204)
    held = data_of(client, "author3")
    assert held["suspended_at"] is not None
    assert [post["id"] for post in held["posts"] if post["hidden_at"] is not None] == ["p03"]
    assert data_of(client, "suspended-before-they-came")["users"] == []


# --- what is not in it ------------------------------------------------------------------------------------------------


def test_no_other_person_is_named_by_it(client: TestClient, ranked_deployment: Deployment) -> None:
    live_a_life(client)
    ranked_deployment.run_heuristic()
    said = json.dumps(data_of(client, EVA))
    assert [name for name in NAMES if f'"{name}"' in said] == []
    assert "comment-of-the-rival" not in said


@pytest.mark.parametrize("other", ["Eva", "ev_", "eva ", "ev%", "eva'", "éva", "eva\u0301"])
def test_a_similar_id_is_another_person(client: TestClient, ranked_deployment: Deployment, other: str) -> None:
    live_a_life(client)
    ranked_deployment.sql("INSERT INTO warmline.interactions VALUES (%s, 'p07', 'like', now())", [(other,)])
    assert "p07" not in [event["post_id"] for event in data_of(client, EVA)["events"]]
    if other == other.strip():
        assert [event["post_id"] for event in data_of(client, other)["events"]] == ["p07"]


ODD_IDS = ["a/b", "?", "100%", "'; DROP TABLE users; --", "\\", '"', "👩‍👩‍👧", ":user", "%(user)s"]


@pytest.mark.parametrize("user_id", ODD_IDS)
def test_odd_ids_are_ids(client: TestClient, user_id: str) -> None:
    event = [{"user_id": user_id, "post_id": "p07", "kind": "like"}]
    assert client.post("/interactions", json=event, headers=BACKEND).json()["accepted"] == 1
    held = data_of(client, user_id)
    assert (held["user_id"], held["counts"]["events"]) == (user_id, 1)


def test_the_audit_says_that_somebody_s_data_were_handed_out_and_not_whose(
    client: TestClient, ranked_deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        data_of(client, ANN)
    audit = "SELECT who, deed, was, became FROM warmline.audit"
    assert ranked_deployment.sql(audit) == [("API key", "export of one user's data", None, None)]
    lines = [line for line in caplog.messages if "export" in line]
    assert len(lines) == 1
    assert ANN not in lines[0].replace("warmline", "")


def test_a_head_request_hands_nothing_out(client: TestClient, ranked_deployment: Deployment) -> None:
    for _ in range(MOST_EXPORTS + 1):
        response = client.head(f"/users/{ANN}/data", headers=BACKEND)
        assert (response.status_code, response.content) == (200, b"")
    assert client.head("/users/nobody/data", headers=BACKEND).status_code == 404
    assert ranked_deployment.sql("SELECT count(*) FROM warmline.audit") == [(0,)]


def test_only_the_backend_may_ask(client: TestClient) -> None:
    assert client.get(f"/users/{ANN}/data").status_code == 401


# --- over the team's views --------------------------------------------------------------------------------------------


@pytest.fixture
def viewed(ranked_deployment: Deployment) -> Iterator[tuple[Deployment, TestClient]]:
    """The same world over views, with Eva in the team's tables."""
    ranked_deployment.sql("INSERT INTO warmline.users VALUES (%s, %s)", [(EVA, AT)])
    ranked_deployment.sql("INSERT INTO warmline.posts (id, author_id, caption) VALUES ('evas', %s, '')", [(EVA,)])
    ranked_deployment.block(EVA, "author3")
    ranked_deployment.block("author4", EVA)
    ranked_deployment.add_events(EVA, ["p10", "p11"], kind="like")
    make_views(ranked_deployment)
    deployment = replace(ranked_deployment, source_schema="team")
    with deployment.timeline() as client:
        until_ready(client)
        yield deployment, client


def test_over_views_both_homes_are_read(viewed: tuple[Deployment, TestClient]) -> None:
    deployment, client = viewed
    client.put(f"/users/{EVA}/blocks/author5", headers=BACKEND)
    client.put(f"/users/{EVA}/follows/author6", headers=BACKEND)
    deployment.sql(f"CREATE VIEW team.follows AS SELECT '{EVA}'::text AS user_id, 'author7'::text AS author_id")
    client.delete("/posts/evas", headers=BACKEND)
    event = {"user_id": EVA, "post_id": "p12", "kind": "view"}
    assert client.post("/interactions", json=[event], headers=BACKEND).json()["accepted"] == 1
    deployment.sql("INSERT INTO warmline.users VALUES (%s, %s)", [(EVA, AT)])  # of a time before the views
    held = data_of(client, EVA)
    homes = {part: [entry["home"] for entry in held[part]] for part in ("users", *PARTS)}
    assert homes == {
        "users": ["view", "warmline"], "posts": ["view"], "blocks": ["view", "warmline"],
        "follows": ["view", "warmline"], "events": ["view", "view", "warmline"],
    }  # fmt: skip
    assert [block["blocked_user_id"] for block in held["blocks"]] == ["author3", "author5"]
    assert [follow["author_id"] for follow in held["follows"]] == ["author7", "author6"]
    assert [event["post_id"] for event in held["events"]] == ["p10", "p11", "p12"]
    assert held["posts"][0]["deleted_by_api_at"] is not None


def test_over_views_an_event_has_a_first_time_where_the_view_names_one(viewed: tuple[Deployment, TestClient]) -> None:
    deployment, client = viewed
    assert {first for _, first in times_of(data_of(client, EVA)["events"]).values()} == {None}
    first = "'2026-01-02Z'::timestamptz AS first_at"
    deployment.sql("DROP VIEW team.interactions")
    deployment.sql(f"CREATE VIEW team.interactions AS SELECT *, {first} FROM team.their_interactions")
    events = times_of(data_of(client, EVA)["events"])
    assert {first for _, first in events.values()} == {"2026-01-02T00:00:00Z"}


def test_over_views_of_citext_an_id_in_other_letters_is_another_person(viewed: tuple[Deployment, TestClient]) -> None:
    deployment, client = viewed
    deployment.sql("CREATE EXTENSION IF NOT EXISTS citext")
    deployment.sql("DROP VIEW team.interactions")
    deployment.sql("ALTER TABLE team.their_interactions ALTER COLUMN user_id TYPE citext")
    deployment.sql("CREATE VIEW team.interactions AS SELECT * FROM team.their_interactions")
    deployment.sql("INSERT INTO team.their_interactions VALUES ('EVA', 'p20', 'like', now())")
    assert [event["post_id"] for event in data_of(client, EVA)["events"]] == ["p10", "p11"]


def test_over_views_that_do_not_answer_nothing_is_handed_out(viewed: tuple[Deployment, TestClient]) -> None:
    deployment, client = viewed
    deployment.sql("DROP VIEW team.posts")
    assert refusal(client, EVA) == (500, "relation-broken")
    assert deployment.sql("SELECT count(*) FROM warmline.audit") == [(0,)]


BREAKS = {
    "missing": "DROP VIEW team.{} CASCADE",
    "without a column": "ALTER VIEW team.{} RENAME COLUMN created_at TO made_at",
    "failing": "CREATE OR REPLACE FUNCTION team.id_of_nobody() RETURNS text LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE division_by_zero; END $$; ALTER VIEW team.{0} RENAME TO whole_{0};"
    " CREATE VIEW team.{0} AS SELECT * FROM team.whole_{0} WHERE team.id_of_nobody() IS NULL",
}


@pytest.mark.parametrize("relation", ["users", "posts", "interactions", "blocks"])
@pytest.mark.parametrize("how", BREAKS)
def test_a_view_that_is_broken_is_named_and_a_repeat_is_not_asked_for(
    viewed: tuple[Deployment, TestClient], relation: str, how: str
) -> None:
    deployment, client = viewed
    deployment.sql(BREAKS[how].format(relation))
    response = client.get(f"/users/{EVA}/data", headers=BACKEND)
    assert (response.status_code, "retry-after" in response.headers) == (500, False)
    assert response.json()["detail"] == (
        f"the relation team.{relation} cannot be read: `warmline doctor` says what is wrong; until it is mended, a"
        " repeat fails as well"
    )


def test_an_erasure_names_the_view_that_is_broken(viewed: tuple[Deployment, TestClient]) -> None:
    deployment, client = viewed
    deployment.sql("DROP VIEW team.posts")
    response = client.delete(f"/users/{EVA}", headers=BACKEND)
    assert (response.status_code, response.json()["type"]) == (500, "urn:warmline:problem:relation-broken")
    assert "team.posts" in response.json()["detail"]
    assert deployment.sql("SELECT count(*) FROM warmline.erasures") == [(0,)]


# --- erased, unknown, away --------------------------------------------------------------------------------------------


def test_of_an_unknown_user_nothing_is_held(client: TestClient) -> None:
    assert refusal(client, "nobody") == (404, "user-unknown")


def test_while_an_erasure_runs_it_is_refused_and_afterwards_gone(
    client: TestClient, ranked_deployment: Deployment
) -> None:
    with ranked_deployment.database() as database:
        request_run(database, "score", by="test")
        run = claim_run(database, "score", worker="test")
        assert run is not None
        assert client.delete(f"/users/{ANN}", headers=BACKEND).status_code == 202
        assert refusal(client, ANN) == (409, "erasure-under-way")
        finish_run(database, run, report={})
    eventually(lambda: refusal(client, ANN) == (410, "user-erased"), "the erasure is complete")


@pytest.mark.parametrize("pieces_before", [1, 2, 4])
def test_an_erasure_ends_an_export_under_way(ranked_deployment: Deployment, pieces_before: int) -> None:
    with ranked_deployment.database() as database:
        pieces = export_user(stores_of(ranked_deployment, database), ANN, now=AT)
        sent = [next(pieces) for _ in range(pieces_before)]
        erase_user(database, ANN)
        with pytest.raises(ExportRefused, match="being erased"):
            sent.extend(pieces)
    assert b"p80" not in b"".join(sent).partition(b'"events":')[2]


def test_with_redis_away_the_document_says_what_is_missing(fragile_deployment: Deployment, second_valkey: Any) -> None:
    fragile_deployment.run_heuristic()
    with fragile_deployment.timeline() as client:
        until_ready(client)
        second_valkey.stop()
        held = data_of(client, ANN)
        assert (held["missing"], held["redis"], held["counts"]["events"]) == (["redis"], None, 5)
        assert refusal(client, "nobody") == (503, "store-unavailable")


def test_a_redis_of_another_installation_is_not_read(client: TestClient, ranked_deployment: Deployment) -> None:
    with ranked_deployment.redis() as redis:
        redis.set("wl:installation", "another")
    held = data_of(client, ANN)
    assert (held["missing"], held["redis"]) == (["redis"], None)


# --- models -----------------------------------------------------------------------------------------------------------


def test_each_stored_model_says_whether_it_has_a_row(ranked_deployment: Deployment, tmp_path: Path) -> None:
    ((known,),) = ranked_deployment.sql('SELECT hashtextextended(%s COLLATE "C", 0)', [(ANN,)])
    for version, hashes in enumerate(([known - 1, known], [known - 1, known + 1]), start=1):
        write_model(tmp_path / f"model-{version}", hashes)
        ranked_deployment.sql(
            "INSERT INTO warmline.model_versions (folder, sha256, state, verdict, report)"
            " VALUES (%s, 'as-recorded', 'accepted', '', '{}')", [(f"model-{version}",)]
        )  # fmt: skip
    ranked_deployment.sql("INSERT INTO warmline.model_aliases VALUES ('champion', 2)")
    with ranked_deployment.database() as database:
        stores = replace(stores_of(ranked_deployment, database), model_dir=tmp_path)
        found = json.loads(b"".join(export_user(stores, ANN, now=AT)))["models"]
        stores = replace(stores, model_dir=tmp_path / "not-mounted")
        without = json.loads(b"".join(export_user(stores, ANN, now=AT)))
    assert found == [
        {"version": 2, "alias": "champion", "has_row": False}, {"version": 1, "alias": None, "has_row": True}
    ]  # fmt: skip
    assert (without["missing"], without["models"]) == (["models"], [])


def write_model(folder: Path, hashes: list[int]) -> None:
    """A model's files with a vocabulary of users and nothing else."""
    folder.mkdir()
    header = json.dumps({USER_KEYS: {"dtype": "I64", "shape": [len(hashes)], "data_offsets": [0, 8 * len(hashes)]}})
    packed = struct.pack(f"<Q{len(header)}s{len(hashes)}q", len(header), header.encode(), *hashes)
    (folder / WEIGHTS).write_bytes(packed)
    (folder / MANIFEST).write_text(json.dumps({"weights_sha256": "as-recorded"}))


# --- many, slow, at once ----------------------------------------------------------------------------------------------


def test_a_long_history_comes_in_pieces_of_bounded_size_from_one_snapshot(ranked_deployment: Deployment) -> None:
    ranked_deployment.sql(
        "INSERT INTO warmline.interactions (user_id, post_id, kind, event_id, created_at)"
        " SELECT 'busy', 'p' || mod(n, 90), 'comment', 'e' || n, '2026-01-01Z'::timestamptz + n * interval '1 s'"
        " FROM generate_series(1, 12000) AS n"
    )
    with ranked_deployment.database() as database:
        pieces = export_user(stores_of(ranked_deployment, database), "busy", now=AT)
        document = [next(pieces)]
        ranked_deployment.add_events("busy", ["p01"])  # after the snapshot
        while b"comment" not in document[-1]:
            document.append(next(pieces))
        asked = ranked_deployment.sql("SELECT query FROM pg_stat_activity WHERE state = 'idle in transaction'")
        document += pieces
    assert [query[:13] for (query,) in asked] == ["FETCH FORWARD"]  # the rest is not in our memory
    assert max(map(len, document)) < 250_000
    held = json.loads(b"".join(document))
    assert [event["event_id"] for event in held["events"]] == [f"e{number}" for number in range(1, 12_001)]


def test_no_more_than_a_few_are_read_at_once(client: TestClient) -> None:
    exports, portal = state_of_app(client).exports, client.portal
    assert portal is not None
    begin = partial(exports.begin, ANN, audited_as=None)
    under_way = [portal.call(begin) for _ in range(MOST_EXPORTS)]
    assert refusal(client, ANN) == (503, "busy")
    under_way[0].close()
    eventually(lambda: client.get(f"/users/{ANN}/data", headers=BACKEND).status_code == 200, "there is room again")
    under_way[1].close()


def test_an_export_that_hangs_delays_no_act_and_no_write(client: TestClient, ranked_deployment: Deployment) -> None:
    statuses: list[int] = []
    lock = psycopg2.connect(ranked_deployment.database_url)
    lock.cursor().execute("LOCK TABLE warmline.revoking_users IN ACCESS EXCLUSIVE MODE")  # only exports read it here
    get = partial(client.get, f"/users/{ANN}/data", headers=BACKEND)
    export = threading.Thread(target=lambda: statuses.append(get().status_code))
    export.start()
    waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'warmline.revoking_users'::regclass"
    eventually(lambda: bool(ranked_deployment.sql(waiting)), "the export waits for the lock")
    assert client.put(f"/users/{ANN}/blocks/author7", headers=BACKEND).status_code == 204
    assert client.put("/users/somebody-new", headers=BACKEND).status_code == 204
    assert statuses == []
    lock.close()
    export.join()
    assert statuses == [200]
