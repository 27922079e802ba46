"""Each user's list is everyone's order less what that user must or need not see: against a plain, slow reference."""

from hypothesis import given, settings
from hypothesis import strategies as st

from s01_heuristic.rank import RankedCandidates, entries_per_user, rank_posts
from shared.candidates.heuristic_scores import score_posts
from shared.domain import InteractionKind, Reason, author_hash
from shared.eligibility import Viewer, hidden_authors, is_published, may_show
from shared.heuristic import REFERENCE_QUANTILE, blend, decay, popularity, recency
from shared.ranked_lists import codec
from shared.settings import HeuristicSettings
from tests.unit.s01_heuristic.random_worlds import USERS, worlds
from tests.worlds import Post, World, formula, loaded

HIDES_COUNT = formula(
    kind_weights={
        InteractionKind.VIEW: 0.1,
        InteractionKind.LIKE: 1,
        InteractionKind.COMMENT: 2,
        InteractionKind.HIDE: -2,
        InteractionKind.SAVE: 3,
    },
    popularity_floor=1,
)
steady = settings(deadline=None, max_examples=80)


def _ranking(world: World, settings: HeuristicSettings = HIDES_COUNT) -> RankedCandidates:
    known = loaded(world)
    scores = score_posts(known.posts, known.events, settings, world.now)
    return rank_posts(known.posts, known.post_numbers, scores, alpha=settings.alpha)


def _posts(world: World, packed: bytes) -> list[str]:
    known = loaded(world)
    post_of = dict(zip(known.post_numbers, known.posts.ids, strict=True))
    return [post_of[row] for row in codec.post_numbers_of(packed)]


# --- the reference: loops over the world as it is written down --------------------------------------------------------


def _candidates(world: World) -> list[Post]:
    return [
        post
        for post in world.posts
        if is_published(world.at(post.age_hours), world.now if post.deleted else None, world.now)
    ]


def _weight(world: World, post: Post, settings: HeuristicSettings) -> float:
    youngest: dict[tuple[str, InteractionKind], float] = {}
    for event in world.events:
        if event.post == post.id and event.user != post.author:
            age = max(0.0, event.age_hours)
            pair = event.user, event.kind
            youngest[pair] = min(age, youngest.get(pair, age))
    total = sum(
        settings.kind_weights.get(kind, 0.0) * decay(age, settings.popularity_half_life_hours)
        for (_, kind), age in youngest.items()
    )
    return max(0.0, total)


def _reference_weight(weights: list[float], floor: float) -> float:
    positive = sorted(weight for weight in weights if weight > 0)
    if not positive:
        return floor
    place = REFERENCE_QUANTILE * (len(positive) - 1)
    low = int(place)
    high = min(low + 1, len(positive) - 1)
    return max(floor, positive[low] + (positive[high] - positive[low]) * (place - low))


def _scores(world: World, settings: HeuristicSettings) -> dict[str, float]:
    posts = _candidates(world)
    weights = {post.id: _weight(world, post, settings) for post in posts}
    reference = _reference_weight(list(weights.values()), settings.popularity_floor)
    return {
        post.id: blend(
            popularity(weights[post.id], reference),
            recency(max(0.0, post.age_hours), settings.half_life_hours),
            alpha=settings.alpha,
        )
        for post in posts
    }


def _list_by_loops(world: World, user: str, ordered: list[str], settings: HeuristicSettings) -> list[str]:
    authors = {post.id: post.author for post in world.posts}
    touched = {event.post for event in world.events if event.user == user}
    viewer = Viewer(hidden_authors=hidden_authors(user, world.blocks))
    return [
        post
        for post in ordered
        if may_show(viewer, post_number=0, author=author_hash(authors[post])) and post not in touched
    ]


# --- the facts --------------------------------------------------------------------------------------------------------


@steady
@given(world=worlds)
def test_scores_are_those_of_the_slow_reference(world: World) -> None:
    known = loaded(world)
    got = score_posts(known.posts, known.events, HIDES_COUNT, world.now).blended
    expected = _scores(world, HIDES_COUNT)
    assert all(abs(expected[post] - score) < 1e-12 for post, score in zip(known.posts.ids, got, strict=True))


@steady
@given(world=worlds)
def test_the_order_is_by_score_then_newer_then_id(world: World) -> None:
    known = loaded(world)
    scores = score_posts(known.posts, known.events, HIDES_COUNT, world.now).blended
    score_of = dict(zip(known.posts.ids, scores.tolist(), strict=True))
    age_of = {post.id: post.age_hours for post in world.posts}
    expected = sorted(known.posts.ids, key=lambda post: (-score_of[post], age_of[post], post))
    assert _posts(world, _ranking(world).entries.tobytes()) == expected


@steady
@given(world=worlds, user=st.sampled_from(USERS), length=st.integers(1, 25))
def test_a_users_list_is_everyones_order_under_the_same_filters(world: World, user: str, length: int) -> None:
    ranking = _ranking(world)
    everyone = _posts(world, ranking.entries.tobytes())
    got = _posts(world, entries_per_user(ranking, [loaded(world).viewer(user)], length=length)[0])
    assert got == _list_by_loops(world, user, everyone, HIDES_COUNT)[:length]


@steady
@given(world=worlds, user=st.sampled_from(USERS))
def test_an_entry_reads_the_same_in_every_list(world: World, user: str) -> None:
    ranking = _ranking(world)
    everyone = {entry.tobytes() for entry in ranking.entries}
    packed = entries_per_user(ranking, [loaded(world).viewer(user)], length=200)[0]
    size = codec.ENTRY.size
    assert {packed[start : start + size] for start in range(0, len(packed), size)} <= everyone


@steady
@given(world=worlds)
def test_the_order_does_not_depend_on_the_order_of_the_events(world: World) -> None:
    backwards = World(users=world.users, posts=world.posts, events=world.events[::-1], blocks=world.blocks)
    assert _ranking(world).entries.tobytes() == _ranking(backwards).entries.tobytes()


@steady
@given(world=worlds)
def test_both_terms_and_the_score_lie_between_0_and_1(world: World) -> None:
    known = loaded(world)
    scores = score_posts(known.posts, known.events, HIDES_COUNT, world.now)
    terms = (scores.popularity, scores.recency, scores.blended)
    assert all(((term >= 0) & (term <= 1)).all() for term in terms)


@steady
@given(world=worlds)
def test_the_reason_names_the_larger_share_of_the_score(world: World) -> None:
    known = loaded(world)
    settings_ = HIDES_COUNT
    scores = score_posts(known.posts, known.events, settings_, world.now)
    packed = rank_posts(known.posts, known.post_numbers, scores, alpha=settings_.alpha).entries.tobytes()
    index_of = {row: index for index, row in enumerate(known.post_numbers)}
    for place in range(len(known.posts)):
        row, reason, _ = codec.entry_at(packed, place)
        of_popularity = settings_.alpha * scores.popularity[index_of[row]]
        of_recency = (1 - settings_.alpha) * scores.recency[index_of[row]]
        expected = Reason.POPULAR if of_popularity > of_recency else Reason.RECENT
        assert reason == expected.code
