"""A model's life on real servers: rejected, promoted, overridden and rolled back, the lists following each step."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from shared.db.models import demote_champion_in
from shared.domain import Phase
from shared.ranked_lists import keys
from tests.flow.camps import CAMPS, Camps, build_camps, people_of, posts_of
from tests.flow.deployment import ADMIN_TOKEN, Deployment
from warmline.__main__ import main

OPERATOR = {"Authorization": f"Bearer {ADMIN_TOKEN}"}


class Life:
    """The camps, the timeline's operator, the command, and what Redis holds."""

    def __init__(self, camps: Camps, client: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
        self.camps, self.client, self.capsys = camps, client, capsys

    def promote(self, version: int, **more: Any) -> Any:
        return self.client.put("/admin/models/champion", json={"version": version, **more}, headers=OPERATOR)

    def models(self) -> dict[int, tuple[str, str | None]]:
        """Version → the gate's word and the alias, as `GET /admin/models` shows them."""
        shown = self.client.get("/admin/models", headers=OPERATOR).json()["models"]
        return {model["version"]: (model["state"], model["alias"]) for model in shown}

    def asked_for(self) -> list[str]:
        """By whom scoring runs are asked for that nobody has begun."""
        waiting = "SELECT requested_by FROM warmline.runs WHERE job = 'score' AND state = 'requested'"
        return [by for (by,) in self.camps.deployment.sql(waiting)]

    def score(self) -> int:
        """The scoring run that was asked for; returns the model whose lists it published."""
        assert self.asked_for(), "no scoring run was asked for"
        report = self.camps.score()
        assert report["lists"] > 0
        return int(report["model"])

    def lists(self) -> dict[str, bytes]:
        """Each person's NeuCF list, less its head: the entries."""
        people = [person for camp in CAMPS for person in people_of(camp)]
        with self.camps.deployment.redis() as redis:
            found = {person: redis.get(keys.ranked_list(Phase.NEUCF, person)) for person in people}
        return {person: bytes(value) for person, value in found.items() if isinstance(value, bytes)}

    def own_share(self) -> float:
        """How much of the first ten posts is of the reader's camp, over all readers."""
        from shared.ranked_lists import codec

        names = {row: post for post, row in self.camps.deployment.rows().items()}
        own = [
            names[row].startswith(person.split("-")[0])
            for person, value in self.lists().items()
            for row in codec.post_numbers_of(codec.decode(value).entries)[:10]
        ]
        return sum(own) / len(own)

    def audit(self) -> list[tuple[Any, ...]]:
        return self.camps.deployment.sql("SELECT who, deed, was, became FROM warmline.audit ORDER BY id")

    def warmline(self, *arguments: str) -> Any:
        self.capsys.readouterr()
        assert main([*arguments, "--json"]) == 0
        return json.loads(self.capsys.readouterr().out)


@pytest.fixture
def camps(deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Camps:
    monkeypatch.chdir(tmp_path)  # where no .env lies
    monkeypatch.setenv("WARMLINE_DATABASE_URL", deployment.database_url)
    monkeypatch.setenv("WARMLINE_REDIS_URL", deployment.redis_url)
    world = build_camps(deployment, tmp_path / "photos")
    deployment.run_heuristic()
    return world


def test_a_model_is_rejected_promoted_overridden_and_rolled_back_and_lists_follow(
    camps: Camps, capsys: pytest.CaptureFixture[str]
) -> None:
    true = shuffle_likes(camps)
    with camps.deployment.timeline() as client:
        life = Life(camps, client, capsys)

        # Likes at random: the model is kept, rejected, and changes nothing.
        bad = camps.train()["model"]
        assert life.models() == {bad: ("rejected", None)}
        assert (life.asked_for(), life.lists(), life.audit()) == ([], {}, [])
        assert any((camps.folder / "models").glob("model-*/weights.safetensors"))
        refused = life.promote(bad)
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:warmline:problem:promotion-refused")
        assert (life.asked_for(), life.models()) == ([], {bad: ("rejected", None)})

        # True likes: the gate promotes, asks for scoring, and lists follow.
        restore_likes(camps, true)
        good = camps.train()["model"]
        assert life.models() == {bad: ("rejected", None), good: ("accepted", "champion")}
        assert life.asked_for() == [f"promotion of model {good}"]
        assert life.score() == good
        good_lists, good_share = life.lists(), life.own_share()
        assert good_share > 0.9

        # The operator overrides over HTTP.
        overridden = life.promote(bad, override=True)
        assert overridden.status_code == 200
        assert life.models() == {bad: ("rejected", "champion"), good: ("accepted", "previous")}
        assert life.lists() == good_lists, "lists stay until the scoring run"
        assert life.score() == bad
        assert life.lists() != good_lists
        assert life.own_share() < good_share

        # Rolled back by the command, and once more by the override of the command.
        back = life.warmline("rollback", "--by", "ann")
        assert back["champion"]["version"] == good
        assert life.models() == {bad: ("rejected", "previous"), good: ("accepted", "champion")}
        assert life.score() == good
        assert life.own_share() == good_share
        assert main(["promote", str(bad)]) == 1
        assert life.asked_for() == []
        assert life.warmline("promote", str(bad), "--override", "--by", "ben")["champion"]["version"] == bad
        assert life.score() == bad

        # And rolled back over HTTP, as PUT of the version before.
        assert life.promote(good).status_code == 200
        assert life.score() == good
        assert life.own_share() == good_share

    assert life.audit() == [
        ("the gate", "promote", None, f"model {good}"),
        ("admin token", "promote (override)", f"model {good}", f"model {bad}"),
        ("ann", "rollback", f"model {bad}", f"model {good}"),
        ("ben", "promote (override)", f"model {good}", f"model {bad}"),
        ("admin token", "promote", f"model {bad}", f"model {good}"),
    ]


Events = list[tuple[Any, ...]]
INSERT = "INSERT INTO warmline.interactions (user_id, post_id, kind, created_at) VALUES (%s, %s, %s, %s)"


def shuffle_likes(camps: Camps) -> Events:
    """Everybody does as much as before at the same times, on posts of either camp at random; returns what was true."""
    posts, rng = [post for camp in CAMPS for post in posts_of(camp)], random.Random(3)
    dealt = {
        person: dict(zip(posts, rng.sample(posts, len(posts)), strict=True))
        for camp in CAMPS
        for person in people_of(camp)
    }
    true = camps.deployment.sql("SELECT user_id, post_id, kind, created_at FROM warmline.interactions")
    camps.deployment.sql("DELETE FROM warmline.interactions")
    camps.deployment.sql(INSERT, [(user, dealt[user][post], kind, at) for user, post, kind, at in true])
    return true


def restore_likes(camps: Camps, true: Events) -> None:
    camps.deployment.sql("DELETE FROM warmline.interactions")
    camps.deployment.sql(INSERT, true)


def test_a_demoted_champion_has_no_lists_any_more_and_can_be_brought_back(
    camps: Camps, capsys: pytest.CaptureFixture[str]
) -> None:
    with camps.deployment.timeline() as client:
        life = Life(camps, client, capsys)
        good = camps.train()["model"]
        assert life.score() == good
        lists = life.lists()
        assert lists
        with camps.deployment.database() as database, database.begin() as connection:
            assert demote_champion_in(connection, good, by="the gate")
            assert not demote_champion_in(connection, good, by="the gate"), "only once"
        assert life.models() == {good: ("accepted", "previous")}
        readiness = life.warmline("models")["readiness"]
        assert readiness["sentence"].startswith(f"not proven any more: the gate demoted model {good}")

        switched = client.put("/admin/phase", json={"phase": Phase.NEUCF}, headers=OPERATOR).json()
        assert f"The gate demoted model {good} on " in switched["warning"]
        assert "Its lists are still served" in switched["warning"]
        report = camps.score()
        assert (report["withdrawn"], life.lists()) == (len(lists), {})
        now = client.get("/admin/phase", headers=OPERATOR).json()
        assert "Its lists are deleted" in now["warning"]
        assert camps.score()["withdrawn"] == 0

        assert life.warmline("rollback", "--by", "ann")["champion"]["version"] == good
        assert life.models() == {good: ("accepted", "champion")}
        assert life.score() == good
        assert life.lists().keys() == lists.keys()
    assert life.audit() == [
        ("the gate", "promote", None, f"model {good}"),
        ("the gate", "demote", f"model {good}", None),
        ("ann", "rollback", None, f"model {good}"),
    ]
