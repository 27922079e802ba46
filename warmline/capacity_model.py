"""What a world of some size needs: bytes in Redis and PostgreSQL, seconds of each job. Pure.

The factors were fitted to runs of worlds from 1,248 to 20,000 users (`docs/performance.md`, “Capacity”); what the
machine is worth comes from a calibration, and what the data is like from the last runs, where there are any.
"""

from collections.abc import Mapping
from dataclasses import dataclass

HEURISTIC, TRAIN, SCORE = "heuristic", "train", "score"

# Bytes of a row with its share of the indexes, ids being UUIDs.
USER_BYTES, POST_BYTES, INTERACTION_BYTES, BLOCK_BYTES, POST_ROW_BYTES = 182, 355, 328, 341, 186
VECTOR_OVERHEAD_BYTES = 260  # a vector's row, besides the vector
VECTOR_BYTES = (2 * 1280, 2 * 384)  # of a photo and of a caption by the encoders that come in packages
POSTGRES_EMPTY_BYTES = 600_000
VIEWER_NAME_BYTES = 90  # in the set of those who have a viewer
SHARED_BYTES = 400_000  # everyone's list, new posts, the small keys, and what Redis keeps besides keys

# The heuristic job in terms of the time of one event out of PostgreSQL and of one list into Redis.
ROWS_PER_EVENT, ROWS_PER_LIST, ROWS_PER_POST, WRITES_PER_LIST = 1.57, 41.0, 31.0, 0.73
# Of which reading and lining up, which the scoring job does too.
LOAD_ROWS_PER_EVENT, LOAD_ROWS_PER_LIST, LOAD_ROWS_PER_POST = 1.3, 18.0, 13.0
PAIR_FLOPS, PAIR_SHARE = (
    850,
    0.25,
)  # three members served as one; share of the speed of plain matrices that scoring gets
# Rough, for a night that was never measured here: passes over all users, against so many posts at most.
TRAIN_PASSES, TRAIN_POSTS, TRAIN_FLOPS, TRAIN_SHARE = 225, 4096, 816, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Speeds:
    """Seconds of one of each, on this machine."""

    row: float  # an event out of PostgreSQL
    list: float  # a list into Redis
    flop: float  # of a product of matrices


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Bytes of one of each, in this Redis."""

    list: float
    viewer: float
    viewer_post: float
    catalogue_post: float
    chain: float


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """How much there is; the last four are what the jobs work on."""

    users: int
    posts: int
    interactions: int
    blocks: int
    lists: int  # active users, at most MAX_LISTS
    candidates: int
    events: int  # on candidates
    scored: int  # users with enough likes

    def scaled(self, *, users: int, posts: int, interactions: int, max_lists: int) -> "World":
        """Another size with the same shares."""
        return World(
            users=users,
            posts=posts,
            interactions=interactions,
            blocks=_share(self.blocks, self.users, users),
            lists=min(max_lists, _share(self.lists, self.users, users)),
            candidates=_share(self.candidates, self.posts, posts),
            events=_share(self.events, self.interactions, interactions),
            scored=min(max_lists, _share(self.scored, self.users, users)),
        )


def everything_active(*, users: int, posts: int, interactions: int, max_lists: int) -> World:
    """The largest that such a world can be: for an installation of which nothing is known yet."""
    lists = min(users, max_lists)
    return World(
        users=users, posts=posts, interactions=interactions, blocks=users // 10,
        lists=lists, candidates=posts, events=interactions, scored=lists,
    )  # fmt: skip


def redis_bytes(world: World, weights: Weights) -> dict[str, int]:
    """By kind of key; the lists of both phases apart. What readers add while they scroll is `reader_bytes`."""
    seen = world.events / world.lists if world.lists else 0.0
    viewers = world.lists * (weights.viewer + VIEWER_NAME_BYTES + seen * weights.viewer_post)
    return {
        "lists, heuristic": round(world.lists * weights.list),
        "lists, neucf": round(world.scored * weights.list),
        "blocks and seen posts": round(viewers),
        "catalogue": round(world.candidates * weights.catalogue_post),
        "shared by all": SHARED_BYTES,
    }


def reader_bytes(weights: Weights, *, chains: int, seen_length: int) -> int:
    """The most that one reader adds: all their chains, and all that they were shown."""
    return round(chains * weights.chain + 4 * seen_length + weights.viewer)


def postgres_bytes(world: World, *, views: bool, vectors: int | None, vector_bytes: float | None) -> dict[str, int]:
    """By what is kept in the schema `warmline`; over views the relations are the team's own.

    Args:
        world: what is there.
        views: whether the relations are views.
        vectors: stored for the posts, photos and captions together; None: two for each post.
        vector_bytes: of one row; None: the encoders that come in packages.
    """
    each = vector_bytes or (sum(VECTOR_BYTES) / 2 + VECTOR_OVERHEAD_BYTES)
    relations = {
        "users": world.users * USER_BYTES,
        "posts": world.posts * POST_BYTES,
        "interactions": world.interactions * INTERACTION_BYTES,
        "blocks": world.blocks * BLOCK_BYTES,
    }
    return {
        **({} if views else relations),
        "row numbers": world.candidates * POST_ROW_BYTES,
        "vectors": round((2 * world.posts if vectors is None else vectors) * each),
        "everything else": POSTGRES_EMPTY_BYTES,
    }


def job_seconds(world: World, speeds: Speeds) -> dict[str, float]:
    """By job, as the calibration alone has it; encoding new photos and captions comes on top."""
    load = speeds.row * (
        LOAD_ROWS_PER_EVENT * world.events + LOAD_ROWS_PER_LIST * world.lists + LOAD_ROWS_PER_POST * world.candidates
    )
    pairs = world.scored * world.candidates
    passes = TRAIN_PASSES * world.scored * min(world.posts, TRAIN_POSTS)
    return {
        HEURISTIC: speeds.row
        * (ROWS_PER_EVENT * world.events + ROWS_PER_LIST * world.lists + ROWS_PER_POST * world.candidates)
        + speeds.list * WRITES_PER_LIST * world.lists,
        TRAIN: speeds.row * world.interactions + passes * TRAIN_FLOPS * speeds.flop / TRAIN_SHARE,
        SCORE: load
        + speeds.row * world.interactions
        + speeds.list * world.scored
        + pairs * PAIR_FLOPS * speeds.flop / PAIR_SHARE,
    }


def corrected(seconds: Mapping[str, float], here: Mapping[str, float], found: Mapping[str, float]) -> dict[str, float]:
    """The same after what the jobs really took: twice what was reckoned here is twice what is reckoned elsewhere.

    Args:
        seconds: reckoned for some world.
        here: reckoned for the world that is here.
        found: what the last runs took here; jobs that never ran are left as they are.
    """
    return {
        job: value * (found[job] / here[job] if here.get(job) and job in found else 1) for job, value in seconds.items()
    }


def _share(part: int, whole: int, other: int) -> int:
    return round(other * part / whole) if whole else other
