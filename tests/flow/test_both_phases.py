"""The whole road on real servers: world → heuristic → timeline → train → score → switch → timeline, and back."""

import hashlib
import json
import os
import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from starlette.testclient import TestClient

from shared.db.models import champion, promote_model
from shared.domain import Phase
from shared.errors import ArtefactError, PromotionRefused
from shared.ranked_lists import codec, keys
from shared.ranked_lists.codec import RankedList
from tests.flow.camps import CAMPS, Camps, build_camps, people_of, posts_of, train_and_score
from tests.flow.conftest import TrainedCamps
from tests.flow.deployment import ADMIN_TOKEN, Deployment, ask, ids, until_ready
from tests.promptly import promptly

CAT_LOVER = "cat-lover-00"


@pytest.fixture
def camps(deployment: Deployment, tmp_path: Path) -> Camps:
    """The two camps; the heuristic has run, nothing was trained."""
    world = build_camps(deployment, tmp_path)
    deployment.run_heuristic()
    return world


@pytest.fixture(scope="module")
def scored(server_url: str, redis_url: str, trained_camps: TrainedCamps) -> Iterator[Camps]:
    """The camps after training, promotion (whatever the gate said of so small a world) and scoring; shared, so only
    what leaves lists, models and posts as they are may use it."""
    url = urlsplit(redis_url)._replace(path="/1").geturl()
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    with trained_camps.copy(server_url, url) as world:
        yield world


@pytest.fixture
def client(scored: Camps) -> Iterator[TestClient]:
    with scored.deployment.timeline() as client:
        until_ready(client)
        yield client


def test_the_whole_road(client: TestClient, scored: Camps) -> None:
    before = ask(client, CAT_LOVER, limit=5)
    assert before["source"] == "heuristic"

    switch(client, "neucf")
    personal = ask(client, CAT_LOVER, limit=5)
    assert personal["source"] == "neucf"
    assert all(post_id.startswith("cat") for post_id in ids(personal))
    assert ask(client, "newcomer", limit=5)["source"] == "heuristic"
    assert ask(client, "stranger", limit=5)["source"] == "everyone"

    switch(client, "heuristic")
    assert ask(client, CAT_LOVER, limit=5)["source"] == "heuristic"
    rest = ask(client, CAT_LOVER, limit=5, cursor=personal["next_cursor"])
    assert rest["source"] == "neucf", "a chain ends in the phase that it began in"
    assert not set(ids(rest)) & set(ids(personal))


def test_held_back_likes_and_cold_posts_find_their_people(scored: Camps) -> None:
    """The two camps' right answer: the like that nobody was told of, and the post that nobody has touched."""
    places = {person: order_of(scored, person) for camp in CAMPS for person in people_of(camp)}
    found = [places[person].index(post) for person, post in scored.held_back.items()]
    other = {"cat": "car", "car": "cat"}
    strangers = [
        places[person].index(scored.held_back[people_of(other[camp])[number]])
        for camp in CAMPS
        for number, person in enumerate(people_of(camp))
        if scored.held_back[people_of(other[camp])[number]] in places[person]
    ]
    # A list holds the 53 posts that a person has not seen; 22 of them are their camp's.
    assert max(found) < 22, "every held-back like stands among the camp's posts"
    assert not strangers or sum(found) / len(found) < sum(strangers) / len(strangers)
    for camp in CAMPS:
        for person in people_of(camp):
            order = places[person]
            # The serving order may weigh present popularity, of which both have none: so not among how many posts.
            mine, theirs = scored.cold[camp], scored.cold[other[camp]]
            assert order.index(mine) < order.index(theirs), f"{person} is offered the cold post of their camp first"
            assert scored.cold[other[camp]] not in order[:22], f"{person} is not offered the other camp's"


def test_lists_of_others_rank_held_back_likes_lower(scored: Camps) -> None:
    """A list means something only if it is better for its own user than for somebody of the other camp."""
    own = [order_of(scored, person).index(post) for person, post in scored.held_back.items()]
    swapped = []
    for camp, rival in (("cat", "car"), ("car", "cat")):
        for mine, theirs in zip(people_of(camp), people_of(rival), strict=True):
            order = order_of(scored, theirs)
            post = scored.held_back[mine]
            swapped.append(order.index(post) if post in order else len(order))
    assert sum(own) / len(own) + 5 < sum(swapped) / len(swapped)


