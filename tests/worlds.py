"""Small worlds: a handful of users, posts and events, as columns for the pure functions and as rows for PostgreSQL.

A world is written down in ages ("24 hours old"), so that what it should give can be worked out on paper.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import sqlalchemy as sa

from s01_heuristic.job import JobSettings
from shared.candidates.candidate_events import candidate_events_of
from shared.candidates.load_asked_for import SaidOfCandidates
from shared.candidates.load_followed import FollowsOfCandidates
from shared.candidates.ranking_input import RankingInput, posts_by_user
from shared.db.bulk import Posts, Users
from shared.db.engine import Database
from shared.domain import KIND_CODES, InteractionKind, author_hash
from shared.eligibility import Viewer, is_published
from shared.event_columns import Events
from shared.operations.safety import withheld_authors
from shared.settings import HeuristicSettings, ListSettings, NewPostSettings, WindowSettings

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

# Whole numbers on paper: see `TEN_POSTS`.
PAPER_FORMULA: Mapping[str, object] = {
    "alpha": 0.5,
    "half_life_hours": 24.0,
    "popularity_half_life_hours": 24.0,
    "popularity_floor": 15.0,
    "kind_weights": {
        InteractionKind.LIKE: 1.0,
        InteractionKind.COMMENT: 2.0,
        InteractionKind.SAVE: 4.0,
        InteractionKind.SHARE: 8.0,
    },
}


@dataclass(frozen=True, slots=True)
class Post:
    """A post of a world; an age below 0 lies ahead of now."""

    id: str
    author: str
    age_hours: float = 0.0
    deleted: bool = False
    caption: str = "a photo"
    image_url: str | None = "https://photos.example/1.jpg"


@dataclass(frozen=True, slots=True)
class Event:
    """What a user did with a post."""

    user: str
    post: str
    kind: InteractionKind
    age_hours: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Four relations, in ages."""

    users: Sequence[str] = ()
    posts: Sequence[Post] = ()
    events: Sequence[Event] = ()
    blocks: Sequence[tuple[str, str]] = ()
    joined_hours_ago: float = 24.0
    now: datetime = field(default=NOW)

    def at(self, age_hours: float) -> datetime:
        """The moment of an age."""
        return self.now - timedelta(hours=age_hours)


