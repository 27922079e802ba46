from dataclasses import replace

import numpy as np

from s02_train_neucf.gate.history import History
from shared.db.bulk_served import RolloutHistory, ServedLikes
from shared.domain import SOURCES_BY_CODE, InteractionKind, Source
from tests.neucf_worlds import data_of, events_of, posts_of

ANN, BEN = 1, 2
EVENTS = events_of(
    (ANN, 10, InteractionKind.VIEW, 100.0), (ANN, 10, InteractionKind.LIKE, 300.0),
    (BEN, 10, InteractionKind.LIKE, 200.0),
    (ANN, 11, InteractionKind.SAVE, 250.0),
)  # fmt: skip
# From 150 on everybody is in the rollout.
ROLLOUT = RolloutHistory(
    changed_at=np.array([150.0]), percents=np.array([100.0]), user_id_hashes=np.zeros(0, np.int64),
    buckets=np.zeros(0, np.int16),
)  # fmt: skip


SERVED = ServedLikes.of(
    user_id_hashes=np.array([BEN, BEN]),
    post_id_hashes=np.array([10, 11]),
    at=np.array([200.0, 260.0]),
    sources=np.array([SOURCES_BY_CODE.index(Source.NEUCF), SOURCES_BY_CODE.index(Source.EVERYONE)], np.int8),
    positions=np.array([20, 0], np.int32),
)


def history() -> History:
    return History.of(replace(data_of(EVENTS, posts_of([10, 11])), served_likes=SERVED, rollout=ROLLOUT))


def test_the_rollout_is_that_of_the_first_event_of_a_pair() -> None:
    likes = history().likes
    assert likes.at.tolist() == [100.0, 200.0, 250.0]
    assert history().data.sources_of(likes).outside_rollout.tolist() == [True, False, False]


def test_a_like_has_the_source_and_position_of_its_own_page() -> None:
    sources = history().data.sources_of(history().likes)
    assert sources.is_from(Source.NEUCF).tolist() == [False, True, False]
    assert sources.is_from(None).tolist() == [True, False, True]
    assert sources.positions.tolist() == [-1, 20, -1]


def test_a_part_of_the_likes_has_its_own_sources() -> None:
    likes = history().likes
    part = likes.where(likes.at > 150.0)
    assert history().data.sources_of(part).positions.tolist() == [20, -1]
    assert history().data.sources_of(likes).where(likes.at > 150.0).positions.tolist() == [20, -1]
