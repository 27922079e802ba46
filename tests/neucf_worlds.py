"""Small worlds for phase 2 whose right answers are known."""

from dataclasses import dataclass, replace

import numpy as np

from s02_train_neucf.data.dataset import TrainingSet, training_set
from s02_train_neucf.data.load import TrainingData
from s02_train_neucf.gate.asked_at import SourceFacts
from s02_train_neucf.gate.history import History
from s02_train_neucf.learning.recipe import Recipe
from shared.db.bulk import BlockPairs
from shared.domain import KIND_CODES, InteractionKind
from shared.event_columns import Events
from shared.neucf.config import NeuCFConfig
from shared.neucf.examples import NO_AUTHOR, Examples, SortedPosts
from shared.neucf.features import NO_FEATURES, ContentVectors, Floats, PostFeatures
from shared.neucf.sources.asked import KnownPosts

SMALL = NeuCFConfig(gmf_width=16, mlp_width=8, tower=(8, 4))
QUICK = Recipe(epochs=40, steps_per_epoch=1, batch_users=16, members=1, learning_rate=0.02, table_decay=0.1)

Row = tuple[int, int, InteractionKind, float]  # user key, post key, kind, seconds


def events_of(*rows: Row) -> Events:
    """Events from tuples."""
    users, posts, kinds, times = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Events(
        user_id_hashes=np.array(users, dtype=np.int64),
        post_id_hashes=np.array(posts, dtype=np.int64),
        kinds=np.array([KIND_CODES[kind] for kind in kinds], dtype=np.int16),
        at=np.array(times, dtype=np.float64),
    )


def with_repeats(events: Events) -> Events:
    """The same in order of time, and half of them again, after the last one."""
    again = np.arange(0, len(events), 2)
    both = np.r_[np.arange(len(events)), again]
    at = np.r_[events.at, events.at[again] + np.ptp(events.at) + 1.0]
    order = np.argsort(at, kind="stable")
    return replace(events[both[order]], at=at[order])


def posts_of(
    keys: list[int], *, authors: list[int] | None = None, created_at: list[float] | None = None
) -> SortedPosts:
    """Posts, without authors and from the beginning of time unless given."""
    return SortedPosts(
        id_hashes=np.array(keys, dtype=np.int64),
        author_id_hashes=np.array(authors if authors is not None else [NO_AUTHOR] * len(keys), dtype=np.int64),
        created_at=np.array(created_at if created_at is not None else [0.0] * len(keys), dtype=np.float64),
    )


def data_of(
    events: Events,
    posts: SortedPosts,
    *,
    deleted_at: dict[int, float] | None = None,
    blocks: list[tuple[int, int, float]] | None = None,
    features: PostFeatures = NO_FEATURES,
) -> TrainingData:
    """What a training reads; deletions by post key, blocks as tuples of who, whom and when."""
    who, whom, when = zip(*blocks, strict=True) if blocks else ((), (), ())
    gone = deleted_at or {}
    return TrainingData(
        events=events,
        posts=posts,
        features=features,
        deleted_at=np.array([gone.get(int(key), np.inf) for key in posts.id_hashes]),
        blocks=BlockPairs(
            user_id_hashes=np.array(who, dtype=np.int64),
            blocked_id_hashes=np.array(whom, dtype=np.int64),
            at=np.array(when, dtype=np.float64),
        ),
    )


def examples_from(pairs: list[tuple[int, int]]) -> Examples:
    """One example per pair, dated by its place."""
    columns = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    at = np.arange(len(pairs), dtype=np.float64)
    return Examples(user_id_hashes=columns[:, 0], post_id_hashes=columns[:, 1], at=at, liked_at=at)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Camps:
    """Two camps: users 100… like posts 0…, users 200… like posts 50…; one like of each user is held back."""

    posts: SortedPosts
    train: Examples
    held_back: Examples

    def data(self, features: PostFeatures = NO_FEATURES) -> TrainingSet:
        """What training reads."""
        return training_set(self.train, self.posts, features)


def two_camps(*, n_users: int = 12, n_posts: int = 12, cold: tuple[int, ...] = ()) -> Camps:
    """Each user of a camp likes all its posts but one: user i holds back post i. `cold` posts exist, unliked."""
    train: list[tuple[int, int]] = []
    held_back: list[tuple[int, int]] = []
    for camp, first_post in ((100, 0), (200, 50)):
        for user in range(n_users):
            for post in range(n_posts):
                pair = (camp + user, first_post + post)
                (held_back if post == user % n_posts else train).append(pair)
    keys = sorted({*range(n_posts), *range(50, 50 + n_posts), *cold})
    shuffled = np.random.default_rng(7).permutation(len(train))  # so that time says nothing about posts
    return Camps(
        posts=posts_of(keys), train=examples_from([train[i] for i in shuffled]), held_back=examples_from(held_back)
    )


def camp_photos(posts: SortedPosts, camp_of_cold: dict[int, int]) -> PostFeatures:
    """Photos that show the camp: one direction each, and some noise. Camp 0 or 1; cold posts as told."""
    noise = np.random.default_rng(8).normal(0.0, 0.2, (len(posts.id_hashes), 6)).astype(np.float32)
    camp = np.array([camp_of_cold.get(int(key), int(key >= 50)) for key in posts.id_hashes])
    noise[:, 0] += np.where(camp == 0, 1.0, -1.0)
    return PostFeatures(image=ContentVectors(noise, np.ones(len(camp), dtype=np.bool_)))


def vectors(values: Floats, *known: int) -> ContentVectors:
    """Vectors of which some places are known."""
    mask = np.zeros(len(values), dtype=np.bool_)
    mask[list(known)] = True
    return ContentVectors(values, mask)


def nothing_known(history: History) -> SourceFacts:
    """The facts of a scorer that knows no posts."""
    n_posts = len(history.data.posts)
    none, unknown = np.zeros(n_posts, np.bool_), np.zeros(n_posts, np.int64)
    return SourceFacts(
        posts=KnownPosts(model_rows=unknown, authors=history.spaced_authors, has_photo=none, has_caption=none)
    )
