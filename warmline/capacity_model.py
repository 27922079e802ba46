"""What a world of some size needs: bytes in Redis and PostgreSQL; its seconds are `capacity_seconds`. Pure.

The factors were fitted to runs of worlds from 1,248 to 20,000 users (`docs/performance.md`, “Capacity”); what the
machine is worth comes from a calibration, and what the data is like from the last runs, where there are any.
"""

from dataclasses import dataclass

HEURISTIC, TRAIN, SCORE = "heuristic", "train", "score"

# Bytes of a row with its share of the indexes, ids being UUIDs.
USER_BYTES, POST_BYTES, INTERACTION_BYTES, BLOCK_BYTES, POST_ROW_BYTES = 182, 355, 328, 341, 186
VECTOR_OVERHEAD_BYTES = 260  # a vector's row, besides the vector
VECTOR_BYTES = (2 * 1280, 2 * 384)  # of a photo and of a caption by the encoders that come in packages
POSTGRES_EMPTY_BYTES = 600_000
VIEWER_NAME_BYTES = 90  # in the set of those who have a viewer
SHARED_BYTES = 400_000  # everyone's list, new posts, the small keys, and what Redis keeps besides keys


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


def _share(part: int, whole: int, other: int) -> int:
    return round(other * part / whole) if whole else other
