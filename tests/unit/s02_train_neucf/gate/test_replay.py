"""The replay of one cut, on data whose right answer is known."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from s02_train_neucf.evaluation.metrics import NAMES
from s02_train_neucf.gate import replay
from s02_train_neucf.gate.asked_at import SourceFacts
from s02_train_neucf.gate.baselines import BASELINES
from s02_train_neucf.gate.cuts import ReplayCut
from s02_train_neucf.gate.eligibility_then import UserHistories, histories_at
from s02_train_neucf.gate.history import History
from s02_train_neucf.gate.rank_at import ModelAtCut, ReplayRules, ranked_at, replay_step_at
from s02_train_neucf.gate.replay import replay_cut
from s02_train_neucf.learning.fit import SearchResult, fit
from shared.domain import InteractionKind
from shared.event_columns import Events, Int64s
from shared.neucf.final_ranker import FUSIONS, SERVING_ORDERS, FinalRanker
from shared.neucf.serving_order import ServingOrder
from shared.settings import HeuristicSettings, WindowSettings
from tests.neucf_worlds import QUICK, SMALL, Row, camp_photos, data_of, events_of, nothing_known, posts_of

HOUR = 3600.0
CUT = ReplayCut(start=100 * HOUR, end=102 * HOUR)  # two steps
PLAIN = (FinalRanker(),)
RULES = ReplayRules(
    window=WindowSettings(candidate_days=30, min_candidates=1), formula=HeuristicSettings(), min_known=2, rankers=PLAIN
)
KNOWN = [10, 11]  # liked by everybody who is asked
FRESH = [20, 21, 22, 23, 24, 25]
POSTS = posts_of([*KNOWN, *FRESH], created_at=[hour * HOUR for hour in range(8)])
ANN, BEN = 1, 2


class ByKey:
    """A model that likes posts by their key: the larger the better."""

    def __init__(self, history: History) -> None:
        self.history = history

    def facts(self, history: History) -> SourceFacts:
        return nothing_known(history)

    def logits(self, histories: UserHistories, candidates: Int64s) -> NDArray[np.float32]:
        keys = self.history.data.posts.id_hashes[candidates].astype(np.float32)
        return np.tile(keys, (len(histories.user_id_hashes), 1))


def warm(*users: int) -> list[Row]:
    return [(user, post, InteractionKind.LIKE, 50 * HOUR + post) for user in users for post in KNOWN]


def figures(rows: list[Row], rules: ReplayRules = RULES, **changes: object) -> dict[str, list[float]]:
    """NDCG@5 and HR@5 by user of the model that likes large keys."""
    history = History.of(data_of(events_of(*rows), POSTS, **changes))  # type: ignore[arg-type]
    cut = replay_cut(history, rules, CUT, ByKey(history))
    return {
        str(user): [cut.by_ranker[0, index, NAMES.index(name)] for name in ("mrr@5", "hr@5")]
        for index, user in enumerate(cut.user_id_hashes)
    }


def test_the_place_of_what_was_liked_next_counts() -> None:
    assert figures([*warm(ANN), (ANN, 25, InteractionKind.LIKE, 100.5 * HOUR)]) == {"1": [1.0, 1.0]}
    assert figures([*warm(ANN), (ANN, 23, InteractionKind.LIKE, 100.5 * HOUR)]) == {"1": [1 / 3, 1.0]}
    assert figures([*warm(ANN), (ANN, 20, InteractionKind.LIKE, 100.5 * HOUR)]) == {"1": [0.0, 0.0]}


def test_what_was_seen_by_a_step_is_not_ranked_at_it() -> None:
    rows = [*warm(ANN), (ANN, 25, InteractionKind.VIEW, 100.5 * HOUR), (ANN, 24, InteractionKind.LIKE, 101.5 * HOUR)]
    assert figures(rows) == {"1": [1.0, 1.0]}


def test_a_view_and_a_later_like_are_one_example_dated_by_the_view() -> None:
    rows = [*warm(ANN), (ANN, 25, InteractionKind.VIEW, 99.5 * HOUR), (ANN, 25, InteractionKind.LIKE, 100.5 * HOUR)]
    assert figures(rows) == {}


def test_a_user_of_several_steps_counts_with_their_mean() -> None:
    rows = [*warm(ANN), (ANN, 25, InteractionKind.LIKE, 100.5 * HOUR), (ANN, 23, InteractionKind.LIKE, 101.5 * HOUR)]
    assert figures(rows) == {"1": [(1 + 1 / 2) / 2, 1.0]}


def test_a_user_is_asked_as_soon_as_they_are_warm_also_within_the_cut() -> None:
    rows: list[Row] = [(BEN, 10, InteractionKind.LIKE, 100.1 * HOUR), (BEN, 11, InteractionKind.LIKE, 100.2 * HOUR)]
    assert figures([*rows, (BEN, 25, InteractionKind.LIKE, 100.3 * HOUR)]) == {}
    assert figures([*rows, (BEN, 25, InteractionKind.LIKE, 101.3 * HOUR)]) == {"2": [1.0, 1.0]}


def test_posts_that_could_not_be_shown_are_not_relevant() -> None:
    rows = [*warm(ANN), (ANN, 25, InteractionKind.LIKE, 100.5 * HOUR)]
    assert figures(rows, deleted_at={25: 99 * HOUR}) == {}
    assert figures(rows, deleted_at={25: 100.7 * HOUR}) == {"1": [1.0, 1.0]}


def test_a_blocked_author_takes_no_place() -> None:
    authors = replace(POSTS, author_id_hashes=np.array([0, 0, 0, 0, 0, 0, 0, 77]))  # of post 25
    history = History.of(
        data_of(
            events_of(*warm(ANN), (ANN, 24, InteractionKind.LIKE, 100.5 * HOUR)), authors, blocks=[(77, ANN, 99 * HOUR)]
        )
    )
    assert replay_cut(history, RULES, CUT, ByKey(history)).by_ranker[0, 0, NAMES.index("mrr@5")] == 1.0


def test_at_most_so_many_users_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "MAX_ASKED", 2)
    rows = [*warm(1, 2, 3, 4), *[(user, 25, InteractionKind.LIKE, 100.5 * HOUR) for user in (1, 2, 3, 4)]]
    assert len(figures(rows)) == 2


def test_blocks_of_users_give_what_all_at_once_give(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [*warm(1, 2, 3, 4), *[(user, 21 + user, InteractionKind.LIKE, 100.5 * HOUR) for user in (1, 2, 3, 4)]]
    at_once = figures(rows)
    monkeypatch.setattr(replay, "CELLS_AT_ONCE", 1)
    assert figures(rows) == at_once
    assert len(at_once) == 4


def test_the_serving_order_lifts_a_popular_post() -> None:
    """Post 20 is the last by the model; liked by ten people just before the step, it is the first by the order."""
    crowd: list[Row] = [(user, 20, InteractionKind.LIKE, 99.9 * HOUR) for user in range(500, 510)]
    rows = [*warm(ANN), *crowd, (ANN, 20, InteractionKind.LIKE, 100.5 * HOUR)]
    history = History.of(data_of(events_of(*rows), POSTS))
    rules = replace(RULES, rankers=(FinalRanker(), FinalRanker(serving_order=ServingOrder(popularity_weight=9.0))))
    cut = replay_cut(history, rules, CUT, ByKey(history))
    assert cut.by_ranker[:, 0, NAMES.index("hr@5")].tolist() == [0.0, 1.0]
    assert cut.baselines["popularity"][0, NAMES.index("mrr@5")] == 1.0
    assert cut.baselines["heuristic"][0, NAMES.index("mrr@5")] == 1.0
    assert cut.baselines["popularity now"][0, NAMES.index("mrr@5")] == 1.0


def camps() -> tuple[Events, History, ModelAtCut]:
    """Users 100… like posts 0…9, users 200… posts 50…59; posts 30 and 80 came after the training, with photos."""
    rows: list[Row] = [
        (camp + user, first + post, InteractionKind.LIKE, 10 * HOUR + post + user)
        for camp, first in ((100, 0), (200, 50))
        for user in range(10)
        for post in range(10)
        if post != user
    ]
    keys = sorted([*range(10), 30, *range(50, 60), 80])
    born = [99 * HOUR if key in (30, 80) else 0.0 for key in keys]
    posts = posts_of(keys, created_at=born)
    data = data_of(events_of(*rows), posts, features=camp_photos(posts, {30: 0, 80: 1}))
    then = data.before(90 * HOUR)
    fitted = fit(
        then.events, then.posts, then.features, replace(SMALL, image_width=6), QUICK,
        seed=1, device=torch.device("cpu"), search_result=SearchResult(recipe=replace(QUICK, epochs=40)),
    )  # fmt: skip
    history = History.of(data)
    return data.events, history, ModelAtCut(fitted.model, fitted.data.users, fitted.data.posts, history)


@pytest.fixture(scope="module")
def two_camps() -> tuple[Events, History, ModelAtCut]:
    return camps()


def orders_at(history: History, model: ModelAtCut, users: list[int], at: float) -> list[list[int]]:
    """The posts of the model's lists (the score alone), best first."""
    histories, moment = histories_at(history, at, np.array(users)), replay_step_at(history, RULES, at)
    indices = ranked_at(history, moment, histories, model).indices
    keys = history.data.posts.id_hashes[moment.candidates]
    return [[int(keys[index]) for index in row if index >= 0] for row in indices[len(BASELINES)]]


