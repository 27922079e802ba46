"""What a world of some size needs in bytes and seconds: what is here, measured, times what grows. Pure.

Where a table or a kind of key holds too little to be measured, bytes of one are assumed: for ids as long as UUIDs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

HEURISTIC, TRAIN, SCORE = "heuristic", "train", "score"
JOBS = (HEURISTIC, TRAIN, SCORE)

# Of fewer rows the pages that every index has, however little is in it, are most of what they take.
MIN_ROWS = 2_000
# Bytes of a row with its share of the indexes, ids being UUIDs and captions short; measured on filled tables.
ASSUMED_ROWS = {"users": 182, "posts": 355, "interactions": 356, "blocks": 341, "post_rows": 186}
# Of one encoder: the vector, and its row with its share of the indexes, where the encoder's identity stands twice; what
# is longer than 2 kB lies in pieces beside the row.
ASSUMED_VECTORS = {"caption": 2 * 384 + 500, "image": 2 * 1280 + 820}
ASSUMED_FINGERPRINT = 290  # of a photo
POSTGRES_EMPTY_BYTES = 600_000  # what an empty schema takes, and some runs

VIEWER_NAME_BYTES = 90  # in the set of those who have a viewer
SHARED_BYTES = 50_000  # everyone's list, new posts and the small keys
REDIS_BYTES = 500_000  # what Redis takes besides keys once it is at work: its connections' buffers, its scripts
BARE_VIEWER_BYTES = 72  # of a user who has seen nothing

# What each part of a job grows with; a part that is not named takes as long as it did.
GROWS_WITH: Mapping[str, Mapping[str, str]] = {
    HEURISTIC: {"load": "data", "rank": "data", "publish": "users"},
    SCORE: {"encode": "posts", "load": "data", "publish": "pairs"},
    TRAIN: {
        "encode": "posts", "load": "data", "epochs": "interactions", "validation": "pairs",
        "replay": "interactions", "exams": "pairs", "rest": "interactions",
    },
}  # fmt: skip
MOST_GROWTH = 10.0  # from here on, what a run took says too little of what another will take


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSize:
    """How much there is, or will be."""

    users: int
    posts: int
    interactions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How many times as much of each."""

    users: float
    posts: float
    interactions: float

    @classmethod
    def between(cls, here: DataSize, there: DataSize) -> "Growth":
        """From one world to another."""
        return cls(
            users=there.users / max(here.users, 1),
            posts=there.posts / max(here.posts, 1),
            interactions=there.interactions / max(here.interactions, 1),
        )

    def of(self, driver: str) -> float:
        """Of what a part grows with."""
        if driver == "pairs":
            return self.users * self.posts
        if driver == "data":
            return max(self.posts, self.interactions)
        return float(getattr(self, driver))

    @property
    def most(self) -> float:
        return max(self.users, self.posts, self.interactions)


