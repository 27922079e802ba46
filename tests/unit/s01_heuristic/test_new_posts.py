"""Promise 6 at the size of a busy app: of 1,000 new posts nearly all stand in enough people's first fifty."""

from collections import Counter
from datetime import UTC, datetime
from itertools import chain

import numpy as np
import numpy.typing as npt
import pytest

from s01_heuristic.new_posts import MAX_POOL, count_viewers, new_post_pool, pool_size
from s01_heuristic.rank import RankedCandidates, entries_per_user, rank_posts
from shared.candidates.candidate_events import candidate_events_of
from shared.candidates.heuristic_scores import score_posts
from shared.candidates.load_asked_for import SaidOfCandidates
from shared.candidates.load_followed import FollowsOfCandidates
from shared.candidates.ranking_input import RankingInput
from shared.db.bulk import Posts, Users
from shared.domain import Reason, Source
from shared.eligibility import Viewer
from shared.event_columns import Events
from shared.ranked_lists.codec import RankedList, entry_at, pack_entry, post_numbers_of
from shared.settings import HeuristicSettings, NewPostSettings
from timeline.feed.new_post_slots import with_new_posts
from timeline.stores.new_post_pool import NewPostPool

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
USERS, POSTS, NEW = 10_000, 20_000, 1_000
SETTINGS = NewPostSettings()


def _busy_world() -> RankingInput:
    """20,000 posts of two weeks with 400,000 likes and views between them, and 1,000 of the last minutes with none."""
    rng = np.random.default_rng(5)
    count = POSTS + NEW
    ages = np.concatenate([rng.uniform(0, 600, NEW), rng.uniform(0, 14 * 86_400, POSTS)])
    ages.sort()
    keys = rng.permutation(count).astype(np.int64) + 1
    authors = rng.integers(0, 3_000, count)
    events = 400_000
    by_fame = rng.permutation(POSTS) + NEW
    liked = by_fame[(rng.random(events) ** 4 * POSTS).astype(np.int64)]  # a few are known by all, half by ten or fewer
    posts = Posts(
        ids=[f"p{key}" for key in keys], author_ids=[f"a{author}" for author in authors], id_hashes=keys,
        author_id_hashes=authors.astype(np.int64) + 10**9, created_at=NOW.timestamp() - ages,
    )  # fmt: skip
    happened = Events(
        user_id_hashes=rng.integers(0, USERS, events), post_id_hashes=keys[liked],
        kinds=rng.integers(0, 2, events).astype(np.int16), at=np.full(events, NOW.timestamp() - 60.0),
    )  # fmt: skip
    return RankingInput(
        posts=posts,
        post_numbers=keys.tolist(),
        events=happened,
        candidate_events=candidate_events_of(posts, happened),
        users=Users(
            ids=[f"u{number}" for number in range(USERS)],
            id_hashes=np.arange(USERS, dtype=np.int64),
            active_at=np.full(USERS, NOW.timestamp()),
        ),
        viewers={},
        version=1,
        removed=set(),
        since=NOW,
        said=SaidOfCandidates(posts, keys.tolist()),
        follows=FollowsOfCandidates(posts, keys.tolist()),
    )


@pytest.fixture(scope="module")
def world() -> RankingInput:
    return _busy_world()


@pytest.fixture(scope="module")
def ranking(world: RankingInput) -> RankedCandidates:
    settings = HeuristicSettings()
    scores = score_posts(world.posts, world.events, settings, NOW)
    return rank_posts(world.posts, world.post_numbers, scores, alpha=settings.alpha)


@pytest.fixture(scope="module")
def pool(world: RankingInput, ranking: RankedCandidates) -> NewPostPool:
    entries = new_post_pool(world, ranking, SETTINGS, 7, NOW)
    return NewPostPool.of(RankedList(source=Source.HEURISTIC, generation=7, generated_at=NOW, entries=entries))


def _personal(rows: npt.NDArray[np.int64], rng: np.random.Generator) -> bytes:
    """A list as the second phase may give it: any posts, in any order."""
    return b"".join(pack_entry(int(row), Reason.FOR_YOU, 0.5) for row in rng.choice(rows, 60, replace=False))


@pytest.mark.parametrize("phase", ["heuristic", "neucf"])
def test_new_posts_stand_in_enough_peoples_first_fifty(
    world: RankingInput, ranking: RankedCandidates, pool: NewPostPool, phase: str
) -> None:
    rng, rows = np.random.default_rng(1), np.array(world.post_numbers)
    new = set(world.post_numbers[:NEW])
    common = entries_per_user(ranking, [Viewer()], length=60)[0]
    shown: Counter[int] = Counter()
    for user in world.users.ids:
        entries = common if phase == "heuristic" else _personal(rows[NEW:], rng)
        own = post_numbers_of(entries)
        fresh = chain.from_iterable(pool.in_order_of(user))
        mixed = with_new_posts(own, entries, pool, fresh, share=SETTINGS.new_post_share)
        shown.update(new.intersection(post_numbers_of(mixed)[:50]))
    reached = sum(shown[row] >= SETTINGS.new_post_viewers for row in new)
    assert reached >= 0.95 * NEW


def test_the_pool_is_bounded_and_begins_with_what_nobody_has_seen(world: RankingInput, pool: NewPostPool) -> None:
    viewers = dict(zip(world.post_numbers, count_viewers(world.posts, world.events).tolist(), strict=True))
    counts = [viewers[row] for row in pool.post_numbers]
    assert NEW < len(counts) <= MAX_POOL
    assert (counts, counts[:NEW]) == (sorted(counts), [0] * NEW)


def test_every_post_of_the_pool_is_young_and_says_that_it_is_new(world: RankingInput, pool: NewPostPool) -> None:
    born = dict(zip(world.post_numbers, world.posts.created_at.tolist(), strict=True))
    assert min(born[row] for row in pool.post_numbers) >= NOW.timestamp() - 24 * 3600
    assert {entry_at(pool.ranked.entries, place)[1] for place in range(len(pool.post_numbers))} == {"new"}


def test_a_post_that_enough_people_saw_is_new_no_more(world: RankingInput, pool: NewPostPool) -> None:
    viewers = dict(zip(world.post_numbers, count_viewers(world.posts, world.events).tolist(), strict=True))
    assert max(viewers[row] for row in pool.post_numbers) < SETTINGS.new_post_viewers


def test_another_run_chooses_others_among_the_equally_unseen(
    world: RankingInput, ranking: RankedCandidates, pool: NewPostPool
) -> None:
    assert post_numbers_of(new_post_pool(world, ranking, SETTINGS, 8, NOW)) != list(pool.post_numbers)


def test_a_small_app_offers_no_more_than_it_can_show() -> None:
    assert pool_size(100, SETTINGS) * SETTINGS.new_post_viewers <= 100 * 50 * SETTINGS.new_post_share