# Ten posts and four users. The formula: α = ½, both half-lives 24 h, and 15 is fully popular, so that
#   popularity = log2(1 + weight) / log2(16), which is 0, ¼, ½, ¾, 1 for the weights 0, 1, 3, 7, 15,
#   recency    = 1, ½, ¼, ⅛ at 0, 24, 48, 72 hours,
#   score      = (popularity + recency) / 2.
# like 1, comment 2, save 4, share 8; a view and a hide weigh nothing here. All events are of now, but those on p7.
#
#   post  author  age   events that count                     weight  pop.  rec.  score   why
#   p2    ann     24 h  cat: like, comment, save                   7   ¾     ½    0.625   popular (¾ > ½)
#   p5    cat     72 h  ann: like, comment, save, share           15   1     ⅛    0.5625  popular
#   p10   cat     −4 m  –                                          0   0     1    0.5     recent (its age counts as 0)
#   p1    ann      0 h  ben only looked                            0   0     1    0.5     recent; p10 is newer
#   p7    dan     24 h  ann, ben: a like each, 24 h old: 2 × ½      1   ¼     ½    0.375   recent
#   p4    ben     72 h  dan: like, comment                         3   ½     ⅛    0.3125  popular
#   p3    ben     24 h  ben's own like does not count              0   0     ½    0.25    recent
#   p6    cat     72 h  dan: like                                  1   ¼     ⅛    0.1875  popular
#   p8    dan      0 h  deleted: absent
#   p9    ben    −10 m  more than five minutes ahead: absent
TEN_POSTS = World(
    users=("ann", "ben", "cat", "dan"),
    posts=(
        Post("p1", "ann", 0),
        Post("p2", "ann", 24),
        Post("p3", "ben", 24),
        Post("p4", "ben", 72),
        Post("p5", "cat", 72),
        Post("p6", "cat", 72),
        Post("p7", "dan", 24),
        Post("p8", "dan", 0, deleted=True),
        Post("p9", "ben", -10 / 60),
        Post("p10", "cat", -4 / 60),
    ),
    events=(
        Event("cat", "p2", InteractionKind.LIKE),
        Event("cat", "p2", InteractionKind.COMMENT),
        Event("cat", "p2", InteractionKind.SAVE),
        Event("ann", "p5", InteractionKind.LIKE),
        Event("ann", "p5", InteractionKind.COMMENT),
        Event("ann", "p5", InteractionKind.SAVE),
        Event("ann", "p5", InteractionKind.SHARE),
        Event("ben", "p1", InteractionKind.VIEW),
        Event("ann", "p7", InteractionKind.LIKE, 24),
        Event("ben", "p7", InteractionKind.LIKE, 24),
        Event("dan", "p4", InteractionKind.LIKE),
        Event("dan", "p4", InteractionKind.COMMENT),
        Event("ben", "p3", InteractionKind.LIKE),
        Event("dan", "p6", InteractionKind.LIKE),
        Event("cat", "p4", InteractionKind.HIDE),
    ),
    blocks=(("ann", "dan"),),
)
TEN_POSTS_ORDER: Sequence[tuple[str, str, float]] = (
    ("p2", "popular", 0.625),
    ("p5", "popular", 0.5625),
    ("p10", "recent", 0.5),
    ("p1", "recent", 0.5),
    ("p7", "recent", 0.375),
    ("p4", "popular", 0.3125),
    ("p3", "recent", 0.25),
    ("p6", "popular", 0.1875),
)
# The order above, less …
TEN_POSTS_LISTS: Mapping[str, Sequence[str]] = {
    "ann": ("p10", "p4", "p3", "p6"),  # her own p1 and p2; p5 and p7, which she touched; dan's p7, for she blocks him
    "ben": ("p2", "p5", "p10", "p6"),  # his own p3 and p4; p1, which he looked at, and p7, which he liked
    "cat": ("p1", "p7", "p3"),  # her own p5, p6 and p10; p2, which she liked; p4, which she hid
    "dan": ("p5", "p10", "p3"),  # his own p7; p4 and p6, which he liked; ann's p1 and p2, for she blocks him
}


def formula(**changes: object) -> HeuristicSettings:
    """The formula with numbers that are easy on paper, or with others."""
    return HeuristicSettings.model_validate({**PAPER_FORMULA, **changes})


def job_settings(
    *,
    window: Mapping[str, object] | None = None,
    lists: Mapping[str, object] | None = None,
    heuristic: Mapping[str, object] | None = None,
    new_posts: Mapping[str, object] | None = None,
) -> JobSettings:
    """What a run reads of the settings: the defaults, with the easy formula."""
    return JobSettings(
        window=WindowSettings.model_validate(dict(window or {})),
        lists=ListSettings.model_validate(dict(lists or {})),
        formula=formula(**(heuristic or {})),
        new_posts=NewPostSettings.model_validate(dict(new_posts or {})),
    )


# --- as columns, for the pure functions -------------------------------------------------------------------------------


def id_hash_of(text: str) -> int:
    """A 64-bit key of an id, as PostgreSQL would compute one (another function, just as unlikely to collide)."""
    return int(np.uint64(author_hash(text)).astype(np.int64))


def post_columns(world: World) -> Posts:
    """The published posts, newest first, ties by id: as `load_candidates` gives them."""
    candidates = sorted(
        (
            post
            for post in world.posts
            if is_published(world.at(post.age_hours), world.now if post.deleted else None, world.now)
        ),
        key=lambda post: (post.age_hours, post.id),
    )
    return Posts(
        ids=[post.id for post in candidates],
        author_ids=[post.author for post in candidates],
        id_hashes=np.array([id_hash_of(post.id) for post in candidates], np.int64),
        author_id_hashes=np.array([id_hash_of(post.author) for post in candidates], np.int64),
        created_at=np.array([world.at(post.age_hours).timestamp() for post in candidates], np.float64),
    )


