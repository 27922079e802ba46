"""Makes the demo's world from MovieLens-100K: real people and their likes, with films as posts. Pure.

Real: who saw and liked what, in which order, at which intervals; titles and genres. Made up: the authors (MovieLens has
none), the blocks, the users who just joined, and the seconds between a view and its like.
"""

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from demo.movielens import Film, Ratings
from demo.world import Blocks, DemoUsers, DemoWorld, Interactions, Posts, Text, Times, Users, id_of, image_url_of

AUTHORS = 300  # synthetic; about six posts each
NEWCOMERS = 5  # users who joined within the last hour and have done nothing yet
LIKED_FROM_STARS = 4.0  # of 5; a rating below is a view
LIKE_AFTER_SECONDS = (2, 30)  # a like follows its view
BLOCKING_SHARE = 0.05  # of the readers block one to three authors; as many authors block one reader
WARM_WITHIN_DAYS = 7  # the shown active user did something in the last week
POPULAR_WITHIN_DAYS = 30  # the shown blocks are of authors who are liked at present

Numbers = NDArray[np.int64]
_Block = tuple[str, int, str, int]  # kind and number of who blocks, and of who is blocked
_MINUTE = 60_000  # milliseconds, like all times inside this module
_DAY = 24 * 60 * _MINUTE


def make_world(ratings: Ratings, *, seed: int, now: datetime) -> DemoWorld:
    """The world whose newest event is at `now` (which carries a zone). The same arguments give the same world."""
    rng = np.random.default_rng(seed)
    seen_at = ratings.seconds * 1000
    liked = ratings.stars >= LIKED_FROM_STARS
    low, high = LIKE_AFTER_SECONDS
    liked_at = seen_at[liked] + rng.integers(low * 1000, high * 1000, int(liked.sum()))
    newest = int(max(seen_at.max(), liked_at.max(initial=0)))
    shift = int(now.timestamp() * 1000) - newest

    readers, first_seen = _first(ratings.user, seen_at)
    films, born = _first(ratings.film, seen_at)
    author_of_film = _authors([ratings.films[film] for film in films.tolist()], rng)
    warm, spare = _warm_users(ratings, seen_at)
    blocked, blocking = _liked_authors(ratings, seen_at, films, author_of_film)
    shown: list[_Block] = []
    for user in (warm, spare):
        shown += [("user", user, "author", blocked), ("author", blocking, "user", user)]
    blocks = _blocks(readers, first_seen, newest, shown, rng)
    return DemoWorld(
        users=_users(readers, first_seen, author_of_film, born, newest, shift),
        posts=_posts([ratings.films[film] for film in films.tolist()], author_of_film, born + shift),
        interactions=_interactions(ratings, liked, seen_at + shift, liked_at + shift),
        blocks=Blocks(user_id=blocks[0], blocked_user_id=blocks[1], created_at=_times(blocks[2] + shift)),
        cast=DemoUsers(
            warm_user=id_of("user", warm),
            cold_user=id_of("newcomer", 0),
            unknown_user=id_of("nobody", 0),
            blocked_author=id_of("author", blocked),
            blocking_author=id_of("author", blocking),
            spare_warm_user=id_of("user", spare),
            spare_cold_user=id_of("newcomer", 1),
        ),
    )


def _first(keys: Numbers, at: Numbers) -> tuple[Numbers, Numbers]:
    """The distinct keys in order, and the first time of each; `at` ascends."""
    distinct, first = np.unique(keys, return_index=True)
    return distinct, at[first]


def _authors(films: list[Film], rng: np.random.Generator) -> Numbers:
    """An author's number per film. Each author has one main genre, so that a taste for an author is possible."""
    main_genres = [film.genres[0] if film.genres else "" for film in films]
    distinct, counts = np.unique(main_genres, return_counts=True)
    ends = np.maximum(np.rint(np.cumsum(counts) / len(films) * AUTHORS), np.arange(1, len(counts) + 1)).astype(int)
    starts = np.concatenate([[0], ends[:-1]])
    row_of = {genre: row for row, genre in enumerate(distinct.tolist())}
    rows = np.array([row_of[genre] for genre in main_genres])
    numbers: Numbers = rng.integers(np.minimum(starts[rows], ends[rows] - 1), ends[rows])
    return numbers


def _warm_users(ratings: Ratings, at: Numbers) -> tuple[int, int]:
    """The two users with the most likes among those of the last week; with fewer, one twice."""
    recent_users = np.unique(ratings.user[at > at[-1] - WARM_WITHIN_DAYS * _DAY])
    liked = (ratings.stars >= LIKED_FROM_STARS) & np.isin(ratings.user, recent_users)
    likers, likes = np.unique(ratings.user[liked], return_counts=True)
    ranked = likers[np.argsort(-likes, kind="stable")].tolist() or [int(ratings.user[-1])]
    return ranked[0], ranked[min(1, len(ranked) - 1)]


