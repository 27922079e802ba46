"""How long new posts take until everybody's list was made with them among the candidates.

Where they then stand is the model's choice, and this one was not trained: it would say nothing.
"""

import time
from collections.abc import Sequence

import psycopg2
import redis

from benchmarks.errors import BenchmarkRefused
from shared.domain import Phase
from shared.ranked_lists import codec, keys

CAPTIONS = (
    "a sleepy cat", "ramen at midnight", "my first tomato", "a red bicycle", "knitting in the sun", "old harbour",
    "two dogs in snow", "fresh bread", "a wooden chair", "the garden in May",
)  # fmt: skip
WITHIN_SECONDS = 90.0
LOOK_EVERY = 0.1
_HEAD = codec.HEADER.size + codec.VERSION.size - 1


def measure(database_url: str, redis_url: str, users: Sequence[str], *, count: int) -> dict[Phase, float]:
    """Insert so many posts at once; seconds until all lists are newer, by phase."""
    connection = psycopg2.connect(database_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        posts = [
            (f"new{number}", users[number % len(users)], f"{CAPTIONS[number % len(CAPTIONS)]}, {number}")
            for number in range(count)
        ]
        cursor.executemany("INSERT INTO warmline.posts (id, author_id, caption) VALUES (%s, %s, %s)", posts)
        cursor.execute("SELECT nextval('warmline.viewer_versions')")
        (version,) = cursor.fetchone() or (0,)
    connection.close()
    begun, seconds = time.monotonic(), dict[Phase, float]()
    with redis.Redis.from_url(redis_url) as client:
        while len(seconds) < len(Phase):
            if time.monotonic() > begun + WITHIN_SECONDS:
                raise BenchmarkRefused(f"new posts: after {WITHIN_SECONDS:.0f} s only {[*seconds]} have new lists")
            time.sleep(LOOK_EVERY)
            for phase in Phase:
                if phase not in seconds and _oldest(client, phase, users) > version:
                    seconds[phase] = time.monotonic() - begun
    return seconds


def _oldest(client: "redis.Redis", phase: Phase, users: Sequence[str]) -> int:
    """The lowest version of all lists that there are."""
    pipe = client.pipeline(transaction=False)
    for user in users:
        pipe.getrange(keys.ranked_list(phase, user), 0, _HEAD)
    return min((codec.version_of(value) for value in pipe.execute() if value), default=0)