def event_columns(world: World) -> Events:
    """The events, those ahead of now dated now: as `load_events` gives them."""
    return Events(
        user_id_hashes=np.array([id_hash_of(event.user) for event in world.events], np.int64),
        post_id_hashes=np.array([id_hash_of(event.post) for event in world.events], np.int64),
        kinds=np.array([KIND_CODES[event.kind] for event in world.events], np.int16),
        at=np.array([min(world.at(event.age_hours), world.now).timestamp() for event in world.events], np.float64),
    )


def loaded(world: World, *, first_row: int = 1) -> RankingInput:
    """The world as `load_ranking_input` would give it, without PostgreSQL."""
    posts, events = post_columns(world), event_columns(world)
    rows = list(range(first_row, first_row + len(posts)))
    touched = posts_by_user(posts, rows, events, at_most=1500)
    authors = withheld_authors(world.blocks, ())
    viewers = {
        user: Viewer(
            hidden_authors=authors.get(user, frozenset()),
            hidden_posts=touched.hidden.get(id_hash_of(user), frozenset()),
            seen_posts=touched.seen.get(id_hash_of(user), ()),
        )
        for user in world.users
    }
    return RankingInput(
        posts=posts,
        post_numbers=rows,
        events=events,
        candidate_events=candidate_events_of(posts, events),
        users=Users(
            ids=list(world.users),
            id_hashes=np.array([id_hash_of(user) for user in world.users], np.int64),
            active_at=np.full(len(world.users), world.now.timestamp()),
        ),
        viewers=viewers,
        version=1,
        removed=set(),
        since=world.now - timedelta(days=15),
        said=SaidOfCandidates(posts, rows),
        follows=FollowsOfCandidates(posts, rows),
    )


# --- as rows, for PostgreSQL ------------------------------------------------------------------------------------------


def write_own_tables(database: Database, world: World) -> None:
    """Put the world into the tables of the schema `warmline`."""
    with database.begin() as connection:
        _insert(
            connection,
            "warmline.users",
            ({"id": u, "created_at": world.at(world.joined_hours_ago)} for u in world.users),
        )
        _insert(
            connection,
            "warmline.posts",
            (
                {
                    "id": post.id,
                    "author_id": post.author,
                    "caption": post.caption,
                    "image_url": post.image_url,
                    "created_at": world.at(post.age_hours),
                    "deleted_at": world.now if post.deleted else None,
                }
                for post in world.posts
            ),
        )
        _insert(
            connection,
            "warmline.interactions",
            (
                {
                    "user_id": event.user,
                    "post_id": event.post,
                    "kind": event.kind.value,
                    "created_at": world.at(event.age_hours),
                    "event_id": f"event-{number}",
                }
                for number, event in enumerate(world.events)
            ),
        )
        _insert(
            connection,
            "warmline.blocks",
            (
                {"user_id": blocker, "blocked_user_id": blocked, "created_at": world.now}
                for blocker, blocked in world.blocks
            ),
        )


def _insert(connection: sa.Connection, table: str, rows: Iterable[Mapping[str, object]]) -> None:
    many = [dict(row) for row in rows]
    if many:
        columns = ", ".join(many[0])
        values = ", ".join(f":{name}" for name in many[0])
        connection.execute(sa.text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), many)


def with_uuids(world: World) -> World:
    """The same world with UUIDs as ids, as an app would have them."""
    return World(
        users=[uuid_of(user) for user in world.users],
        posts=[replace(post, id=uuid_of(post.id), author=uuid_of(post.author)) for post in world.posts],
        events=[replace(event, user=uuid_of(event.user), post=uuid_of(event.post)) for event in world.events],
        blocks=[(uuid_of(blocker), uuid_of(blocked)) for blocker, blocked in world.blocks],
        joined_hours_ago=world.joined_hours_ago,
        now=world.now,
    )


def uuid_of(name: str) -> str:
    """The UUID that stands for a name."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))
