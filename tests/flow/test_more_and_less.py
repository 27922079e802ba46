"""More and less of an author, a tag, a word, posts like one: the next run of either ranker applies it, and its undo."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.ranked_lists import codec
from tests.flow.alike_captions import LIKE_P02, store_captions
from tests.flow.deployment import COLD, Deployment, ask, ids, posts_of, until_ready
from tests.flow.saying import CATS, SPOILED, describe_posts, say, undo
from tests.scoring import make_champion, score_run

SAYS: Mapping[str, tuple[dict[str, str], set[str]]] = {
    "author": ({"author": "author7"}, posts_of("author7")),
    "tag": ({"tag": "CATS"}, CATS),
    "word": ({"word": "spoiler"}, SPOILED),
    "post": ({"post": "p02"}, LIKE_P02),
}


def _score(deployment: Deployment, folder: Path) -> None:
    with deployment.database() as database, deployment.writer() as writer:
        score_run(database, writer, folder, now=datetime.now(UTC), list_length=30, cold_min_positives=1)


def _listed(deployment: Deployment, phase: str, user: str) -> list[tuple[str, str]]:
    """Posts and reasons of a user's list."""
    with deployment.redis() as redis:
        value: Any = redis.get(f"wl:list:{phase[0]}:{user}")
    entries, names = codec.decode(value).entries, {number: post for post, number in deployment.rows().items()}
    found = (codec.entry_at(entries, index) for index in range(codec.length_of(entries)))
    return [(names[number], reason) for number, reason, _ in found]


def _place(listed: list[tuple[str, str]], posts: set[str]) -> float:
    """The mean place of these posts; one that is not listed counts as the one after the last."""
    places = {post: place for place, (post, _) in enumerate(listed)}
    return float(np.mean([places.get(post, len(listed)) for post in posts]))


@pytest.mark.parametrize("phase", ["heuristic", "neucf"])
def test_more_comes_earlier_less_later_and_undo_is_as_before(
    ranked_deployment: Deployment, tmp_path: Path, phase: str
) -> None:
    deployment = ranked_deployment
    describe_posts(deployment)
    with deployment.database() as database:
        make_champion(database, tmp_path)
    store_captions(deployment)
    deployment.sql("DELETE FROM warmline.post_vectors WHERE post_id = 'no-post' AND part = 'caption'")

    asked = {f"fan{number}": says for number, says in enumerate(SAYS.values(), start=1)}  # each says one thing

    def run() -> dict[str, list[tuple[str, str]]]:
        deployment.run_heuristic() if phase == "heuristic" else _score(deployment, tmp_path)
        return {user: _listed(deployment, phase, user) for user in asked}

    with deployment.timeline() as client:
        until_ready(client)
        before = run()
        for user, (about, _) in asked.items():
            say(client, user, {"more": about})
        more = run()
        said = {user: say(client, user, {"less": about}) for user, (about, _) in asked.items()}
        less = run()
        for user, preference in said.items():
            undo(client, user, preference)
        undone = run()
    for user, (_, posts) in asked.items():
        assert _place(more[user], posts) < _place(before[user], posts)
        assert {post for post, reason in more[user] if reason == "you_asked"} <= posts | {"p02"}
        assert any(reason == "you_asked" for _, reason in more[user])
        assert _place(more[user], posts) < _place(less[user], posts)
        assert _place(less[user], posts) >= _place(before[user], posts)
        assert [post for post, _ in undone[user]] == [post for post, _ in before[user]]


def test_a_page_says_why(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as client:
        until_ready(client)
        say(client, COLD, {"more": {"author": "author7"}})
        ranked_deployment.run_heuristic()
        first, *_ = ask(client, COLD, limit=5)["posts"]
        assert (first["reason"], first["id"] in posts_of("author7")) == ("you_asked", True)
        assert len(posts_of("author7") & set(ids(ask(client, COLD, limit=10)))) <= 2, "no author floods a chain"


def test_nothing_of_it_is_trained_on(ranked_deployment: Deployment) -> None:
    """Preferences are no events: what a training reads is the same."""
    count = "SELECT count(*) FROM warmline.interactions"
    before = ranked_deployment.sql(count)
    with ranked_deployment.timeline() as client:
        until_ready(client)
        say(client, COLD, {"more": {"post": "p02"}})
        say(client, COLD, {"less": {"tag": "cats"}})
    assert ranked_deployment.sql(count) == before
