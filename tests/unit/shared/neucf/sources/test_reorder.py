from dataclasses import replace

import numpy as np

from shared.neucf.examples import NO_AUTHOR
from shared.neucf.fast.top_k import NO_POST
from shared.neucf.rank_trees import RankTrees
from shared.neucf.score import best_posts
from shared.neucf.sources.all_sources import SOURCES
from shared.neucf.sources.features import FEATURES, UNKNOWN, features_of
from shared.neucf.sources.fuse import source_ranks
from shared.neucf.sources.reorder import reordered
from tests.unit.shared.neucf.sources.trees import stump
from tests.unit.shared.neucf.sources.worlds import asked, one_by_one

NOTHING_WITHHELD = np.zeros((3, 6), np.bool_)


def fused_lists(k: int = 6) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    fused = source_ranks(SOURCES, asked(), NOTHING_WITHHELD, k).fused()
    return best_posts(fused, fused == 0, k)[0]


def value_of(feature: str, user: int, post: int) -> float:
    lists = fused_lists()
    values = features_of(asked(), source_ranks(SOURCES, asked(), NOTHING_WITHHELD, 6), lists)
    return float(values[user, lists[user].tolist().index(post), FEATURES.index(feature)])


def test_the_features_are_what_their_names_say() -> None:
    assert value_of("neucf_rank", 0, 5) == 0.0
    np.testing.assert_allclose(value_of("neucf_rank", 0, 0), np.log1p(5))
    assert [value_of("neucf_score", 0, post) for post in (5, 3)] == [0.0, -2.0], "less the best of the list"
    assert value_of("photo_nearness_score", 0, 1) == 1.0
    assert value_of("photo_nearness_score", 0, 5) == UNKNOWN, "it has no photo"
    assert value_of("liked_next_score", 0, 2) == 0.5
    np.testing.assert_allclose(value_of("liked_next_rank", 0, 3), np.log1p(6), err_msg="beyond the last one")
    assert [value_of("is_new_to_the_model", 1, post) for post in (2, 3)] == [0.0, 1.0]
    assert [value_of("author_affinity", user, 3) for user in (0, 1, 2)] == [1.0, 0.0, 0.0]
    assert value_of("author_affinity", 1, 5) == 0.5, "one of two likes is of this author"
    np.testing.assert_allclose(value_of("n_likes", 1, 0), np.log1p(2))
    assert value_of("age_days", 1, 2) == 5.0
    assert value_of("popularity", 2, 5) == np.float32(0.9)


def test_asked_one_by_one_they_are_the_same() -> None:
    lists = fused_lists()
    together = features_of(asked(), source_ranks(SOURCES, asked(), NOTHING_WITHHELD, 6), lists)
    for user, alone in enumerate(one_by_one(asked())):
        ranks = source_ranks(SOURCES, alone, NOTHING_WITHHELD[:1], 6)
        np.testing.assert_allclose(features_of(alone, ranks, lists[user : user + 1])[0], together[user], rtol=1e-6)


def ordered(trees: RankTrees, k: int = 6) -> tuple[list[list[int]], np.ndarray[tuple[int, int], np.dtype[np.float32]]]:
    about = asked()
    lists, scores = reordered(
        about, source_ranks(SOURCES, about, NOTHING_WITHHELD, k), fused_lists(k), about.logits, trees
    )
    return lists.tolist(), scores


def test_trees_that_say_nothing_leave_the_served_order() -> None:
    lists, scores = ordered(stump("age_days", above=99, gain=1.0))
    assert lists == [[5, 4, 3, 2, 1, 0], [0, 1, 2, 3, 4, 5], [3, 2, 4, 1, 5, 0]]
    assert scores[0].tolist() == [5, 4, 3, 2, 1, 0]


def test_trees_correct_it() -> None:
    lists, scores = ordered(stump("age_days", above=6.0, gain=9.0))
    assert [each[0] for each in lists] == [0, 0, 0], "post 0 is nine days old"
    assert scores[0, 0] == 9.0


def test_a_short_list_ends_with_nothing() -> None:
    about = asked()
    withheld = NOTHING_WITHHELD.copy()
    withheld[:, :3] = True
    ranks = source_ranks(SOURCES, about, withheld, 6)
    fused = ranks.fused()
    lists, scores = reordered(
        about, ranks, best_posts(fused, fused == 0, 6)[0], about.logits, stump("age_days", above=99, gain=1.0)
    )
    assert lists[0].tolist() == [5, 4, 3, NO_POST, NO_POST, NO_POST]
    assert np.isneginf(scores[0, 3:]).all()
    assert (np.diff(scores[0, :3]) < 0).all()


def test_beyond_the_head_posts_stay_in_fused_order_with_falling_scores() -> None:
    about, whole = asked(), fused_lists()
    ranks = source_ranks(SOURCES, about, NOTHING_WITHHELD, 6)
    lists, scores = reordered(about, ranks, whole, about.logits, stump("age_days", above=99, gain=1.0), head=2)
    assert lists[:, 2:].tolist() == whole[:, 2:].tolist()
    assert (np.diff(scores, axis=1) < 0).all()


def test_posts_without_an_author_are_not_of_one_author() -> None:
    whole = asked()
    nobodys = replace(whole.liked_posts, authors=np.full(6, NO_AUTHOR))
    whole = replace(whole, liked_posts=nobodys, candidates=replace(whole.candidates, posts=nobodys))
    values = features_of(whole, source_ranks(SOURCES, whole, NOTHING_WITHHELD, 6), fused_lists())
    assert not values[:, :, FEATURES.index("author_affinity")].any()