def test_the_same_lists_shuffled_rank_held_back_likes_lower(scored: Camps) -> None:
    """The mean place of the held-back like against that in 200 shuffles of the same lists: below all of them."""
    orders = {person: order_of(scored, person) for person in scored.held_back}
    own = _mean_place(orders, scored.held_back)
    rng = random.Random(5)
    shuffled = [
        _mean_place({person: rng.sample(order, len(order)) for person, order in orders.items()}, scored.held_back)
        for _ in range(200)
    ]
    assert own < min(shuffled)


def test_two_trainings_with_one_seed_give_equal_weights_in_one_process_and_in_two(camps: Camps) -> None:
    first, second = (camps.train(train_seed=3, warm_start=False, train_workers=workers) for workers in (1, 2))
    hashes = camps.deployment.sql("SELECT version, sha256 FROM warmline.model_versions")
    rows = {row[0]: row[1] for row in hashes}
    assert rows[first["model"]] == rows[second["model"]]


def test_a_rejected_model_is_not_promoted_without_override(camps: Camps) -> None:
    version = camps.train()["model"]
    camps.deployment.sql("DELETE FROM warmline.model_aliases")
    camps.deployment.sql("UPDATE warmline.model_versions SET state = 'rejected'")
    with camps.deployment.database() as database:
        with pytest.raises(PromotionRefused):
            promote_model(database, version, by="test")
        assert champion(database) is None
        promote_model(database, version, by="ann", override=True)
    assert camps.deployment.sql("SELECT who, deed, became FROM warmline.audit ORDER BY id DESC LIMIT 1") == [
        ("ann", "promote (override)", f"model {version}")
    ]


def test_a_model_that_beats_what_the_app_would_show_without_it_is_promoted_by_the_gate(camps: Camps) -> None:
    report = camps.train()
    assert report["promoted"], report["verdict"]
    assert report["days_read"] == {"all": 730, "view": 180}
    with camps.deployment.database() as database:
        model = champion(database)
    assert model is not None
    assert (model.version, model.state) == (report["model"], "accepted")
    assert [check["passed"] for check in model.report["checks"]] == [True] * 4
    replay = model.report["replay"]
    assert len(replay["cuts"]) == 5
    assert replay["differences"]["heuristic"]["ndcg@10"]["low"] > 0


def test_people_who_like_at_random_leave_the_old_champion(camps: Camps) -> None:
    """Everybody does as much as before at the same times, on posts of either camp at random: nothing to learn."""
    first = camps.train()["model"]
    posts, rng = [post for camp in CAMPS for post in posts_of(camp)], random.Random(3)
    dealt = {
        person: dict(zip(posts, rng.sample(posts, len(posts)), strict=True))
        for camp in CAMPS
        for person in people_of(camp)
    }
    events = camps.deployment.sql("SELECT user_id, post_id, kind, created_at FROM warmline.interactions")
    camps.deployment.sql("DELETE FROM warmline.interactions")
    camps.deployment.sql(
        "INSERT INTO warmline.interactions (user_id, post_id, kind, created_at) VALUES (%s, %s, %s, %s)",
        [(user, dealt[user][post], kind, at) for user, post, kind, at in events],
    )
    second = camps.train()
    assert not second["promoted"]
    assert "not proven better" in second["verdict"]
    with camps.deployment.database() as database:
        model = champion(database)
    assert model is not None
    assert model.version == first


def test_without_a_champion_scoring_publishes_nothing(camps: Camps) -> None:
    assert camps.score()["lists"] == 0


def test_a_truncated_model_file_leaves_the_old_lists(scored: Camps) -> None:
    old = list_of(scored, CAT_LOVER)
    ((folder,),) = scored.deployment.sql("SELECT folder FROM warmline.model_versions")
    weights = scored.folder / "models" / folder / "weights.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-100])
    try:
        with pytest.raises(ArtefactError, match="weights"):
            scored.score()
    finally:
        weights.write_bytes(whole)
    assert list_of(scored, CAT_LOVER) == old
    ((state, error),) = scored.deployment.sql("SELECT state, error FROM warmline.runs ORDER BY id DESC LIMIT 1")
    assert state == "failed"
    assert "weights" in error


