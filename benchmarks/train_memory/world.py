"""A large synthetic world as columns on disk: a few people do much, a few posts are liked by many; the seed decides."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.data.load import TrainingData
from shared.db.bulk import BlockPairs
from shared.domain import KIND_CODES, InteractionKind
from shared.event_columns import Events
from shared.neucf.examples import SortedPosts
from shared.neucf.features import ContentVectors, PostFeatures

DAY = 86_400.0  # seconds
DAYS = 90.0  # that the world lasts
AFTER_DAYS = 3.0  # mean age of a post when something happens to it
GROUPS = 64  # of people and posts
OWN_GROUP = 0.6  # chance that an event is on a post of one's own group
AT_ONCE = 1_000_000  # events that are drawn at a time
IMAGE_WIDTH, CAPTION_WIDTH = 1280, 384  # of the encoders that ship

Int64s = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large the world is, and its chance."""

    users: int
    posts: int
    events: int
    like_share: float  # of the events; the others are views
    seed: int


def write_world(size: Size, folder: Path) -> None:
    """Draw a world and write its columns, events in order of time."""
    rng = np.random.default_rng(size.seed)
    born = np.sort(rng.random(size.posts)) * (DAYS - 1) * DAY
    of_user, of_post = (np.arange(n) % GROUPS for n in (size.users, size.posts))
    busy = _shares(rng.lognormal(0.0, 1.2, size.users))
    liked = rng.permutation(1.0 / np.arange(1, size.posts + 1) ** 0.8)
    within = [np.flatnonzero(of_post == group) for group in range(GROUPS)]
    by_group = [_shares(liked[posts]) for posts in within]
    everywhere = _shares(liked)
    parts = []
    for start in range(0, size.events, AT_ONCE):
        n = min(AT_ONCE, size.events - start)
        user = _draw(busy, n, rng)
        post = _draw(everywhere, n, rng)
        own = rng.random(n) < OWN_GROUP
        for group in range(GROUPS):
            of_group = np.flatnonzero(own & (of_user[user] == group))
            if len(within[group]):
                post[of_group] = within[group][_draw(by_group[group], len(of_group), rng)]
        at = np.minimum(born[post] + rng.exponential(AFTER_DAYS * DAY, n), DAYS * DAY)
        parts.append((user, post, at, rng.random(n) < size.like_share))
    user, post, at, likes = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(at, kind="stable")
    columns = {
        "user": user[order],
        "post": post[order],
        "at": at[order],
        "kind": np.where(likes[order], KIND_CODES[InteractionKind.LIKE], KIND_CODES[InteractionKind.VIEW]).astype(
            np.int16
        ),
        "born": born,
        "author": rng.integers(0, size.users, size.posts),
        "image": _vectors(of_post, IMAGE_WIDTH, rng),
        "caption": _vectors(of_post, CAPTION_WIDTH, rng),
    }
    for name, column in columns.items():
        np.save(folder / f"{name}.npy", column)


def read_world(folder: Path) -> TrainingData:
    """The columns as a night's training has them after it has read PostgreSQL."""

    def column(name: str) -> NDArray[Any]:
        found: NDArray[Any] = np.load(folder / f"{name}.npy", allow_pickle=False)
        return found

    n_posts = len(column("born"))
    nobody = np.zeros(0, dtype=np.int64)
    everywhere = np.ones(n_posts, dtype=np.bool_)
    return TrainingData(
        events=Events(
            user_id_hashes=column("user"), post_id_hashes=column("post"), kinds=column("kind"), at=column("at")
        ),
        posts=SortedPosts(
            id_hashes=np.arange(n_posts),
            author_id_hashes=column("author"),
            created_at=column("born"),
        ),
        features=PostFeatures(
            image=ContentVectors(column("image"), everywhere),
            caption=ContentVectors(column("caption"), everywhere),
        ),
        deleted_at=np.full(n_posts, np.inf),
        blocks=BlockPairs(user_id_hashes=nobody, blocked_id_hashes=nobody, at=np.zeros(0)),
    )


def _shares(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Running sums up to 1, to draw from."""
    sums = np.cumsum(weights)
    shares: NDArray[np.float64] = sums / sums[-1] if len(sums) else sums
    return shares


def _draw(shares: NDArray[np.float64], n: int, rng: np.random.Generator) -> Int64s:
    return np.minimum(np.searchsorted(shares, rng.random(n)), len(shares) - 1).astype(np.int64)


def _vectors(group: Int64s, width: int, rng: np.random.Generator) -> NDArray[np.float16]:
    """A direction for each group, and noise; a block at a time."""
    centres = rng.standard_normal((GROUPS, width), dtype=np.float32)
    vectors = np.empty((len(group), width), dtype=np.float16)
    for start in range(0, len(group), 8192):
        part = slice(start, start + 8192)
        noise = rng.standard_normal((len(group[part]), width), dtype=np.float32)
        vectors[part] = centres[group[part]] + noise
    return vectors