def test_a_post_newer_than_the_model_is_ranked_by_its_photo(two_camps: tuple[Events, History, ModelAtCut]) -> None:
    _, history, model = two_camps
    for user, order in zip([100, 205], orders_at(history, model, [100, 205], 100 * HOUR), strict=True):
        mine, other = (30, 80) if user < 200 else (80, 30)
        assert order.index(mine) < order.index(other)


def test_someone_who_joined_after_the_training_is_served_by_what_they_liked(
    two_camps: tuple[Events, History, ModelAtCut],
) -> None:
    events, _, model = two_camps
    joined = events_of(*[(999, post, InteractionKind.LIKE, 95 * HOUR) for post in (50, 51, 52)])
    history = History.of(replace(two_camps[1].data, events=_joined(events, joined)))
    (order,) = orders_at(history, model, [999], 100 * HOUR)
    assert {53, 54, 55, 56, 57, 58, 59} <= set(order[:9])


later = st.lists(
    st.tuples(
        st.sampled_from([100, 103, 205, 999]),
        st.sampled_from([0, 3, 30, 50, 55, 80]),
        st.sampled_from(list(InteractionKind)),
        st.floats(100 * HOUR, 200 * HOUR),
    ),
    max_size=12,
)


@settings(deadline=None)  # a busy machine takes longer than a fifth of a second now and then
@given(later)
def test_what_happens_later_never_changes_what_is_ranked_now(
    two_camps: tuple[Events, History, ModelAtCut], rows: list[Row]
) -> None:
    events, history, model = two_camps
    changed = History.of(replace(history.data, events=_joined(events, events_of(*rows))))
    users, rules, at = np.array([100, 103, 205]), replace(RULES, rankers=(*SERVING_ORDERS, *FUSIONS)), 100 * HOUR
    lists = [
        ranked_at(each, replay_step_at(each, rules, at), histories_at(each, at, users), model)
        for each in (history, changed)
    ]
    np.testing.assert_array_equal(lists[0].indices, lists[1].indices)
    np.testing.assert_array_equal(lists[0].withheld, lists[1].withheld)


def _joined(one: Events, other: Events) -> Events:
    return Events(
        user_id_hashes=np.r_[one.user_id_hashes, other.user_id_hashes],
        post_id_hashes=np.r_[one.post_id_hashes, other.post_id_hashes],
        kinds=np.r_[one.kinds, other.kinds],
        at=np.r_[one.at, other.at],
    )