HOSTILE_MANIFESTS: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "nested lists": lambda path: path.write_bytes(b"[" * 900_000),
}


@pytest.mark.parametrize("kind", HOSTILE_MANIFESTS)
def test_a_hostile_manifest_leaves_the_old_lists(scored: Camps, kind: str) -> None:
    old, manifest = list_of(scored, CAT_LOVER), manifest_of_champion(scored)
    whole = manifest.read_bytes()
    manifest.unlink()
    HOSTILE_MANIFESTS[kind](manifest)
    try:
        with pytest.raises(ArtefactError, match="manifest"):
            promptly(scored.score)
    finally:
        manifest.unlink()
        manifest.write_bytes(whole)
    assert list_of(scored, CAT_LOVER) == old


def test_a_serving_order_that_was_changed_in_the_manifest_is_not_served(scored: Camps) -> None:
    old, manifest = list_of(scored, CAT_LOVER), manifest_of_champion(scored)
    whole = manifest.read_bytes()
    changed = {
        **json.loads(whole),
        "final_ranker": {"serving_order": {"popularity_weight": 4.0, "half_life_days": 0.001}, "fused": []},
    }
    manifest.write_text(json.dumps(changed))
    try:
        with pytest.raises(ArtefactError, match="as in the database"):
            scored.score()
    finally:
        manifest.write_bytes(whole)
    assert list_of(scored, CAT_LOVER) == old


def test_the_manifest_of_a_model_registered_by_an_earlier_version_is_adopted_once(scored: Camps) -> None:
    sha256 = hashlib.sha256(manifest_of_champion(scored).read_bytes()).hexdigest()
    recorded = "SELECT manifest_sha256 FROM warmline.model_versions"
    assert scored.deployment.sql(recorded) == [(sha256,)]
    scored.deployment.sql("UPDATE warmline.model_versions SET manifest_sha256 = NULL")
    scored.score()
    assert scored.deployment.sql(recorded) == [(sha256,)]


def manifest_of_champion(camps: Camps) -> Path:
    ((folder,),) = camps.deployment.sql("SELECT folder FROM warmline.model_versions")
    return Path(camps.folder / "models" / folder / "manifest.json")


def test_only_what_is_new_is_encoded_again_and_an_unreadable_photo_is_on_record(camps: Camps) -> None:
    (camps.folder / "cat-01.jpg").write_bytes(b"<html>not found</html>")
    first = train_and_score(camps)
    assert (first["images"], first["images_failed"]) == (61, 1)
    ((failure,),) = camps.deployment.sql("SELECT failure FROM warmline.encoding_failures WHERE post_id = 'cat-01'")
    assert failure.startswith("not-an-image")
    assert camps.deployment.sql("SELECT FROM warmline.post_vectors WHERE post_id = 'cat-01' AND part = 'image'") == []
    assert any("cat-01" in order_of(camps, person) for person in people_of("cat")), "it is ranked all the same"

    camps.deployment.sql("UPDATE warmline.posts SET caption = 'a dog in the snow' WHERE id = 'cat-00'")
    report = camps.score()
    assert (report["captions"], report["images"]) == (1, 0)


def _mean_place(orders: Mapping[str, list[str]], wanted: Mapping[str, str]) -> float:
    return sum(orders[person].index(post) for person, post in wanted.items()) / len(wanted)


def switch(client: TestClient, phase: str) -> None:
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    assert client.put("/admin/phase", json={"phase": phase}, headers=headers).status_code == 200


def list_of(camps: Camps, person: str) -> RankedList:
    with camps.deployment.redis() as client:
        value = client.get(keys.ranked_list(Phase.NEUCF, person))
    assert isinstance(value, bytes)
    return codec.decode(value)


def order_of(camps: Camps, person: str) -> list[str]:
    """The posts of a person's NeuCF list, best first."""
    ids_of = {row: post_id for post_id, row in camps.deployment.rows().items()}
    return [ids_of[row] for row in codec.post_numbers_of(list_of(camps, person).entries)]
