"""The order of the hand-made world (the arithmetic stands in `worlds.TEN_POSTS`) through the pure functions."""

import pytest

from s01_heuristic.rank import RankedCandidates, entries_per_user, rank_posts
from shared.candidates.heuristic_scores import score_posts
from shared.ranked_lists import codec
from tests.worlds import TEN_POSTS, TEN_POSTS_LISTS, TEN_POSTS_ORDER, formula, loaded

LOADED = loaded(TEN_POSTS)
POST_OF = dict(zip(LOADED.post_numbers, LOADED.posts.ids, strict=True))


@pytest.fixture
def ranking(no_env_file: None) -> RankedCandidates:
    scores = score_posts(LOADED.posts, LOADED.events, formula(), TEN_POSTS.now)
    return rank_posts(LOADED.posts, LOADED.post_numbers, scores, alpha=0.5)


def _entries(packed: bytes) -> list[tuple[str, str, float]]:
    each = (codec.entry_at(packed, place) for place in range(len(packed) // codec.ENTRY.size))
    return [(POST_OF[row], reason, score) for row, reason, score in each]


def test_the_order_reasons_and_scores_are_those_on_paper(ranking: RankedCandidates) -> None:
    assert _entries(ranking.entries.tobytes()) == list(TEN_POSTS_ORDER)


@pytest.mark.parametrize("user", TEN_POSTS.users)
def test_each_user_gets_the_list_on_paper(ranking: RankedCandidates, user: str) -> None:
    packed = entries_per_user(ranking, [LOADED.viewer(user)], length=200)[0]
    assert [post for post, _, _ in _entries(packed)] == list(TEN_POSTS_LISTS[user])


def test_a_stranger_gets_the_whole_order(ranking: RankedCandidates) -> None:
    packed = entries_per_user(ranking, [LOADED.viewer("stranger")], length=200)[0]
    assert packed == ranking.entries.tobytes()
