"""What could be shown to whom at an earlier time: eight posts and three users, with known answers."""

from datetime import UTC, datetime

import numpy as np
import pytest

from s01_heuristic.rank import rank_posts
from s02_train_neucf.gate.eligibility_then import histories_at, withheld_at
from s02_train_neucf.gate.history import History
from shared.candidates.heuristic_scores import score_posts
from shared.db.bulk import Posts as PostColumns
from shared.domain import InteractionKind
from shared.ranked_lists.codec import post_numbers_of
from shared.settings import HeuristicSettings, WindowSettings
from tests.neucf_worlds import Row, data_of, events_of, posts_of

DAY, NOON = 86_400.0, 1_700_000_000.0
ANN, BEN, CAT = 1, 2, 3
WEEK = WindowSettings(candidate_days=7, min_candidates=1)
POSTS = posts_of(
    [10, 11, 12, 13, 14, 15, 16, 17],
    authors=[ANN, BEN, BEN, CAT, CAT, 4, 4, 5],
    created_at=[NOON + days * DAY for days in (-20, -6, -5, -4, -3, -2, -1, +1)],
)
EVENTS: list[Row] = [
    (ANN, 11, InteractionKind.LIKE, NOON - 5.5 * DAY),
    (ANN, 12, InteractionKind.VIEW, NOON - 4.0 * DAY),
    (ANN, 13, InteractionKind.HIDE, NOON - 3.0 * DAY),
    (ANN, 15, InteractionKind.LIKE, NOON - 1.0 * DAY),
    (ANN, 16, InteractionKind.LIKE, NOON + 0.1 * DAY),  # later
    (BEN, 12, InteractionKind.LIKE, NOON - 2.0 * DAY),  # his own
    (CAT, 11, InteractionKind.SAVE, NOON - 2.0 * DAY),
    (CAT, 11, InteractionKind.COMMENT, NOON - 1.0 * DAY),
    (CAT, 15, InteractionKind.LIKE, NOON + 0.2 * DAY),  # later
]


def history(**changes: object) -> History:
    return History.of(data_of(events_of(*EVENTS), POSTS, **changes))  # type: ignore[arg-type]


def candidates(history: History, window: WindowSettings = WEEK, at: float = NOON) -> list[int]:
    return [int(key) for key in history.data.posts.id_hashes[history.candidates(at, window)]]


def withheld(history: History, user: int) -> list[int]:
    indices = history.candidates(NOON, WEEK)
    mask = withheld_at(history, NOON, histories_at(history, NOON, np.array([user])), indices)
    return sorted(history.data.posts.id_hashes[indices[mask[0]]].tolist())


def liked(history: History, user: int) -> list[int]:
    return [int(key) for key in history.data.posts.id_hashes[histories_at(history, NOON, np.array([user])).liked]]


def test_what_a_user_liked_stands_in_the_order_of_time() -> None:
    events = [(ANN, 15, InteractionKind.LIKE, NOON - 3.0 * DAY), (ANN, 11, InteractionKind.LIKE, NOON - 1.0 * DAY)]
    posts = posts_of([11, 13, 15], authors=[BEN, BEN, BEN], created_at=[NOON - 4.0 * DAY] * 3)
    assert liked(History.of(data_of(events_of(*events), posts)), ANN) == [15, 11]


def test_candidates_are_the_posts_of_the_window_that_were_born_newest_first() -> None:
    assert candidates(history()) == [16, 15, 14, 13, 12, 11]


def test_a_post_of_the_very_moment_is_there() -> None:
    assert candidates(history(), at=NOON + DAY)[0] == 17


def test_too_few_posts_widen_the_window() -> None:
    assert candidates(history(), WindowSettings(candidate_days=1.5, min_candidates=3)) == [16, 15, 14]
    assert candidates(history(), WindowSettings(candidate_days=1.5, min_candidates=100))[-1] == 10


def test_a_post_deleted_by_then_is_gone_and_one_deleted_later_is_still_shown() -> None:
    assert candidates(history(deleted_at={14: NOON, 13: NOON + 1})) == [16, 15, 13, 12, 11]


def test_deleted_posts_do_not_count_for_the_window() -> None:
    narrow = WindowSettings(candidate_days=1.5, min_candidates=2)
    assert candidates(history(deleted_at={16: NOON - 1}), narrow) == [15, 14]


def test_what_was_seen_by_then_is_withheld_and_what_is_seen_later_is_not() -> None:
    assert withheld(history(), ANN) == [11, 12, 13, 15]


def test_own_posts_are_withheld() -> None:
    assert withheld(history(), BEN) == [11, 12]


@pytest.mark.parametrize("block", [(ANN, 4), (4, ANN)])
def test_a_block_withholds_an_author_in_either_direction(block: tuple[int, int]) -> None:
    assert withheld(history(blocks=[(*block, NOON)]), ANN) == [11, 12, 13, 15, 16]


def test_a_block_that_came_later_withholds_nothing() -> None:
    assert withheld(history(blocks=[(ANN, 4, NOON + 1)]), ANN) == [11, 12, 13, 15]


def test_a_block_between_others_withholds_nothing() -> None:
    assert withheld(history(blocks=[(BEN, 4, NOON - 1), (99, 98, NOON - 1)]), ANN) == [11, 12, 13, 15]


def test_a_history_is_what_was_liked_by_then_and_still_stood() -> None:
    assert liked(history(), ANN) == [11, 15]
    assert liked(history(deleted_at={11: NOON - 1, 15: NOON + 1}), ANN) == [15]


def test_histories_of_several_users_stand_one_after_the_other() -> None:
    histories = histories_at(history(), NOON, np.array([ANN, BEN, CAT]))
    assert histories.counts.tolist() == [2, 0, 1]


def test_popularity_counts_other_people_who_had_liked_a_post_by_then() -> None:
    world = history()
    indices = world.candidates(NOON, WEEK)
    counts = dict(zip(world.data.posts.id_hashes[indices].tolist(), world.popularity(NOON, indices), strict=True))
    assert counts == {11: 2, 12: 0, 13: 0, 14: 0, 15: 1, 16: 0}


def test_the_heuristic_of_a_moment_is_what_its_job_would_have_ranked() -> None:
    world, settings = history(), HeuristicSettings()
    indices = world.candidates(NOON, WEEK)
    known = world.by_time.where(world.by_time.at < NOON)
    posts = PostColumns(
        ids=[str(key) for key in POSTS.id_hashes[indices]],
        author_ids=[""] * len(indices),
        id_hashes=POSTS.id_hashes[indices],
        author_id_hashes=POSTS.author_id_hashes[indices],
        created_at=POSTS.created_at[indices],
    )
    scores = score_posts(posts, known, settings, datetime.fromtimestamp(NOON, UTC))
    ranking = rank_posts(posts, POSTS.id_hashes[indices].tolist(), scores, alpha=settings.alpha)
    job = post_numbers_of(ranking.entries.tobytes())
    replayed = world.heuristic(NOON, indices, settings).blended
    assert POSTS.id_hashes[indices][np.argsort(-replayed, kind="stable")].tolist() == job