@dataclass(frozen=True, slots=True, kw_only=True)
class BytesPerItem:
    """Bytes of one of each in this Redis, tried out with keys of nobody; ids being UUIDs."""

    list: float
    viewer: float
    viewer_post: float
    catalogue_post: float
    chain: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCounts:
    """How many keys of a kind Redis holds, and their bytes, with their share of the tables that find them."""

    count: int
    bytes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of ours: its rows, and its bytes with its indexes."""

    rows: int
    bytes: int


def redis_bytes_assumed(world: DataSize, weights: BytesPerItem, *, max_lists: int) -> dict[str, int]:
    """Before anything was published: the most that such a world can need, for all may be active."""
    lists = min(world.users, max_lists)
    seen = world.interactions / lists if lists else 0.0
    viewers = lists * (weights.viewer + VIEWER_NAME_BYTES + seen * weights.viewer_post)
    return {
        "lists, heuristic": round(lists * weights.list),
        "lists, neucf": round(lists * weights.list),
        "blocks and seen posts": round(viewers),
        "catalogue": round(world.posts * weights.catalogue_post),
        "shared by all": SHARED_BYTES + REDIS_BYTES,
    }


def redis_bytes(here: Mapping[str, KeyCounts], growth: Growth, *, warm_users: int, max_lists: int) -> dict[str, int]:
    """What is published, times what grows; readers' own keys as many times as there are users.

    Args:
        here: by kind, as `KINDS` of `shared.ranked_lists.key_sizes` names them.
        growth: from here to the world that is asked about.
        warm_users: who will have a NeuCF list here once a model is promoted.
        max_lists: that are published at most.
    """
    heuristic, neucf, viewers = (here.get(kind, KeyCounts(count=0, bytes=0)) for kind in ("list:h", "list:n", "viewer"))
    each = heuristic.bytes / max(heuristic.count, 1)
    n_neucf = neucf.count or warm_users
    bare = min(viewers.bytes, viewers.count * BARE_VIEWER_BYTES)
    others = sum(here[kind].bytes for kind in ("seen", "chain", "tail") if kind in here)

    def lists(count: int, size: float) -> int:
        return round(min(max_lists, count * growth.users) * size)

    return {
        "lists, heuristic": lists(heuristic.count, each),
        "lists, neucf": lists(n_neucf, neucf.bytes / neucf.count if neucf.count else each),
        "blocks and seen posts": round(bare * growth.users + (viewers.bytes - bare) * growth.interactions),
        "catalogue": round(_bytes(here, "posts") * growth.posts),
        "readers": round(others * growth.users),
        "shared by all": round(_bytes(here, "shared")) + REDIS_BYTES,
    }


def reader_bytes(weights: BytesPerItem, *, chains: int, seen_length: int) -> int:
    """The most that one reader adds: all their chains, and all that they were shown."""
    return round(chains * weights.chain + 4 * seen_length + weights.viewer)


def postgres_bytes(
    here: Mapping[str, Table], world: DataSize, growth: Growth, *, views: bool, vectors: Mapping[str, float]
) -> dict[str, int]:
    """By table of the schema `warmline`.

    Args:
        here: the tables as they are.
        world: that is asked about.
        growth: from here to there.
        views: whether the relations are the team's own; then ours hold what comes by the API.
        vectors: how many of each part (caption, image) a post has, or will have.
    """
    wanted = {
        "users": world.users,
        "posts": world.posts,
        "interactions": world.interactions,
        "blocks": round(here["blocks"].rows * growth.users),
        "post_rows": round(here["post_rows"].rows * growth.posts) or world.posts,
    }
    sizes = {}
    for name, rows in wanted.items():
        table = here[name]
        is_theirs = views and name != "post_rows"
        if table.rows >= MIN_ROWS or is_theirs:
            sizes[name] = round(table.bytes * growth.of(_driver(name)))
        else:
            sizes[name] = rows * ASSUMED_ROWS[name]
    sizes["post_vectors"] = _vector_bytes(here["post_vectors"], world, growth, vectors)
    sizes["photo_fingerprints"] = round(vectors["image"] * world.posts * ASSUMED_FINGERPRINT)
    sizes["everything else"] = POSTGRES_EMPTY_BYTES
    return sizes


def another_encoder_bytes(world: DataSize, vectors: Mapping[str, float]) -> int:
    """What is added while other encoders of both parts are tried: their vectors stand beside the champion's."""
    return round(sum(each * world.posts * ASSUMED_VECTORS[part] for part, each in vectors.items()))


def seconds_of(job: str, stages: Mapping[str, float], seconds: float, growth: Growth) -> dict[str, float] | None:
    """What a run took, each part times what grew; None where it grew too much for that.

    Args:
        job: that the run did.
        stages: seconds by part; of a report without them, the whole is one part that grows with the interactions.
        seconds: of the whole run.
        growth: from what the run worked on.
    """
    if growth.most > MOST_GROWTH:
        return None
    if not stages:
        return {"whole": seconds * max(1.0, growth.interactions)}
    drivers = GROWS_WITH[job]
    return {part: took * (growth.of(drivers[part]) if part in drivers else 1.0) for part, took in stages.items()}


def _vector_bytes(table: Table, world: DataSize, growth: Growth, vectors: Mapping[str, float]) -> int:
    if table.rows >= MIN_ROWS:
        return round(table.bytes * growth.posts)
    return another_encoder_bytes(world, vectors)


def _driver(table: str) -> str:
    return {"posts": "posts", "post_rows": "posts", "interactions": "interactions"}.get(table, "users")


def _bytes(here: Mapping[str, KeyCounts], kind: str) -> float:
    return here[kind].bytes if kind in here else 0.0
