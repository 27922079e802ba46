"""A team's app: tables named like the first seed's, the guide's four views over them, and a role that only reads."""

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from shared.domain import InteractionKind
from shared.settings import with_driver
from tests.stores import administrator
from tests.worlds import World

GUIDE = Path(__file__).parents[1] / "docs" / "guides" / "connect-your-database.md"
VIEWS = "warmline_views"

TABLES = """
CREATE TABLE public.users (
    id uuid PRIMARY KEY, created_at timestamptz NOT NULL, is_private bool NOT NULL DEFAULT false,
    suspended_at timestamptz
);
CREATE TABLE public.posts (
    id uuid PRIMARY KEY, user_id uuid NOT NULL REFERENCES public.users, content text, image_url text,
    is_private bool NOT NULL DEFAULT false, status text NOT NULL DEFAULT 'published',
    publish_at timestamptz NOT NULL DEFAULT '2020-01-01T00:00Z', created_at timestamptz NOT NULL,
    deleted_at timestamptz
);
CREATE TABLE public.likes (user_id uuid, post_id uuid, created_at timestamptz NOT NULL);
CREATE TABLE public.comments (
    id bigserial PRIMARY KEY, user_id uuid, post_id uuid, created_at timestamptz NOT NULL, deleted_at timestamptz
);
CREATE TABLE public.user_blocks (blocker_id uuid, blocked_id uuid, created_at timestamptz NOT NULL);
"""
# What the views leave out: each of these posts would stand first in everyone's list.
LEFT_OUT = """
INSERT INTO public.users VALUES
    ('00000000-0000-0000-0000-00000000000a', :now, true, NULL),
    ('00000000-0000-0000-0000-00000000000b', :now, false, :now),
    ('00000000-0000-0000-0000-00000000000c', :now, false, NULL);
INSERT INTO public.posts (id, user_id, is_private, status, publish_at, created_at) VALUES
    (gen_random_uuid(), '00000000-0000-0000-0000-00000000000a', false, 'published', '2020-01-01T00:00Z', :now),
    (gen_random_uuid(), '00000000-0000-0000-0000-00000000000b', false, 'published', '2020-01-01T00:00Z', :now),
    (gen_random_uuid(), '00000000-0000-0000-0000-00000000000c', true, 'published', '2020-01-01T00:00Z', :now),
    (gen_random_uuid(), '00000000-0000-0000-0000-00000000000c', false, 'pending', '2020-01-01T00:00Z', :now),
    (gen_random_uuid(), '00000000-0000-0000-0000-00000000000c', false, 'published', '2999-01-01T00:00Z', :now);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The app's database: its owner's address, and that of the role that may only read the views."""

    owner_url: str
    reader_url: str
    reader: str

    def run(self, statement: str, **values: object) -> None:
        """Execute a statement as the app."""
        with administrator(self.owner_url) as connection:
            connection.execute(sa.text(statement), values)

    @contextmanager
    def views(self, **changed: str) -> Iterator[str]:
        """A schema with the four views, some of them with another query; returns the schema's name.

        Args:
            changed: relation → its query, in which `{}` is the guide's view; blank: no such view.
        """
        schema = f"views_{secrets.token_hex(4)}"
        self.run(f"CREATE SCHEMA {schema}")
        for relation in ("users", "posts", "interactions", "blocks"):
            query = changed.get(relation, "SELECT * FROM {}").format(f"{VIEWS}.{relation}")
            if query:
                self.run(f"CREATE VIEW {schema}.{relation} AS {query}")
        self.run(f"GRANT USAGE ON SCHEMA {schema} TO {self.reader}")
        self.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {self.reader}")
        yield schema
        self.run(f"DROP SCHEMA {schema} CASCADE")


@contextmanager
def app_of(url: str, world: World) -> Iterator[App]:
    """Make an empty database the app's, with a world's likes, comments and blocks, and the guide's views and role."""
    reader = f"reader_{secrets.token_hex(6)}"
    views, roles = guide_sql()
    with administrator(url) as connection:
        connection.execute(sa.text(TABLES))
        _write(connection, world)
        connection.execute(sa.text(LEFT_OUT), {"now": world.now})
        connection.exec_driver_sql(views)
        connection.exec_driver_sql(_about_the_reader(roles).replace("warmline_reader", reader).replace("…", "secret"))
    address = sa.engine.make_url(with_driver(url)).set(username=reader, password="secret")
    yield App(owner_url=url, reader_url=address.render_as_string(hide_password=False), reader=reader)
    with administrator(url) as connection:
        connection.exec_driver_sql(f"DROP OWNED BY {reader}; DROP ROLE {reader}")


def guide_sql() -> list[str]:
    """The guide's SQL: the views, then the roles."""
    return re.findall(r"^```sql\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)[:2]


def _about_the_reader(roles: str) -> str:
    return "\n".join(line for line in roles.splitlines() if "warmline_reader" in line)


def _write(connection: sa.Connection, world: World) -> None:
    for user in world.users:
        _insert(connection, "users", {"id": user, "created_at": world.at(world.joined_hours_ago)})
    for post in world.posts:
        _insert(
            connection,
            "posts",
            {
                "id": post.id,
                "user_id": post.author,
                "content": post.caption,
                "image_url": post.image_url,
                "created_at": world.at(post.age_hours),
                "deleted_at": world.now if post.deleted else None,
            },
        )
    for event in world.events:
        if event.kind in (InteractionKind.LIKE, InteractionKind.COMMENT):
            values = {"user_id": event.user, "post_id": event.post, "created_at": world.at(event.age_hours)}
            _insert(connection, f"{event.kind}s", values)
    for blocker, blocked in world.blocks:
        _insert(connection, "user_blocks", {"blocker_id": blocker, "blocked_id": blocked, "created_at": world.now})


def _insert(connection: sa.Connection, table: str, values: Mapping[str, object]) -> None:
    columns, places = ", ".join(values), ", ".join(f":{name}" for name in values)
    connection.execute(sa.text(f"INSERT INTO public.{table} ({columns}) VALUES ({places})"), values)
