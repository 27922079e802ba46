"""What an operator or an app does while a scoring run is under way holds, whatever the run had read by then."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from s02_recsys_neucf.job import JOB, run_scoring
from shared.db.models import champion, promote_model, register_model
from shared.db.runs import claim_run, finish_run, request_run
from shared.domain import Phase
from shared.neucf.artefact import save_artefact
from shared.operations.promotion import promote, roll_back
from shared.ranked_lists import codec, keys
from tests.faults.saving import an_artefact, make_champion
from tests.flow.camps import Camps, build_camps, people_of, posts_of
from tests.flow.deployment import ADMIN_TOKEN, API_KEY, Deployment, ask, ids, until_ready
from tests.flow.stop_at import StopAt

READER, OTHERS = people_of("cat")[0], people_of("car")[:3]
BACKEND = {"Authorization": f"Bearer {API_KEY}"}


@pytest.fixture
def camps(deployment: Deployment, tmp_path: Path) -> Camps:
    """Two models, the second one served, with lists of both phases."""
    world = build_camps(deployment, tmp_path)
    deployment.run_heuristic()
    make_champion(deployment, tmp_path / "models")
    add_model(world, "model-2")
    score(world)
    return world


@pytest.fixture
def client(camps: Camps) -> Iterator[TestClient]:
    """A timeline in the second phase."""
    with camps.deployment.timeline() as client:
        until_ready(client)
        answer = client.put("/admin/phase", json={"phase": "neucf"}, headers={"Authorization": f"Bearer {ADMIN_TOKEN}"})
        assert answer.status_code == 200
        assert ask(client, READER)["source"] == "neucf"
        yield client


def test_a_deletion_and_a_block_hold_from_the_next_page_on(camps: Camps, client: TestClient) -> None:
    seen = ask(client, READER, limit=50)["posts"]
    gone = seen[0]["id"]
    author = next(
        author_of(camps, post["id"]) for post in seen if author_of(camps, post["id"]) != author_of(camps, gone)
    )
    withheld = {gone, *posts_by(camps, author)}
    pages: list[set[str]] = []

    def act() -> None:
        assert client.delete(f"/posts/{gone}", headers=BACKEND).status_code == 204
        assert client.put(f"/users/{READER}/blocks/{author}", headers=BACKEND).status_code == 204
        pages.append(set(ids(ask(client, READER, limit=50))))

    score(camps, at="lists", then=act)
    pages.append(set(ids(ask(client, READER, limit=50))))
    score(camps)
    pages.append(set(ids(ask(client, READER, limit=50))))
    assert all(page and not page & withheld for page in pages)
    assert gone not in ids(ask(client, OTHERS[0], limit=50))


def test_lists_follow_a_promotion_and_its_rollback(camps: Camps) -> None:
    """Each in the middle of a scoring run, which goes on with the model that it began with."""
    with camps.deployment.database() as database:
        models = camps.folder / "models"
        first = score(camps, at="lists", then=lambda: promote(database, models, 1, by="test"))
        second = score(camps, at="loading", then=lambda: roll_back(database, models, by="test"))
        assert generations(camps) == {fence_of_newest(camps)}
        third = score(camps)
        served = champion(database)
    assert served is not None
    assert served.version == 2
    assert [run["model"] for run in (first, second, third)] == [2, 1, 2]
    assert (second["partial"], third["partial"]) == (False, False)
    assert generations(camps) == {fence_of_newest(camps)}


def score(camps: Camps, *, at: str = "", then: Callable[[], object] = lambda: None) -> Mapping[str, Any]:
    """One scoring run, in which something is done at a step."""
    stop = StopAt(at, then)
    with camps.deployment.database() as database, camps.deployment.writer() as writer:
        request_run(database, JOB, by="test")
        run = claim_run(database, JOB, worker="test")
        assert run is not None
        report = run_scoring(database, writer, camps.score_settings(), replace(run, progress=stop), datetime.now(UTC))
        assert finish_run(database, run, report=report)
    assert stop.was_met or not at
    return report


def add_model(camps: Camps, name: str) -> None:
    """One more untrained model, promoted."""
    encoders = camps.encoders()
    saved = save_artefact(camps.folder / "models" / name, an_artefact(image=encoders[0], caption=encoders[1]))
    with camps.deployment.database() as database:
        version = register_model(
            database, run_id=0, folder=name, sha256=saved.weights_sha256, accepted=True, verdict="", report={}
        )
        promote_model(database, version, by="test")


def generations(camps: Camps) -> set[int]:
    """Of the lists of the second phase."""
    people = [person for camp in ("cat", "car") for person in people_of(camp)]
    with camps.deployment.redis() as redis:
        found = redis.mget([keys.ranked_list(Phase.NEUCF, person) for person in people])
    return {codec.decode(value).generation for value in found if value is not None}


def fence_of_newest(camps: Camps) -> int:
    return int(camps.deployment.sql("SELECT max(fence) FROM warmline.runs WHERE job = 'score'")[0][0])


def author_of(camps: Camps, post_id: str) -> str:
    return str(camps.deployment.sql("SELECT author_id FROM warmline.posts WHERE id = %s", [(post_id,)])[0][0])


def posts_by(camps: Camps, author: str) -> set[str]:
    camp = author.partition("-")[0]
    return {post for post in [*posts_of(camp), camps.cold[camp]] if author_of(camps, post) == author}
