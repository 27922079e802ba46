"""Lists of the second phase follow what users do, without a run."""

from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from shared.domain import Phase
from shared.neucf.final_ranker import FinalRanker
from shared.ranked_lists import codec
from tests.faults.saving import make_champion
from tests.flow.camps import Camps, build_camps, people_of, posts_of
from tests.flow.deployment import Deployment, eventually, until_ready
from tests.flow.live import KEY, live, neucf_ranker, posts_in, send, until_newer, value_of, version_of

CAT_LOVER, NEUCF = people_of("cat")[0], Phase.NEUCF


BY_SOURCES = FinalRanker(fused=("neucf", "photo nearness", "caption nearness"))


@pytest.fixture
def camps(deployment: Deployment, tmp_path: Path, request: pytest.FixtureRequest) -> Camps:
    """Lists of both phases; the model was not trained."""
    world = build_camps(deployment, tmp_path)
    deployment.run_heuristic()
    make_champion(deployment, tmp_path / "models", getattr(request, "param", None))
    world.score()
    return world


@pytest.mark.parametrize("camps", [None, BY_SOURCES], ids=["score alone", "by sources"], indirect=True)
def test_a_like_replaces_the_list_by_what_a_run_would_have_made(camps: Camps) -> None:
    deployment = camps.deployment
    with deployment.timeline() as client, live(deployment, neucf_ranker(camps)):
        until_ready(client)
        before, liked = version_of(deployment, CAT_LOVER, NEUCF), camps.held_back[CAT_LOVER]
        old = value_of(deployment, CAT_LOVER, NEUCF)
        send(client, CAT_LOVER, [liked])
        assert until_newer(deployment, CAT_LOVER, before, NEUCF) < 2
        assert liked not in posts_in(deployment, CAT_LOVER, NEUCF)
    made = codec.decode(value_of(deployment, CAT_LOVER, NEUCF))
    assert made.entries != codec.decode(old).entries
    camps.score()
    again = codec.decode(value_of(deployment, CAT_LOVER, NEUCF))
    assert again.generation > made.generation
    assert codec.post_numbers_of(again.entries) == codec.post_numbers_of(made.entries)
    scores = [[codec.entry_at(each.entries, i)[2] for i in range(len(each))] for each in (made, again)]
    assert np.allclose(scores[0], scores[1], atol=0.01)


def test_a_follow_replaces_the_list_by_what_a_run_would_have_made(camps: Camps) -> None:
    deployment, followed = camps.deployment, _author_of(camps, posts_of("car")[0])
    with deployment.timeline() as client, live(deployment, neucf_ranker(camps)):
        until_ready(client)
        before = version_of(deployment, CAT_LOVER, NEUCF)
        assert client.put(f"/users/{CAT_LOVER}/follows/{followed}", headers=KEY).status_code == 204
        assert until_newer(deployment, CAT_LOVER, before, NEUCF) < 2
    made = codec.decode(value_of(deployment, CAT_LOVER, NEUCF)).entries
    put_in = [index for index in range(codec.length_of(made)) if codec.entry_at(made, index)[1] == "following"]
    theirs = {post for (post,) in deployment.sql("SELECT id FROM warmline.posts WHERE author_id = %s", [(followed,)])}
    posts = posts_in(deployment, CAT_LOVER, NEUCF)
    assert put_in
    assert {posts[index] for index in put_in} <= theirs
    for place in (5, 10, 15, 20):
        assert len(theirs.intersection(posts[:place])) >= min(place // 5, len(theirs))
    camps.score()
    again = codec.decode(value_of(deployment, CAT_LOVER, NEUCF)).entries
    assert codec.post_numbers_of(again) == codec.post_numbers_of(made)
    assert [codec.entry_at(again, index)[1] for index in put_in] == ["following"] * len(put_in)


def _author_of(camps: Camps, post: str) -> str:
    """Who wrote a post."""
    ((author,),) = camps.deployment.sql("SELECT author_id FROM warmline.posts WHERE id = %s", [(post,)])
    return str(author)


def test_the_third_like_makes_a_user_warm_and_its_revocation_cold(camps: Camps) -> None:
    deployment, posts = camps.deployment, posts_of("car")
    with deployment.timeline() as client, live(deployment, neucf_ranker(camps)):
        until_ready(client)
        send(client, "newcomer", posts[:2])
        eventually(lambda: version_of(deployment, "newcomer", NEUCF) > 0, "a pass")
        assert posts_in(deployment, "newcomer", NEUCF) == []
        before = version_of(deployment, "newcomer", NEUCF)
        send(client, "newcomer", posts[2:3])
        assert until_newer(deployment, "newcomer", before, NEUCF) < 2
        assert len(posts_in(deployment, "newcomer", NEUCF)) > 10
        before = version_of(deployment, "newcomer", NEUCF)
        deployment.sql("DELETE FROM warmline.interactions WHERE user_id = 'newcomer' AND post_id = %s", [(posts[2],)])
        deployment.sql("INSERT INTO warmline.revoking_users (user_id) VALUES ('newcomer')")
        until_newer(deployment, "newcomer", before, NEUCF)
        assert posts_in(deployment, "newcomer", NEUCF) == []


def test_a_new_post_is_encoded_and_joins_the_lists_of_all_without_a_run(camps: Camps) -> None:
    deployment = camps.deployment
    with patch("shared.live.renew.AT_LEAST", timedelta(seconds=0.2)), live(deployment, neucf_ranker(camps)):
        photo = "cat-00.jpg"
        deployment.sql(
            "INSERT INTO warmline.posts (id, author_id, caption, image_url) VALUES ('fresh', 'cat-author-1', %s, %s)",
            [("my cat again", photo)],
        )
        for user in (CAT_LOVER, people_of("car")[0]):
            eventually(lambda user=user: "fresh" in posts_in(deployment, user, NEUCF), "it is there")  # type: ignore[misc]
    parts = deployment.sql("SELECT part FROM warmline.post_vectors WHERE post_id = 'fresh' ORDER BY part")
    assert parts == [("caption",), ("image",)]
