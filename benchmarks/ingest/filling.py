"""Fills the databases of this benchmark."""

import psycopg2
from psycopg2.extras import execute_values

from benchmarks.ingest.asking import POSTS, USERS, post_id, user_id

OLD_VIEWS = """
    INSERT INTO warmline.interactions (user_id, post_id, kind, created_at, event_id)
    SELECT 'old' || lpad(n::text, 33, '0'), 'post' || lpad((n % 5000)::text, 32, '0'), 'view',
           now() - interval '400 days' + n * interval '1 second', 'old-' || txid_current() || '-' || n
    FROM generate_series(1, {}) AS n
    """


def fill(database_url: str) -> None:
    """Users and posts, so that events may name them."""
    connection = psycopg2.connect(database_url)
    with connection, connection.cursor() as cursor:
        users = [(user_id(number),) for number in range(USERS)]
        execute_values(cursor, "INSERT INTO warmline.users (id) VALUES %s", users)
        posts = [(post_id(number), user_id(number % USERS)) for number in range(POSTS)]
        execute_values(cursor, "INSERT INTO warmline.posts (id, author_id) VALUES %s", posts)
    connection.close()


def execute(database_url: str, statement: str) -> None:
    """One statement, in no transaction of ours: VACUUM, too."""
    connection = psycopg2.connect(database_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()
