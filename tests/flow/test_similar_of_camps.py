"""Similar posts from the ranker to the answer: of one camp, with a champion and without, and of a new post."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from s02_recsys_neucf.similar.similar_posts import SimilarPosts
from shared.ranked_lists import codec, keys
from shared.ranked_lists.neighbours import MOST, unpack_neighbours
from tests.faults.saving import make_champion
from tests.flow.camps import CAMPS, POSTS, Camps, build_camps, posts_of
from tests.flow.deployment import Deployment, eventually, ids, until_ready
from tests.flow.live import live, neucf_ranker
from tests.flow.similar import similar_to


@pytest.fixture
def camps(deployment: Deployment, tmp_path: Path) -> Camps:
    """The two camps; the heuristic has run, nothing was trained."""
    world = build_camps(deployment, tmp_path)
    deployment.run_heuristic()
    return world


def _share_of_own_camp(world: Camps, *, limit: int) -> float:
    """Of the nearest posts of all posts; half is chance."""
    with world.deployment.timeline() as client:
        until_ready(client)
        own = asked = 0
        for camp in CAMPS:
            for post in [*posts_of(camp), world.cold[camp]]:
                answer = similar_to(client, post, limit=limit)
                assert answer["source"] == "content"
                assert post not in ids(answer)
                own += sum(each.startswith(camp) for each in ids(answer))
                asked += len(ids(answer))
    return own / asked


def _published(world: Camps) -> Mapping[bytes, bytes]:
    with world.deployment.redis() as redis:
        names = redis.keys("wl:similar:*")
        longest = world.deployment.settings().lists.keep_for.total_seconds() * 1000
        assert all(0 < redis.pttl(name) <= longest for name in names)
        return dict(zip(names, redis.mget(names), strict=True))


def test_neighbours_are_of_the_same_camp_before_any_training_and_with_a_champion(camps: Camps) -> None:
    report = camps.score()
    assert (report["lists"], report["similar"]) == (0, 2 * POSTS + 2)
    assert "no model" in report["note"]
    assert _share_of_own_camp(camps, limit=10) > 0.95
    first = _published(camps)
    assert len(first) == 2 * POSTS + 2
    assert all(0 < len(unpack_neighbours(value)) <= MOST for value in first.values())

    make_champion(camps.deployment, camps.models)
    assert camps.score()["similar"] == 2 * POSTS + 2
    assert _share_of_own_camp(camps, limit=10) > 0.95


def test_a_post_that_left_is_nobodys_neighbour_after_the_next_run(camps: Camps) -> None:
    camps.score()
    number = camps.deployment.rows()["cat-00"]
    assert any(number in codec.post_numbers_of(unpack_neighbours(each).entries) for each in _published(camps).values())
    camps.deployment.delete_post("cat-00")
    camps.score()
    key = keys.similar("cat-00").encode()
    left = [unpack_neighbours(value) for name, value in _published(camps).items() if name != key]
    assert len(left) == 2 * POSTS + 1
    assert not any(number in codec.post_numbers_of(each.entries) for each in left)


def test_runs_of_one_process_find_what_a_new_process_finds(camps: Camps) -> None:
    deployment, similar = camps.deployment, SimilarPosts()
    with patch("tests.flow.camps.scoring.SimilarPosts", lambda: similar):
        camps.score()
        deployment.delete_post("cat-00")
        deployment.sql(
            "INSERT INTO warmline.posts (id, author_id, caption, image_url) VALUES ('fresh', 'cat-author-1', %s, %s)",
            [("my cat again", "cat-01.jpg")],
        )
        deployment.sql("UPDATE warmline.posts SET caption = 'a car, after all' WHERE id = 'cat-02'")
        with patch("s02_recsys_neucf.similar.vector_space.VectorSpace.fits", return_value=True):
            camps.score()
    carried = _published(camps)
    with deployment.redis() as redis:
        redis.delete(*carried)
    index = similar.index
    assert index is not None
    with patch("s02_recsys_neucf.similar.similar_posts.VectorSpace.fit", return_value=index.space):
        camps.score()
    anew = _published(camps)
    assert carried.keys() == anew.keys() | {keys.similar("cat-00").encode()}
    for name, value in anew.items():
        now, before = (unpack_neighbours(each).entries for each in (value, carried[name]))
        assert codec.post_numbers_of(now)[:10] == codec.post_numbers_of(before)[:10]
        of_now, of_before = ([codec.entry_at(each, place)[2] for place in range(10)] for each in (now, before))
        assert np.allclose(of_now, of_before, atol=0.01)


def test_a_new_post_has_neighbours_without_a_run(camps: Camps) -> None:
    deployment = camps.deployment
    make_champion(deployment, camps.models)
    camps.score()
    with patch("shared.live.renew.AT_LEAST", timedelta(seconds=0.2)), live(deployment, neucf_ranker(camps)):
        deployment.sql(
            "INSERT INTO warmline.posts (id, author_id, caption, image_url) VALUES ('fresh', 'cat-author-1', %s, %s)",
            [("my cat again", "cat-00.jpg")],
        )
        with deployment.redis() as redis:
            eventually(lambda: redis.exists(keys.similar("fresh")) == 1, "its neighbours")
            with deployment.timeline() as client:
                until_ready(client)
                shown = ids(similar_to(client, "fresh", limit=5))
    assert all(each.startswith("cat") for each in shown)
    assert "cat-00" not in shown[:1]  # the same photo says nothing new
    number = deployment.rows()["fresh"]
    values = _published(camps).values()
    assert any(number in codec.post_numbers_of(unpack_neighbours(each).entries) for each in values)


def test_without_encoders_the_run_goes_on_and_says_so(camps: Camps, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("WARNING"):
        report = replace(camps, text_encoder="transformers:not-here").score()
    assert report["lists"] == 0
    assert "similar" not in report
    assert "score.similar_skipped" in caplog.text
