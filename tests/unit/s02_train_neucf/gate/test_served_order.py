"""Lists as the timeline serves them: compared with the timeline's own code, and examples."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from s02_train_neucf.evaluation.metrics import NAMES
from s02_train_neucf.gate import rank_at
from s02_train_neucf.gate.asked_at import SourceFacts
from s02_train_neucf.gate.baselines import BASELINES, GATE_BASELINES
from s02_train_neucf.gate.eligibility_then import UserHistories, histories_at
from s02_train_neucf.gate.history import History
from s02_train_neucf.gate.rank_at import ReplayRules, ranked_at, replay_step_at
from s02_train_neucf.gate.replay import replay_cut
from s02_train_neucf.gate.served_order import CandidateSpacing, keeps_the_rules, served_posts
from shared.db.bulk_clusters import PhotoClusters
from shared.domain import InteractionKind
from shared.eligibility import Viewer
from shared.event_columns import Int64s
from shared.neucf.final_ranker import FinalRanker
from shared.neucf.score import best_posts
from shared.settings import HeuristicSettings, WindowSettings
from tests.chain_pages import chain_page, fill, selector
from tests.loved_authors import CUT, ByAuthor, loved_authors
from tests.loved_authors import RULES as LOVED_AUTHORS
from tests.neucf_worlds import data_of, events_of, nothing_known, posts_of

# Few authors and clusters, so that lists run out; and enough of them, so that most break no rule.
WORLDS = st.tuples(st.integers(0, 2**32), st.integers(1, 90), st.sampled_from([1, 2, 4, 8, 40]), st.integers(0, 9))


def by_the_timeline(
    ranked: list[int], everyones: list[int], spacing: CandidateSpacing, withheld: set[int], length: int
) -> list[int]:
    """The first page of a chain: the user's own list, then everyone's, filled by the timeline's own selector."""
    own = [column for column in ranked if column not in withheld][: spacing.list_length]
    rest = [column for column in everyones if column not in withheld and column not in own]
    page = chain_page([column + 1 for column in own], Viewer(), limit=length, tail=[column + 1 for column in rest])
    fill(selector(list(zip(spacing.authors.tolist(), spacing.clusters.tolist(), strict=True))), page)
    return [number - 1 for number in page.posts.post_numbers]


@settings(deadline=None)  # the first example compiles the loops
@given(WORLDS, st.integers(1, 20), st.integers(1, 100), st.sampled_from([0.0, 0.3, 0.9]))
def test_lists_are_served_as_the_timeline_serves_them(
    world: tuple[int, int, int, int], length: int, list_length: int, share_withheld: float
) -> None:
    seed, n_posts, n_authors, n_clusters = world
    rng = np.random.default_rng(seed)
    spacing = CandidateSpacing(
        authors=rng.integers(1, n_authors + 1, n_posts),
        clusters=np.maximum(0, rng.integers(-9, n_clusters + 1, n_posts)),
        everyones_ranks=rng.permutation(n_posts),
        list_length=list_length,
    )
    scores = rng.normal(size=(3, n_posts)).astype(np.float32)
    scores[0] += np.float32(9) * (spacing.authors == 1)  # an author whom somebody loves
    withheld = rng.random((3, n_posts)) < share_withheld
    expected = [
        by_the_timeline(
            np.argsort(-scores[row]).tolist(), np.argsort(spacing.everyones_ranks).tolist(), spacing,
            set(np.flatnonzero(withheld[row]).tolist()), length,
        )
        for row in range(3)
    ]  # fmt: skip
    served = [[int(column) for column in row if column >= 0] for row in served_posts(scores, withheld, spacing, length)]
    assert served == expected


def spacing_of(authors: list[int], clusters: list[int] | None = None) -> CandidateSpacing:
    return CandidateSpacing(
        authors=np.array(authors),
        clusters=np.array(clusters or [0] * len(authors)),
        everyones_ranks=np.arange(len(authors)),
        list_length=200,
    )


def served(authors: list[int], clusters: list[int] | None = None, length: int = 20) -> list[int]:
    """The order of posts that are ranked as they stand here."""
    scores = -np.arange(len(authors), dtype=np.float32)[None]
    return list(served_posts(scores, np.zeros(scores.shape, np.bool_), spacing_of(authors, clusters), length)[0])


def test_the_third_post_of_a_loved_author_comes_eleventh() -> None:
    assert served([1, 1, 1, *range(2, 20)], length=12) == [0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 2, 11]


def test_a_hundred_posts_of_a_loved_author_do_not_hide_what_comes_after_them() -> None:
    assert served([1] * 100 + [2, 3], length=4) == [0, 1, 100, 101]
    assert served([1] * 300 + [2, 3], length=4) == [0, 1, 300, 301]


def test_when_only_one_author_is_left_their_posts_come() -> None:
    assert served([1, 1, 1, 2, 1], length=5) == [0, 1, 3, 2, 4]
    assert served([1, 1], length=3) == [0, 1, -1]


def test_near_identical_photos_do_not_stand_side_by_side() -> None:
    assert served([1, 2, 3], [7, 7, 0], length=3) == [0, 2, 1]


