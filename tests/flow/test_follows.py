"""Follows on real servers: written by the API, refused where they mean nothing, in the lists of both phases."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from shared.ranked_lists import codec
from shared.settings import ListSettings
from tests.flow.deployment import ANN, API_KEY, COLD, LISTS, Deployment, ask, eventually, posts_of, until_ready
from tests.flow.live import heuristic_ranker, live, until_newer, version_of
from tests.scoring import make_champion, score_run
from tests.stores import heuristic_run
from tests.worlds import job_settings

BACKEND = {"Authorization": f"Bearer {API_KEY}"}


def follow(client: TestClient, user: str, author: str, *, method: str = "PUT") -> tuple[int, str]:
    """The status, and the problem's type where there is one."""
    answer = client.request(method, f"/users/{user}/follows/{author}", headers=BACKEND)
    return answer.status_code, answer.json()["type"].rpartition(":")[2] if answer.content else ""


def test_follows_are_written_taken_back_and_refused(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as client:
        until_ready(client)
        assert [follow(client, COLD, "author7") for _ in range(2)] == [(204, "")] * 2
        assert ranked_deployment.sql("SELECT user_id, author_id FROM warmline.follows") == [(COLD, "author7")]
        assert [follow(client, COLD, "author7", method="DELETE") for _ in range(2)] == [(204, "")] * 2
        assert ranked_deployment.sql("SELECT 1 FROM warmline.follows") == []
        assert follow(client, COLD, COLD) == (422, "self-follow")
        ranked_deployment.sql(
            "INSERT INTO warmline.follows (user_id, author_id) SELECT %s, 'a' || n FROM generate_series(1, 5000) n",
            [(ANN,)],
        )
        assert follow(client, ANN, "author7") == (409, "too-many-follows")
        assert client.delete(f"/users/{ANN}", headers=BACKEND).status_code in (202, 204)
        assert follow(client, COLD, ANN) == (409, "user-erased")
        assert ranked_deployment.sql("SELECT 1 FROM warmline.follows") == []


# --- in lists ---------------------------------------------------------------------------------------------------------

FOLLOWED = "author7"


def _list(deployment: Deployment, phase: str, user: str = "fan1") -> list[tuple[str, str]]:
    """Posts and reasons of a user's list."""
    with deployment.redis() as redis:
        value: Any = redis.get(f"wl:list:{phase[0]}:{user}")
    entries, names = codec.decode(value).entries, {number: post for post, number in deployment.rows().items()}
    found = (codec.entry_at(entries, index) for index in range(codec.length_of(entries)))
    return [(names[number], reason) for number, reason, _ in found]


def _entries(deployment: Deployment, phase: str) -> dict[str, bytes]:
    """The packed entries of everybody's list."""
    with deployment.redis() as redis:
        names = sorted(redis.scan_iter(f"wl:list:{phase[0]}:*"))
        return {name.decode(): codec.decode(redis.get(name)).entries for name in names}


@pytest.mark.parametrize("phase", ["heuristic", "neucf"])
def test_followed_authors_have_their_share_of_both_phases(
    either_deployment: Deployment, tmp_path: Path, phase: str
) -> None:
    """By the run after the follow; taken back, muted or blocked, the list is as before."""
    deployment, now = either_deployment, datetime.now(UTC)  # of all runs: scores change with it
    with deployment.database() as database:
        make_champion(database, tmp_path)

    def run(**settings: float) -> list[tuple[str, str]]:
        with deployment.database() as database, deployment.writer() as writer:
            if phase == "neucf":
                changes = {"list_length": 30, "cold_min_positives": 1, **settings}
                score_run(database, writer, tmp_path, now=now, **changes)
            else:
                lists = ListSettings(**(LISTS | {"list_length": 30} | settings))
                settings_of_run = replace(job_settings(), lists=lists)
                heuristic_run(database, writer, settings_of_run, now=now)
        return _list(deployment, phase)

    def posts_by_author() -> set[str]:
        return {post for post, _ in run()} & posts_of(FOLLOWED)

    run()
    before = _entries(deployment, phase)
    run(following_share=0.0)
    assert _entries(deployment, phase) == before, "nobody follows anybody"
    plain = run()
    with deployment.timeline() as client:
        until_ready(client)
        assert follow(client, "fan1", FOLLOWED)[0] == 204
        listed = run()
        theirs = [place for place, (post, _) in enumerate(listed, 1) if post in posts_of(FOLLOWED)]
        assert theirs[0] <= 5
        assert theirs[1] <= 10
        assert {post for post, reason in listed if reason == "following"} <= posts_of(FOLLOWED)
        assert any(reason == "following" for _, reason in listed)
        others = {name: entries for name, entries in _entries(deployment, phase).items() if "fan1" not in name}
        assert others == {name: entries for name, entries in before.items() if "fan1" not in name}
        assert run(following_share=0.0) == plain
        for path in (f"{FOLLOWED}/blocks/fan1", f"fan1/blocks/{FOLLOWED}", f"fan1/mutes/{FOLLOWED}"):
            assert client.put(f"/users/{path}", headers=BACKEND).status_code == 204
            assert posts_by_author() == set()
            assert client.delete(f"/users/{path}", headers=BACKEND).status_code == 204
        assert run() == listed
        assert follow(client, "fan1", FOLLOWED, method="DELETE")[0] == 204
        assert run() == plain


def test_pages_say_so_and_who_objects_to_personalisation_is_served_what_everyone_is(
    ranked_deployment: Deployment,
) -> None:
    deployment = ranked_deployment
    with deployment.timeline() as client, live(deployment, heuristic_ranker()):
        until_ready(client)
        before = version_of(deployment, COLD)
        assert follow(client, COLD, FOLLOWED)[0] == 204
        assert until_newer(deployment, COLD, before) < 2
        made = _list(deployment, "heuristic", COLD)
        page = ask(client, COLD, limit=10)["posts"]
        assert {post["id"] for post in page if post["reason"] == "following"} <= posts_of(FOLLOWED)
        assert len([post for post in page if post["id"] in posts_of(FOLLOWED)]) == 2
        deployment.run_heuristic()
        assert _list(deployment, "heuristic", COLD) == made, "a run makes the list of the live pass"
        chosen = client.put(f"/users/{COLD}/preferences", json={"personalised": False}, headers=BACKEND)
        assert chosen.status_code == 204
        eventually(lambda: ask(client, COLD, limit=1)["source"] == "everyone", "the choice holds, and Redis answers")
        assert "following" not in {post["reason"] for post in ask(client, COLD, limit=100)["posts"]}
