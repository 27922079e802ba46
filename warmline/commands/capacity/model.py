"""Predicts bytes and seconds for a given size: measurements of the current data, multiplied by its growth. Pure.

If a table or a kind of key holds too little to be measured, bytes per item are assumed, for ids as long as UUIDs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

HEURISTIC, TRAIN, SCORE = "heuristic", "train", "score"
JOBS = (HEURISTIC, TRAIN, SCORE)

# With fewer rows the minimal pages of each index are most of the bytes.
MIN_ROWS = 2_000
# Bytes per row including indexes, for UUIDs as ids and short captions; measured on filled tables.
ASSUMED_ROWS = {"users": 182, "posts": 355, "interactions": 356, "blocks": 341, "post_rows": 186}
# For one encoder: the vector, and its row including indexes, which hold the encoder's identity twice; a value above 2
# kB is stored in chunks outside the row (TOAST).
ASSUMED_VECTORS = {"caption": 2 * 384 + 500, "image": 2 * 1280 + 820}
ASSUMED_FINGERPRINT = 290  # of a photo
POSTGRES_EMPTY_BYTES = 600_000  # of an empty schema and some runs

VIEWER_NAME_BYTES = 90  # in the set of users who have a viewer record
SUGGESTED_BYTES = 440  # authors suggested to one user: 20 of them, and the key
AUTHOR_NAME_BYTES = 70  # who a suggested author is
SHARED_BYTES = 50_000  # everyone's list, new posts and the small keys; without lists of tags, 1.3 kB for each
REDIS_BYTES = 500_000  # used by Redis besides keys: buffers of connections, scripts
REQUEST_BYTES = 134  # which request began a chain, for a minute; with the key's share of the tables
AUTHOR_BYTES = 120  # of an author with candidates, once anybody follows anybody
DATED_POST_BYTES = 10  # of each of these candidates
BARE_VIEWER_BYTES = 72  # of a user who has seen nothing

# What each part of a job grows with; other parts take the same time as before.
GROWS_WITH: Mapping[str, Mapping[str, str]] = {
    HEURISTIC: {"load": "data", "rank": "data", "publish": "users", "suggest": "users"},
    SCORE: {"encode": "posts", "load": "data", "publish": "pairs", "similar": "posts"},
    TRAIN: {
        "encode": "posts", "load": "data", "epochs": "interactions", "validation": "pairs",
        "replay": "interactions", "exams": "pairs", "rest": "interactions",
    },
}  # fmt: skip
MOST_GROWTH = 10.0  # above this, one run's seconds do not predict another's


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSize:
    """An amount of data, current or expected."""

    users: int
    posts: int
    interactions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """The growth of each amount, as a factor."""

    users: float
    posts: float
    interactions: float

    @classmethod
    def between(cls, here: DataSize, there: DataSize) -> "Growth":
        """The growth from one size to another."""
        return cls(
            users=there.users / max(here.users, 1),
            posts=there.posts / max(here.posts, 1),
            interactions=there.interactions / max(here.interactions, 1),
        )

    def of(self, driver: str) -> float:
        """The growth of the amount that a part depends on."""
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
    """Bytes per item in this Redis, measured with test keys whose ids are UUIDs."""

    list: float
    viewer: float
    viewer_post: float
    catalogue_post: float
    chain: float
    similar: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCounts:
    """Number and bytes of a kind of keys in Redis, including their share of Redis' hash tables."""

    count: int
    bytes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One of our tables: its rows, and its bytes including indexes."""

    rows: int
    bytes: int


def redis_bytes_assumed(world: DataSize, weights: BytesPerItem, *, max_lists: int) -> dict[str, int]:
    """Before anything was published: the upper bound, in case all users are active."""
    lists = min(world.users, max_lists)
    seen = world.interactions / lists if lists else 0.0
    viewers = lists * (weights.viewer + VIEWER_NAME_BYTES + seen * weights.viewer_post)
    return {
        "lists, heuristic": round(lists * weights.list),
        "lists, neucf": round(lists * weights.list),
        "blocks and seen posts": round(viewers),
        "catalogue": round(world.posts * weights.catalogue_post),
        "similar posts": round(world.posts * weights.similar),
        "posts by author": min(world.users, world.posts) * AUTHOR_BYTES + world.posts * DATED_POST_BYTES,
        "suggested authors": round(lists * SUGGESTED_BYTES + min(world.users, world.posts) * AUTHOR_NAME_BYTES),
        "shared by all": SHARED_BYTES + REDIS_BYTES,
    }


def redis_bytes(here: Mapping[str, KeyCounts], growth: Growth, *, warm_users: int, max_lists: int) -> dict[str, int]:
    """Published data multiplied by its growth; readers' own keys grow with the users.

    Args:
        here: current keys by kind, as `KINDS` of `shared.ranked_lists.key_sizes` names them.
        growth: from the current size to the expected one.
        warm_users: users who will have a NeuCF list once a model is promoted.
        max_lists: the largest number of published lists.
    """
    heuristic, neucf, viewers = (here.get(kind, KeyCounts(count=0, bytes=0)) for kind in ("list:h", "list:n", "viewer"))
    each = heuristic.bytes / max(heuristic.count, 1)
    n_neucf = neucf.count or warm_users
    bare = min(viewers.bytes, viewers.count * BARE_VIEWER_BYTES)
    others = sum(here[kind].bytes for kind in ("seen", "chain", "tail", "request", "follow") if kind in here)

    def lists(count: int, size: float) -> int:
        return round(min(max_lists, count * growth.users) * size)

    return {
        "lists, heuristic": lists(heuristic.count, each),
        "lists, neucf": lists(n_neucf, neucf.bytes / neucf.count if neucf.count else each),
        "blocks and seen posts": round(bare * growth.users + (viewers.bytes - bare) * growth.interactions),
        "catalogue": round(_bytes(here, "posts") * growth.posts),
        "similar posts": round(_bytes(here, "similar") * growth.posts),
        "posts by author": round(_bytes(here, "author") * growth.posts),
        "suggested authors": round(_bytes(here, "suggested") * growth.users + _bytes(here, "names") * growth.posts),
        "readers": round(others * growth.users),
        "shared by all": round(_bytes(here, "shared")) + REDIS_BYTES,
    }


def reader_bytes(weights: BytesPerItem, *, chains: int, seen_length: int) -> int:
    """The upper bound for one reader: all chains, and all posts that they were shown."""
    return round(chains * (weights.chain + REQUEST_BYTES) + 4 * seen_length + weights.viewer)


def postgres_bytes(
    here: Mapping[str, Table], world: DataSize, growth: Growth, *, views: bool, vectors: Mapping[str, float]
) -> dict[str, int]:
    """Bytes by table of the schema `warmline`.

    Args:
        here: the current tables.
        world: the expected size.
        growth: from the current size to the expected one.
        views: whether the relations are the team's views; then our tables hold only what the API received.
        vectors: per post, by part (caption, image).
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


def event_bytes(table: Table) -> float:
    """Bytes of an event in our own table, including indexes."""
    return table.bytes / table.rows if table.rows >= MIN_ROWS else ASSUMED_ROWS["interactions"]


def another_encoder_bytes(world: DataSize, vectors: Mapping[str, float]) -> int:
    """Additional bytes while other encoders are tried: their vectors are stored beside the champion's."""
    return round(sum(each * world.posts * ASSUMED_VECTORS[part] for part, each in vectors.items()))


def seconds_of(job: str, stages: Mapping[str, float], seconds: float, growth: Growth) -> dict[str, float] | None:
    """Seconds of a run, each part multiplied by its growth; None if the growth is too large for that.

    Args:
        job: of the run.
        stages: seconds by part; without them the whole run is one part that grows with the interactions.
        seconds: of the whole run.
        growth: from the data that the run processed.
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