@pytest.mark.parametrize(("third", "keeps"), [(9, False), (10, True)])
def test_three_posts_of_an_author_keep_the_rules_when_they_are_not_within_ten(third: int, keeps: bool) -> None:
    authors = [1 if place in (0, 1, third) else 100 + place for place in range(20)]
    assert keeps_the_rules(np.arange(20)[None], spacing_of(authors)).tolist() == [keeps]


def test_a_cluster_twice_keeps_the_rules_when_another_post_is_between() -> None:
    spacing = spacing_of([1, 2, 3, 4], [1, 1, 0, 0])
    lists = np.array([[0, 1, 2, 3], [0, 2, 1, 3], [2, 3, 0, -1]])
    assert keeps_the_rules(lists, spacing).tolist() == [False, True, True]


def test_the_end_of_a_list_counts_for_no_author() -> None:
    assert keeps_the_rules(np.array([[0, 1, -1, -1, -1]]), spacing_of([1, 1])).tolist() == [True]


HOUR = 3600.0
KNOWN, FRESH = [10, 11], [20, 21, 22, 23, 24]
RULES = ReplayRules(
    window=WindowSettings(candidate_days=30, min_candidates=1), formula=HeuristicSettings(), min_known=2,
    rankers=(FinalRanker(),),
)  # fmt: skip


class ByPostId:
    """A model that ranks posts by their number: the largest first, or last."""

    def __init__(self, history: History, sign: int) -> None:
        self.history, self.sign = history, sign

    def facts(self, history: History) -> SourceFacts:
        return nothing_known(history)

    def logits(self, histories: UserHistories, candidates: Int64s) -> NDArray[np.float32]:
        numbers = self.history.data.posts.id_hashes[candidates].astype(np.float32)
        return np.tile(self.sign * numbers, (len(histories.user_id_hashes), 1))


def ranked(
    authors: list[int] | None, clusters: dict[int, int], rules: ReplayRules = RULES, sign: int = 1
) -> list[list[int]]:
    """The lists of all systems at a time, for somebody who has seen two posts."""
    rows = [(1, post, InteractionKind.LIKE, 50 * HOUR) for post in KNOWN]
    posts = posts_of([*KNOWN, *FRESH], authors=authors, created_at=[hour * HOUR for hour in range(7)])
    of_photos = PhotoClusters(
        post_id_hashes=np.array([*clusters], np.int64), clusters=np.array([*clusters.values()], np.int64)
    )
    history = History.of(replace(data_of(events_of(*rows), posts), photo_clusters=of_photos))
    step = replay_step_at(history, rules, 100 * HOUR)
    histories = histories_at(history, 100 * HOUR, np.array([1]))
    columns = ranked_at(history, step, histories, ByPostId(history, sign)).indices
    return [posts.id_hashes[step.candidates[row[row >= 0]]].tolist() for row in columns[:, 0]]


def test_every_systems_list_is_spaced() -> None:
    """Posts 22 to 24 are by one author."""
    assert ranked([5, 5, 7, 5, 6, 6, 6], {}) == [[24, 23, 21, 20, 22]] * (len(BASELINES) + 1)


def test_posts_without_an_author_are_not_one_authors() -> None:
    assert ranked(None, {}) == [[24, 23, 22, 21, 20]] * (len(BASELINES) + 1)


def test_clusters_of_photos_are_kept_apart() -> None:
    assert ranked(None, {23: 9, 24: 9, 99: 9}) == [[24, 22, 23, 21, 20]] * (len(BASELINES) + 1)


def test_everyones_list_follows_a_users_own() -> None:
    *baselines, of_model = ranked(None, {}, replace(RULES, list_length=2), sign=-1)
    assert of_model == [20, 21, 24, 23, 22]
    assert baselines == [[24, 23, 22, 21, 20]] * len(BASELINES)


def gain(seed: int) -> float:
    """By how much a model that knows whom people love is better than the better baseline: NDCG@10."""
    history = History.of(loved_authors(seed))
    figures = replay_cut(history, LOVED_AUTHORS, CUT, ByAuthor(history))
    metric = NAMES.index("ndcg@10")
    baselines = [figures.baselines[name][:, metric].mean() for name in GATE_BASELINES]
    return float(figures.by_ranker[0, :, metric].mean() - max(baselines))


def test_what_people_who_love_some_authors_are_not_shown_is_not_gained(monkeypatch: pytest.MonkeyPatch) -> None:
    served = gain(seed=1)
    monkeypatch.setattr(
        rank_at, "served_posts", lambda scores, withheld, _, length: best_posts(scores, withheld, length)[0]
    )
    assert served < gain(seed=1) / 1.04


def test_the_parts_of_all_figures_are_those_of_the_lists_that_are_served() -> None:
    """The gate judges by the parts, the report's table shows the figures."""
    history = History.of(loved_authors(1))
    cut = replay_cut(history, LOVED_AUTHORS, CUT, ByAuthor(history))
    user = np.searchsorted(cut.user_id_hashes, cut.pairs.user_id_hashes)
    figures = np.stack([*cut.baselines.values(), *cut.by_ranker])[:, :, NAMES.index("ndcg@10")]
    for gains, figure in zip(cut.pairs.gains, figures, strict=True):
        np.testing.assert_allclose(np.bincount(user, gains), figure)
