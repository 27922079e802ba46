"""A world that is large enough to scroll in for a minute: 1,500 users, 300 authors, 4,000 posts, 40,000 events."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg2
from psycopg2.extras import execute_values

USERS = tuple(f"user{number:04}" for number in range(1_500))
AUTHORS = tuple(f"author{number:03}" for number in range(300))
POSTS = tuple(f"post{number:04}" for number in range(4_000))
EVENTS = 40_000


def authors_of_posts() -> dict[str, str]:
    """Post → author; a tenth of the authors wrote half of the posts, so that spacing has something to do."""
    rng = random.Random(1)
    return {post: rng.choice(AUTHORS[:30] if rng.random() < 0.5 else AUTHORS) for post in POSTS}


def clusters_of_posts() -> dict[str, int]:
    """Post → cluster: a fifth of the posts show one of eight photos, so that they meet in every other chain."""
    return {post: 1 + place // 5 % 8 for place, post in enumerate(POSTS) if place % 5 == 0}


def build(database_url: str) -> None:
    """Write it."""
    rng, now = random.Random(2), datetime.now(UTC)
    authors = authors_of_posts()
    fingerprints = [(post, b"", cluster) for post, cluster in clusters_of_posts().items()]
    posts = [(post, authors[post], f"caption of {post}", now - timedelta(minutes=rng.uniform(0, 14_000)))
             for post in POSTS]  # fmt: skip
    connection = psycopg2.connect(database_url)
    try:
        with connection, connection.cursor() as cursor:
            people = [(user, now) for user in (*USERS, *AUTHORS)]
            execute_values(cursor, "INSERT INTO warmline.users (id, created_at) VALUES %s", people)
            execute_values(cursor, "INSERT INTO warmline.posts (id, author_id, caption, created_at) VALUES %s", posts)
            execute_values(
                cursor, "INSERT INTO warmline.interactions (user_id, post_id, kind, created_at) VALUES %s"
                " ON CONFLICT DO NOTHING", list(_events(rng, now)),
            )  # fmt: skip
            execute_values(
                cursor, "INSERT INTO warmline.photo_fingerprints (post_id, fingerprint, cluster) VALUES %s",
                fingerprints,
            )  # fmt: skip
    finally:
        connection.close()


def _events(rng: random.Random, now: datetime) -> Iterator[tuple[str, str, str, datetime]]:
    """Likes by people who do not read here: what readers have seen is what they were served."""
    for number in range(EVENTS):
        yield (
            f"liker{number % 997}",
            POSTS[int(rng.random() ** 3 * len(POSTS))],
            "like",
            now - timedelta(minutes=rng.uniform(0, 5_000)),
        )
