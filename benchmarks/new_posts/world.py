"""A busy world in an empty database: people, posts of two weeks, what was done with them, and later the new posts."""

from dataclasses import asdict, dataclass

import sqlalchemy as sa

from shared.db.engine import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The size of the world."""

    users: int = 10_000
    posts: int = 20_000  # in the window of the candidates
    events: int = 400_000
    new: int = 1_000
    seed: int = 1

    @property
    def authors(self) -> int:
        """The users who post."""
        return max(1, self.users * 3 // 10)


# A few posts are known by all, half of them by some or nobody; events are of the last day.
_STATEMENTS = (
    "SELECT setseed(:chance)",
    """
    INSERT INTO warmline.users (id, created_at)
    SELECT 'user' || n, now() - random() * interval '20 days' FROM generate_series(1, :users) n
    """,
    """
    INSERT INTO warmline.posts (id, author_id, caption, created_at)
    SELECT 'post' || n, 'user' || 1 + floor(random() * :authors)::int, '', now() - random() * interval '14 days'
    FROM generate_series(1, :posts) n
    """,
    """
    INSERT INTO warmline.interactions (user_id, post_id, kind, created_at)
    SELECT 'user' || 1 + floor(random() * :users)::int, 'post' || 1 + floor(random() ^ 4 * :posts)::int,
      CASE WHEN random() < 0.5 THEN 'view' ELSE 'like' END, now() - random() * interval '1 day'
    FROM generate_series(1, :events) ON CONFLICT DO NOTHING
    """,
)
_NEW = """
    INSERT INTO warmline.posts (id, author_id, caption, created_at)
    SELECT 'new' || n, 'user' || 1 + floor(random() * :authors)::int, '', now() - random() * interval '5 minutes'
    FROM generate_series(1, :new) n
    """


def build(database: Database, size: Size) -> None:
    """Fill the tables."""
    _execute(database, *_STATEMENTS, size=size)


def add_new_posts(database: Database, size: Size) -> None:
    """Add posts without views, named `new1` and so on."""
    _execute(database, _NEW, size=size)


def users_of(size: Size) -> list[str]:
    """All users."""
    return [f"user{number}" for number in range(1, size.users + 1)]


def _execute(database: Database, *statements: str, size: Size) -> None:
    chance = 1 / (1 + size.seed)  # PostgreSQL's random() takes a number in [-1, 1]
    values = {**asdict(size), "authors": size.authors, "chance": chance}
    with database.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement), {name: values[name] for name in values if f":{name}" in statement})
        connection.execute(sa.text("ANALYZE"))
