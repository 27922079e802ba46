"""Lists worked out together are those worked out one by one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from s01_heuristic.rank import entries_per_user, rank_posts
from shared.candidates.heuristic_scores import score_posts
from shared.eligibility import Viewer
from tests.unit.s01_heuristic.random_worlds import USERS, worlds
from tests.worlds import World, formula, loaded


@given(world=worlds, length=st.integers(1, 12))
@settings(deadline=None, max_examples=60)
def test_lists_together_are_the_lists_one_by_one(world: World, length: int) -> None:
    known = loaded(world)
    ranking = rank_posts(
        known.posts,
        known.post_numbers,
        score_posts(known.posts, known.candidate_events, formula(), world.now),
        alpha=0.5,
    )
    viewers = [known.viewer(user) for user in USERS]
    together = entries_per_user(ranking, viewers, length=length)
    assert together == [entries_per_user(ranking, [viewer], length=length)[0] for viewer in viewers]


def test_of_no_viewers_there_are_no_lists() -> None:
    known = loaded(World())
    ranking = rank_posts(
        known.posts,
        known.post_numbers,
        score_posts(known.posts, known.candidate_events, formula(), World().now),
        alpha=0.5,
    )
    assert entries_per_user(ranking, [], length=5) == []
    assert entries_per_user(ranking, [Viewer(), Viewer(seen_posts=[3])], length=5) == [b"", b""]
