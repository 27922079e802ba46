"""Candidate sources: what all of them promise, and the right answer of each in a world where it is known."""

from dataclasses import replace

import numpy as np
import pytest

from shared.domain import Reason
from shared.errors import ArtefactError
from shared.neucf.sources.all_sources import SOURCE_NAMES, SOURCES, sources_named
from shared.neucf.sources.asked import Asked, CandidateSource
from shared.neucf.sources.content import CaptionNearness, FreshInTopics, PhotoNearness, mean_units
from shared.neucf.sources.heuristic import HeuristicSource
from shared.neucf.sources.learned import Learned
from shared.neucf.sources.transitions import LikedNext, Transitions
from tests.unit.shared.neucf.sources.worlds import PHOTOS, asked, one_by_one

every_source = pytest.mark.parametrize("source", SOURCES, ids=SOURCE_NAMES)


def order_of(source: CandidateSource, about: Asked, user: int) -> list[int]:
    """The candidates that a source has something to say about, best first."""
    scores = source.scores(about)
    assert scores is not None
    return [int(index) for index in np.argsort(-scores[user], kind="stable") if scores[user, index] > -np.inf]


@every_source
def test_scores_are_a_number_for_each_user_and_candidate_or_nothing(source: CandidateSource) -> None:
    scores = source.scores(asked())
    assert scores is not None
    assert scores.shape == (3, 6)
    assert scores.dtype == np.float32
    assert not np.isnan(scores).any()
    assert not np.isposinf(scores).any()


@every_source
def test_asked_one_by_one_it_says_the_same(source: CandidateSource) -> None:
    together, alone = source.scores(asked()), [source.scores(each) for each in one_by_one(asked())]
    assert together is not None
    np.testing.assert_allclose(np.concatenate([each for each in alone if each is not None]), together, rtol=1e-6)


@every_source
def test_each_candidate_has_a_reason_of_the_api(source: CandidateSource) -> None:
    assert {Reason(int(code)) for code in source.reasons(asked().candidates)} <= set(Reason)


@every_source
def test_where_nothing_is_known_but_the_model_and_the_heuristic_the_others_are_silent(source: CandidateSource) -> None:
    about = asked()
    bare = replace(about.candidates.posts, photos=None, captions=None)
    without = replace(about, candidates=replace(about.candidates, posts=bare), liked_posts=bare, transitions=None)
    is_silent = source.scores(without) is None
    assert is_silent == (source.name not in {Learned.name, HeuristicSource.name})


def test_the_heuristic_ranks_alike_for_all_and_newer_ones_first_at_ties() -> None:
    assert [order_of(HeuristicSource(), asked(), user) for user in (0, 2)] == [[5, 1, 3, 2, 4, 0]] * 2
    assert HeuristicSource().reasons(asked().candidates).tolist() == [
        Reason.RECENT, Reason.POPULAR, Reason.RECENT, Reason.RECENT, Reason.RECENT, Reason.POPULAR,
    ]  # fmt: skip


def test_what_was_learned_is_the_models_score_with_the_reasons_of_a_models_list() -> None:
    assert order_of(Learned(), asked(), 1) == [0, 1, 2, 3, 4, 5]
    assert Learned().reasons(asked().candidates).tolist() == [
        Reason.FOR_YOU, Reason.FOR_YOU, Reason.FOR_YOU, Reason.SIMILAR_PHOTO, Reason.SIMILAR_CAPTION, Reason.FOR_YOU,
    ]  # fmt: skip


def test_photos_near_to_those_that_were_liked_come_first() -> None:
    assert order_of(PhotoNearness(), asked(), 0) == [0, 1, 2, 3], "posts without a photo are left out"
    assert order_of(PhotoNearness(), asked(), 1)[:2] == [2, 3]


def test_only_captions_count_for_captions() -> None:
    assert order_of(CaptionNearness(), asked(), 1) == [4]


def test_fresh_posts_near_to_the_latest_likes_and_no_others() -> None:
    assert order_of(FreshInTopics(), asked(), 0) == [1, 3, 4]
    assert order_of(FreshInTopics(), asked(), 1)[0] in {3, 4}
    reasons = FreshInTopics().reasons(asked().candidates)
    assert reasons[[3, 4]].tolist() == [Reason.SIMILAR_PHOTO, Reason.SIMILAR_CAPTION]


def test_what_follows_the_latest_likes_most_comes_first() -> None:
    assert order_of(LikedNext(), asked(), 0) == [2]
    assert order_of(LikedNext(), asked(), 1) == [5, 1], "post 4, liked after it, is newer than the model"
    assert order_of(LikedNext(), asked(), 2) == []


def test_an_earlier_like_leads_less() -> None:
    both = replace(asked(), liked=np.array([0, 2]), starts=np.array([0, 2, 2]), logits=asked().logits)
    scores = LikedNext().scores(both)
    assert scores is not None
    np.testing.assert_allclose(scores[0, [2, 5, 1]], [0.5 * 0.75, 0.4, 0.2])


def test_the_mean_of_the_latest_is_that_of_the_last_ones_in_order() -> None:
    about = replace(asked(), liked=np.array([0, 2, 2]), starts=np.array([0, 3, 3]))
    assert mean_units(about, PHOTOS, latest=1).tolist() == [[0, 1], [0, 0], [0, 0]]
    np.testing.assert_allclose(mean_units(about, PHOTOS)[0], [1 / 3, 2 / 3])


def test_sources_are_found_by_name_in_their_own_order() -> None:
    assert [each.name for each in sources_named(["heuristic", "neucf"])] == ["neucf", "heuristic"]
    with pytest.raises(ArtefactError, match="got the sources oracle"):
        sources_named(["neucf", "oracle"])


def test_names_are_distinct() -> None:
    assert len(set(SOURCE_NAMES)) == len(SOURCES)


@pytest.mark.parametrize(
    ("rows", "weights", "says"),
    [
        ([[0], [9]], [[0.0], [1.0]], "a row is not below 2"),
        ([[0], [-1]], [[0.0], [1.0]], "a row is not below 2"),
        ([[0], [1]], [[0.0], [np.nan]], "NaN"),
        ([[0], [1]], [[0.0, 1.0], [0.0, 1.0]], "got shapes"),
        ([[0]], [[0.0]], "got shapes"),
    ],
)
def test_transitions_that_do_not_fit_are_refused(rows: list[list[int]], weights: list[list[float]], says: str) -> None:
    with pytest.raises(ArtefactError, match=says):
        Transitions(np.array(rows, np.int32), np.array(weights, np.float32)).check(2)
