import numpy as np

from s02_train_neucf.gate.asked_at import SourceFacts
from s02_train_neucf.gate.eligibility_then import UserHistories
from s02_train_neucf.gate.history import History
from s02_train_neucf.gate.list_diversity import list_diversity_at, list_diversity_of
from s02_train_neucf.gate.rank_at import ReplayRules
from shared.domain import InteractionKind
from shared.event_columns import Int64s
from shared.neucf.final_ranker import FinalRanker
from shared.settings import HeuristicSettings, WindowSettings
from tests.neucf_worlds import Row, data_of, events_of, nothing_known, posts_of

N_POSTS, N_USERS = 100, 40
RULES = ReplayRules(window=WindowSettings(min_candidates=N_POSTS), formula=HeuristicSettings(), min_known=1)


class Popular:
    """A model that has learned nothing but who is popular: the same scores for everybody."""

    def facts(self, history: History) -> SourceFacts:
        return nothing_known(history)

    def logits(
        self, histories: UserHistories, candidates: Int64s
    ) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
        return np.tile(-candidates.astype(np.float32), (len(histories.user_id_hashes), 1))


class Personal:
    """A model that begins each user's list at another post."""

    def facts(self, history: History) -> SourceFacts:
        return nothing_known(history)

    def logits(
        self, histories: UserHistories, candidates: Int64s
    ) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
        away = (candidates[None, :] - 5 * histories.user_id_hashes[:, None]) % N_POSTS
        return -away.astype(np.float32)


def history() -> History:
    rows: list[Row] = [(user, user, InteractionKind.LIKE, 1000.0) for user in range(N_USERS)]
    return History.of(data_of(events_of(*rows), posts_of(list(range(N_POSTS)))))


def test_equal_lists_reach_one_list_and_are_all_alike() -> None:
    spread = list_diversity_of(np.tile(np.arange(20), (50, 1)), 1000)
    assert (spread.coverage, spread.overlap) == (20 / 1000, 1.0)


def test_lists_without_a_common_post_reach_all_that_they_could() -> None:
    spread = list_diversity_of(np.arange(200).reshape(10, 20), 1000)
    assert (spread.coverage, spread.overlap) == (1.0, 0.0)


def test_overlap_is_the_mean_over_pairs() -> None:
    lists = np.array([[0, 1], [0, 1], [0, 2]])  # pairs share 2, 1 and 1 of 2
    np.testing.assert_allclose(list_diversity_of(lists, 10).overlap, (1 + 0.5 + 0.5) / 3)


def test_one_list_is_like_itself() -> None:
    assert list_diversity_of(np.array([[0, 1]]), 10).overlap == 1.0


def test_without_a_user_nothing_is_reached() -> None:
    assert list_diversity_of(np.zeros((0, 20), np.int64), 10).coverage == 0.0


def test_a_popularity_like_model_gives_everybody_one_list() -> None:
    spread = list_diversity_at(history(), RULES, Popular(), FinalRanker(), 2000.0)
    assert (spread.n_users, spread.n_canaries, spread.overlap) == (40, 40, 1.0)
    np.testing.assert_allclose(spread.coverage, 20 / 100)


def test_a_personal_model_reaches_every_post() -> None:
    spread = list_diversity_at(history(), RULES, Personal(), FinalRanker(), 2000.0)
    assert spread.coverage == 1.0
    assert spread.overlap < 0.3


def test_people_are_asked_only_when_they_are_warm() -> None:
    assert list_diversity_at(history(), RULES, Popular(), FinalRanker(), 500.0).n_users == 0