def _liked_authors(ratings: Ratings, at: Numbers, films: Numbers, author_of_film: Numbers) -> tuple[int, int]:
    """The two authors whose films had the most likes in the last month: their absence from a list is visible."""
    counted = (at > at[-1] - POPULAR_WITHIN_DAYS * _DAY) & (ratings.stars >= LIKED_FROM_STARS)
    authors = author_of_film[np.searchsorted(films, ratings.film[counted])]
    likes = np.bincount(authors, minlength=AUTHORS)
    first, second = np.argsort(-likes, kind="stable")[:2].tolist()
    return first, second


def _blocks(
    readers: Numbers, first_seen: Numbers, newest: int, shown: list[_Block], rng: np.random.Generator
) -> tuple[Text, Text, Numbers]:
    """Who blocks whom and when: some readers block authors, some authors block readers, plus the demo's own blocks."""
    some = rng.permutation(len(readers))[: max(1, round(len(readers) * BLOCKING_SHARE))]
    blocking = readers[np.repeat(some, rng.integers(1, 4, len(some)))].tolist()
    blocked = readers[rng.permutation(len(readers))[: len(some)]].tolist()
    made: dict[_Block, None] = dict.fromkeys(
        ("user", reader, "author", int(rng.integers(AUTHORS))) for reader in blocking
    )
    made |= dict.fromkeys(("author", int(rng.integers(AUTHORS)), "user", reader) for reader in blocked)
    made |= dict.fromkeys(shown)
    reader_of = [block[1] if block[0] == "user" else block[3] for block in made]
    at = rng.integers(first_seen[np.searchsorted(readers, reader_of)], newest + 1)  # after the reader came
    return np.array([id_of(*block[:2]) for block in made]), np.array([id_of(*block[2:]) for block in made]), at


def _users(
    readers: Numbers, first_seen: Numbers, author_of_film: Numbers, born: Numbers, newest: int, shift: int
) -> Users:
    """Readers joined a minute before their first view, authors an hour before their first post."""
    author_joined = np.full(AUTHORS, int(born.min()), np.int64)
    order = np.argsort(born, kind="stable")[::-1]
    author_joined[author_of_film[order]] = born[order]  # the earliest is written last
    newcomer_joined = newest - np.arange(1, NEWCOMERS + 1) * 10 * _MINUTE
    ids = [id_of("user", number) for number in readers.tolist()]
    ids += [id_of("author", number) for number in range(AUTHORS)]
    ids += [id_of("newcomer", number) for number in range(NEWCOMERS)]
    joined = np.concatenate([first_seen - _MINUTE, author_joined - 60 * _MINUTE, newcomer_joined])
    return Users(id=np.array(ids), created_at=_times(joined + shift))


def _posts(films: list[Film], author_of_film: Numbers, created_at: Numbers) -> Posts:
    ids = [id_of("post", film.number) for film in films]
    return Posts(
        id=np.array(ids),
        author_id=np.array([id_of("author", number) for number in author_of_film.tolist()]),
        caption=np.array([_caption(film) for film in films]),
        image_url=np.array([image_url_of(post_id) for post_id in ids]),
        created_at=_times(created_at),
        genres=tuple(film.genres for film in films),
    )


def _caption(film: Film) -> str:
    return f"{film.title} · {', '.join(film.genres)}" if film.genres else film.title


def _interactions(ratings: Ratings, liked: NDArray[np.bool_], seen_at: Numbers, liked_at: Numbers) -> Interactions:
    """Every rating is a view; a good one is followed by a like."""
    at = np.concatenate([seen_at, liked_at])
    order = np.argsort(at, kind="stable")
    users, user_rows = np.unique(ratings.user, return_inverse=True)
    films, film_rows = np.unique(ratings.film, return_inverse=True)
    user_ids = np.array([id_of("user", number) for number in users.tolist()])[user_rows]
    post_ids = np.array([id_of("post", number) for number in films.tolist()])[film_rows]
    kinds = np.array(["view"] * len(seen_at) + ["like"] * len(liked_at))
    return Interactions(
        user_id=np.concatenate([user_ids, user_ids[liked]])[order],
        post_id=np.concatenate([post_ids, post_ids[liked]])[order],
        kind=kinds[order],
        created_at=_times(at[order]),
    )


def _times(milliseconds: Numbers) -> Times:
    return milliseconds.astype("datetime64[ms]")
