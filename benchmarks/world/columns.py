"""Users, posts and blocks of a world as columns, a bounded run of rows at a time. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.world.ids import POSTS, USERS, Bytes, texts, uuids
from benchmarks.world.shape import SECONDS_PER_DAY, Floats, Int64s, World

ROWS = 100_000  # at a time
CAPTION_WORDS, WORD_LETTERS, WORDS_OF_A_TOPIC = 6, 7, 40
LETTERS = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz", np.uint8)
PHOTO = (b"https://photos.example/", b".jpg")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UserRows:
    """A run of users."""

    numbers: Int64s
    created_at: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PostRows:
    """A run of posts."""

    numbers: Int64s
    authors: Int64s  # numbers of users
    captions: Bytes  # (n, letters)
    image_urls: Bytes  # (n, letters)
    created_at: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BlockRows:
    """A run of blocks."""

    users: Int64s
    blocked: Int64s
    created_at: Floats


def users_of(world: World) -> Iterator[UserRows]:
    """All users; they joined before the first post was made."""
    first = world.now.timestamp() - 2 * world.size.days * SECONDS_PER_DAY
    for numbers in _runs(world.size.users):
        chance = np.random.default_rng([world.seed, 2, numbers[0]])
        joined = first + chance.random(len(numbers)) * world.size.days * SECONDS_PER_DAY
        yield UserRows(numbers=numbers, created_at=joined)


def posts_of(world: World) -> Iterator[PostRows]:
    """All posts, by their times."""
    words = _vocabulary(world)
    for numbers in _runs(world.size.posts):
        run = slice(numbers[0], numbers[-1] + 1)
        yield PostRows(
            numbers=numbers,
            authors=world.author[run].astype(np.int64),
            captions=_captions(world, words, numbers),
            image_urls=_image_urls(world, numbers),
            created_at=world.created_at[run],
        )


def blocks_of(world: World) -> Iterator[BlockRows]:
    """Distinct pairs of users, nobody with themselves."""
    n_users, n_blocks = world.size.users, world.size.blocks
    chance = np.random.default_rng([world.seed, 3])
    pairs = np.unique(chance.integers(0, n_users, 2 * n_blocks) * n_users + chance.integers(0, n_users, 2 * n_blocks))
    users, blocked = np.divmod(chance.permutation(pairs), n_users)
    others = np.flatnonzero(users != blocked)[:n_blocks]
    users, blocked = users[others], blocked[others]
    at = world.now.timestamp() - chance.random(len(users)) * world.size.days * SECONDS_PER_DAY
    for indices in _runs(len(users)):
        yield BlockRows(users=users[indices], blocked=blocked[indices], created_at=at[indices])


def user_uuids(world: World, numbers: npt.NDArray[np.integer]) -> Bytes:
    """-> (n, 16)"""
    return uuids(numbers, USERS, world.seed)


def post_uuids(world: World, numbers: npt.NDArray[np.integer]) -> Bytes:
    """-> (n, 16)"""
    return uuids(numbers, POSTS, world.seed)


def _runs(n: int) -> Iterator[Int64s]:
    for start in range(0, n, ROWS):
        yield np.arange(start, min(start + ROWS, n))


def _vocabulary(world: World) -> Bytes:
    """Made-up words, a set for each topic. -> (n_topics, WORDS_OF_A_TOPIC, WORD_LETTERS + 1), a blank at the end"""
    chance = np.random.default_rng([world.seed, 4])
    words = LETTERS[chance.integers(0, len(LETTERS), (world.size.topics, WORDS_OF_A_TOPIC, WORD_LETTERS + 1))]
    words[:, :, -1] = ord(" ")
    return words


def _captions(world: World, words: Bytes, numbers: Int64s) -> Bytes:
    """Words of the post's topic."""
    chance = np.random.default_rng([world.seed, 5, numbers[0]])
    chosen = chance.integers(0, WORDS_OF_A_TOPIC, (len(numbers), CAPTION_WORDS))
    letters = words[world.topic[numbers][:, None], chosen]  # (n, CAPTION_WORDS, WORD_LETTERS + 1)
    return letters.reshape(len(numbers), -1)[:, :-1]


def _image_urls(world: World, numbers: Int64s) -> Bytes:
    names = texts(post_uuids(world, numbers))
    before, after = (np.broadcast_to(np.frombuffer(part, np.uint8), (len(numbers), len(part))) for part in PHOTO)
    return np.hstack([before, names, after])
