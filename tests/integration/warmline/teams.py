"""A team's own tables without a fault, with views over them and a role that may only read; tests spoil one thing."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.integration.warmline.answers import Answer, Command
from tests.stores import administrator

TEAM = """
CREATE SCHEMA app; CREATE SCHEMA feed;
CREATE TABLE app.users (id uuid PRIMARY KEY, created_at timestamptz NOT NULL);
CREATE TABLE app.posts (id uuid PRIMARY KEY, user_id uuid, content text, image text, created_at timestamptz,
                        deleted_at timestamptz);
CREATE TABLE app.likes (user_id uuid, post_id uuid, created_at timestamptz, PRIMARY KEY (user_id, post_id));
CREATE TABLE app.blocked (user_id uuid, other_id uuid, created_at timestamptz, PRIMARY KEY (user_id, other_id));
INSERT INTO app.users SELECT md5('u' || n)::uuid, now() - interval '90 days' FROM generate_series(1, 20) n;
INSERT INTO app.posts SELECT md5('p' || n)::uuid, md5('u' || 1 + mod(n, 20))::uuid, 'post ' || n,
    'https://x/' || n || '.jpg', now() - n * interval '1 hour',
    CASE WHEN mod(n, 10) = 0 THEN now() - interval '1 minute' END FROM generate_series(1, 100) n;
INSERT INTO app.likes SELECT md5('u' || u)::uuid, md5('p' || p)::uuid, now() - interval '30 minutes'
    FROM generate_series(1, 20) u, generate_series(1, 30) p;
INSERT INTO app.blocked VALUES (md5('u1')::uuid, md5('u2')::uuid, now());
CREATE VIEW feed.users AS SELECT id::text AS id, created_at FROM app.users;
CREATE VIEW feed.posts AS SELECT id::text AS id, user_id::text AS author_id, content AS caption, image AS image_url,
    created_at, deleted_at FROM app.posts;
CREATE VIEW feed.interactions AS SELECT user_id::text AS user_id, post_id::text AS post_id, 'like' AS kind, created_at
    FROM app.likes;
CREATE VIEW feed.blocks AS SELECT user_id::text AS user_id, other_id::text AS blocked_user_id, created_at
    FROM app.blocked;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team's database, and the role that the doctor reads it by."""

    url: str
    role: str
    reader_url: str

    def do(self, statements: str) -> None:
        """Change something, as the database's owner."""
        with administrator(self.url) as connection:
            connection.exec_driver_sql(statements)

    def begin(self, statements: str = TEAM) -> None:
        """Anew, with the tables and the views (in the schema `feed`) that these statements make."""
        self.do("DROP SCHEMA IF EXISTS app, feed, good, bad CASCADE")
        self.do(statements)
        self.do(f"GRANT USAGE ON SCHEMA feed TO {self.role}; GRANT SELECT ON ALL TABLES IN SCHEMA feed TO {self.role}")
        self.do(f"ALTER DEFAULT PRIVILEGES IN SCHEMA feed GRANT SELECT ON TABLES TO {self.role}")


@contextmanager
def team_in(database_url: str) -> Iterator[Team]:
    """A team in an empty database, and its reader."""
    role = f"reader_{secrets.token_hex(4)}"
    host = database_url.partition("@")[2]
    team = Team(url=database_url, role=role, reader_url=f"postgresql://{role}:x@{host}")
    team.do(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")
    try:
        yield team
    finally:
        team.do(f"DROP OWNED BY {role}; DROP ROLE {role}")


def doctor_of(warmline: Command, team: Team) -> Command:
    """`warmline doctor` as the team's reader."""

    def examine(*arguments: str, **settings: str) -> Answer:
        return warmline("doctor", *arguments, source_url=team.reader_url, source_schema="feed", **settings)

    return examine


def found(answer: Answer, severity: str) -> dict[str, Any]:
    """What was got, by where, of the findings of a severity."""
    return {each["where"]: each["got"] for each in answer.json["findings"] if each["severity"] == severity}
