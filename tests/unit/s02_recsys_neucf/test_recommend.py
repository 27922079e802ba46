"""How candidates are ranked for posts that somebody liked, on small worlds whose right answer is known."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s02_recsys_neucf.recommend.index import RecommendIndex
from s02_recsys_neucf.recommend.judged import JudgedPosts
from s02_recsys_neucf.recommend.liked_together import LikedTogether
from s02_recsys_neucf.recommend.rank import Best, Question, recommend
from s02_recsys_neucf.similar.search import PostVectorIndex
from s02_recsys_neucf.similar.vector_space import VectorKind, VectorSpace
from shared.domain import Reason, RecommendBy
from shared.event_columns import Int64s
from shared.neucf.examples import Examples
from shared.neucf.features import NO_FEATURES, ContentVectors, PostFeatures

N, WIDTH, CAMPS = 40, 12, 4  # post i, whose id hash is 100 + i, belongs to camp i mod CAMPS
HYBRID, CONTENT, TOGETHER, NEUCF = RecommendBy.HYBRID, RecommendBy.CONTENT, RecommendBy.TOGETHER, RecommendBy.NEUCF


@dataclass(frozen=True)
class Named:
    id: str
    id_hash: int


def likes_of(pairs: Sequence[tuple[int, int]]) -> Examples:
    """Likes (user, post) in order of time."""
    users, posts = np.array(pairs, np.int64).reshape(-1, 2).T
    at = np.arange(len(pairs), dtype=np.float64)
    return Examples(user_id_hashes=users, post_id_hashes=posts + 100, at=at, liked_at=at)


def camp_likes(rng: np.random.Generator) -> Examples:
    """Each of thirty users likes six posts of one camp."""
    return likes_of(
        [(user, int(post)) for user in range(30) for post in rng.permutation(N // CAMPS)[:6] * CAMPS + user % CAMPS]
    )


def index_of(*, likes: Examples | None = None, photos: bool = True, captions: bool = True) -> RecommendIndex:
    rng = np.random.default_rng(5)
    centers = rng.normal(size=(CAMPS, WIDTH))[np.arange(N) % CAMPS]
    raw = {
        kind: ContentVectors((centers + 0.3 * rng.normal(size=(N, WIDTH))).astype(np.float16), np.ones(N, np.bool_))
        for kind, is_there in ((VectorKind.PHOTO, photos), (VectorKind.CAPTION, captions))
        if is_there
    }
    space, hashes = VectorSpace.fit(raw), np.arange(N, dtype=np.int64) + 100
    return RecommendIndex(
        post_numbers=np.arange(N, dtype=np.int64) + 1,
        vectors=PostVectorIndex(hashes, space, space.vectors(raw)),
        order=np.arange(N),
        cards={},
        likes=LikedTogether.of(camp_likes(rng) if likes is None else likes, hashes),
        champion=None,
    )


def unread(post_ids: list[str], id_hashes: Int64s) -> PostFeatures:
    """No vectors of other posts are stored."""
    return NO_FEATURES


def asked(index: RecommendIndex, liked: Sequence[int], by: RecommendBy, *, disliked: Sequence[int] = (),
          count: int = 10) -> Best | None:  # fmt: skip
    posts = [
        JudgedPosts.of(index, [Named(f"p{post}", post + 100) for post in some], unread) for some in (liked, disliked)
    ]
    return recommend(index, Question(liked=posts[0], disliked=posts[1]), by, count=count)


@pytest.mark.parametrize("by", [HYBRID, CONTENT, TOGETHER])
@pytest.mark.parametrize("camp", range(CAMPS))
def test_posts_of_the_liked_camp_come_first(by: RecommendBy, camp: int) -> None:
    best = asked(index_of(), [camp, camp + CAMPS, camp + 2 * CAMPS], by, count=7)
    assert best is not None
    assert best.by is by
    assert set((best.indices % CAMPS).tolist()) == {camp}
    assert len(best.indices) == N // CAMPS - 3


@given(
    liked=st.lists(st.integers(0, N + 5), max_size=8, unique=True),
    disliked=st.lists(st.integers(0, N + 5), max_size=8, unique=True),
    by=st.sampled_from(RecommendBy),
    count=st.integers(1, N + 10),
)
def test_whatever_is_asked_a_ranking_is_sound(
    liked: list[int], disliked: list[int], by: RecommendBy, count: int
) -> None:
    best = asked(INDEX, liked, by, disliked=disliked, count=count)
    if not [post for post in liked if post < N]:
        assert best is None
        return
    assert best is not None
    indices = best.indices.tolist()
    assert len(indices) == len(set(indices)) <= count
    assert not {*liked, *disliked} & set(indices)
    assert np.isfinite(best.scores).all()
    assert (np.diff(best.scores) <= 0).all()


INDEX = index_of()


def test_a_disliked_camp_sinks_below_a_liked_one() -> None:
    liked, disliked = [0, 4, 1, 5], [9, 13, 17]
    plain, judged = asked(INDEX, liked, CONTENT), asked(INDEX, liked, CONTENT, disliked=disliked)
    assert plain is not None
    assert judged is not None
    of_camp_1 = [np.count_nonzero(best.indices % CAMPS == 1) for best in (plain, judged)]
    assert of_camp_1[0] >= 4
    assert of_camp_1[1] < of_camp_1[0]
    assert (judged.indices[:8] % CAMPS == 0).all()


@pytest.mark.parametrize(
    ("index", "by", "made_by"),
    [
        (index_of(likes=likes_of([])), HYBRID, CONTENT),
        (index_of(likes=likes_of([])), TOGETHER, CONTENT),
        (index_of(photos=False, captions=False), CONTENT, TOGETHER),
        (index_of(photos=False), CONTENT, CONTENT),
        (INDEX, NEUCF, HYBRID),
    ],
)
def test_a_source_that_has_nothing_to_say_is_replaced_by_what_there_is(
    index: RecommendIndex, by: RecommendBy, made_by: RecommendBy
) -> None:
    best = asked(index, [0, 2, 4], by)
    assert best is not None
    assert best.by is made_by


def test_reasons_say_which_source_put_a_post_there() -> None:
    content, together, hybrid = (asked(INDEX, [0, 4, 8], by, count=N) for by in (CONTENT, TOGETHER, HYBRID))
    assert content is not None
    assert together is not None
    assert hybrid is not None
    assert set(content.reasons.tolist()) == {Reason.SIMILAR_PHOTO, Reason.SIMILAR_CAPTION}
    assert set(together.reasons.tolist()) == {Reason.LIKED_TOGETHER}
    first_together = together.indices[0]
    assert hybrid.reasons[hybrid.indices == first_together].item() in (
        {Reason.LIKED_TOGETHER} if content.indices[0] != first_together else set(Reason)
    )


def test_the_walk_is_its_formula() -> None:
    pairs = [(1, 0), (1, 2), (2, 0), (2, 2), (2, 4), (3, 4), (3, 6), (4, 8)]
    likes = LikedTogether.of(likes_of(pairs), np.arange(N, dtype=np.int64) + 100)
    users_of = {post: {user for user, each in pairs if each == post} for _, post in pairs}
    posts_of = {user: {post for each, post in pairs if each == user} for user, _ in pairs}
    liked, expected = [0, 4], np.zeros(N)
    for post in liked:
        for user in users_of[post]:
            for other in posts_of[user]:
                expected[other] += 1 / (2 * len(users_of[post]) * len(posts_of[user])) / len(users_of[other]) ** 0.5
    assert np.allclose(likes.scores(np.array(liked) + 100), expected)


def test_likes_of_posts_that_are_no_candidates_lead_on_but_are_not_shown() -> None:
    likes = LikedTogether.of(likes_of([(1, 90), (1, 3), (2, 90), (2, 91)]), np.arange(N, dtype=np.int64) + 100)
    scores = likes.scores(np.array([190]))
    assert np.flatnonzero(scores).tolist() == [3]


def test_the_walk_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MAX_USERS_OF_A_POST", "MAX_USERS", "MAX_POSTS_OF_A_USER"):
        monkeypatch.setattr(f"s02_recsys_neucf.recommend.liked_together.{name}", 2)
    likes = LikedTogether.of(likes_of([(user, post) for user in range(9) for post in range(9)]), np.arange(N) + 100)
    reached = np.flatnonzero(likes.scores(np.array([100])))
    assert reached.tolist() == [7, 8]  # each of the two latest users' two latest posts


def test_an_empty_world_knows_nothing() -> None:
    empty = np.zeros(0, np.int64)
    space = VectorSpace.fit({})
    index = RecommendIndex(
        post_numbers=empty, vectors=PostVectorIndex(empty, space, {}), order=empty, cards={},
        likes=LikedTogether.of(likes_of([]), empty), champion=None,
    )  # fmt: skip
    for by in RecommendBy:
        assert asked(index, [1], by) is None
