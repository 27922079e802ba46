"""Makes the demo's world out of MovieLens-100K: real people and their likes, on posts that are films. Pure.

What is real: who saw and liked what, in which order, at which distance in time; titles and genres. What is made up:
the authors (MovieLens has none), the blocks, the users who just joined, and the seconds between a view and its like.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

import numpy as np
from numpy.typing import NDArray

from demo.movielens import Film, Ratings

AUTHORS = 300  # synthetic; about six posts each
NEWCOMERS = 5  # users who joined within the last hour and have done nothing yet
LIKED_FROM_STARS = 4.0  # of 5; a rating below is a view
LIKE_AFTER_SECONDS = (2, 30)  # a like follows its view
BLOCKING_SHARE = 0.05  # of the readers block one to three authors; as many authors block one reader
WARM_WITHIN_DAYS = 7  # the shown active user did something in the last week
_NAMES = UUID("5d0c1f0e-6a7b-5b1e-9a53-1f4d0b8f2c61")  # any fixed namespace: the same numbers give the same ids

Text = NDArray[np.str_]
Times = NDArray[np.datetime64]  # UTC, milliseconds
Numbers = NDArray[np.int64]
_MINUTE = 60_000  # milliseconds, like all times inside this module
_DAY = 24 * 60 * _MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """The relation `users`: readers, authors and newcomers."""

    id: Text
    created_at: Times


@dataclass(frozen=True, slots=True, kw_only=True)
class Posts:
    """The relation `posts`; `genres` is for drawing the card and is no column. `image_url` is relative to .warmline."""

    id: Text
    author_id: Text
    caption: Text
    image_url: Text
    created_at: Times
    genres: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interactions:
    """The relation `interactions`, ordered by time."""

    user_id: Text
    post_id: Text
    kind: Text
    created_at: Times


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocks:
    """The relation `blocks`."""

    user_id: Text
    blocked_user_id: Text
    created_at: Times


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The users whom the demo shows. `blocked_author` is blocked by `warm_user` and has well-liked posts."""

    warm_user: str
    cold_user: str
    unknown_user: str
    blocked_author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The four relations and the cast."""

    users: Users
    posts: Posts
    interactions: Interactions
    blocks: Blocks
    cast: Cast


def id_of(kind: str, number: int) -> str:
    """The UUID of a numbered thing: `user` (MovieLens's number), `author`, `newcomer` or `post` (the film's number)."""
    return str(uuid5(_NAMES, f"{kind}:{number}"))


def image_url_of(post_id: str) -> str:
    """Where a post's card lies, relative to the demo's folder."""
    return f"media/{post_id}.jpg"


def make_world(ratings: Ratings, *, seed: int, now: datetime) -> World:
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
    warm, blocked = _shown_pair(ratings, seen_at, films, author_of_film)
    blocks = _blocks(readers, first_seen, newest, (warm, blocked), rng)
    return World(
        users=_users(readers, first_seen, author_of_film, born, newest, shift),
        posts=_posts([ratings.films[film] for film in films.tolist()], author_of_film, born + shift),
        interactions=_interactions(ratings, liked, seen_at + shift, liked_at + shift),
        blocks=Blocks(user_id=blocks[0], blocked_user_id=blocks[1], created_at=_times(blocks[2] + shift)),
        cast=Cast(
            warm_user=id_of("user", warm),
            cold_user=id_of("newcomer", 0),
            unknown_user=id_of("nobody", 0),
            blocked_author=id_of("author", blocked),
        ),
    )


def _first(keys: Numbers, at: Numbers) -> tuple[Numbers, Numbers]:
    """The distinct keys in order, and when each occurs first; `at` ascends."""
    distinct, first = np.unique(keys, return_index=True)
    return distinct, at[first]


def _authors(films: list[Film], rng: np.random.Generator) -> Numbers:
    """An author's number per film. Each author keeps to one main genre, so that liking an author means something."""
    main_genres = [film.genres[0] if film.genres else "" for film in films]
    distinct, counts = np.unique(main_genres, return_counts=True)
    ends = np.maximum(np.rint(np.cumsum(counts) / len(films) * AUTHORS), np.arange(1, len(counts) + 1)).astype(int)
    starts = np.concatenate([[0], ends[:-1]])
    row_of = {genre: row for row, genre in enumerate(distinct.tolist())}
    rows = np.array([row_of[genre] for genre in main_genres])
    return rng.integers(np.minimum(starts[rows], ends[rows] - 1), ends[rows])


def _shown_pair(ratings: Ratings, at: Numbers, films: Numbers, author_of_film: Numbers) -> tuple[int, int]:
    """The shown active user, and the author whom that user blocks: both as visible as can be.

    The user has the most likes among those of the last week; the author's films have the most likes of the last month.
    """
    liked = ratings.stars >= LIKED_FROM_STARS
    recent_users = np.unique(ratings.user[at > at[-1] - WARM_WITHIN_DAYS * _DAY])
    likers, likes = np.unique(ratings.user[liked & np.isin(ratings.user, recent_users)], return_counts=True)
    warm = int(likers[likes.argmax()]) if len(likers) else int(ratings.user[-1])
    lately = at > at[-1] - 30 * _DAY
    authors = author_of_film[np.searchsorted(films, ratings.film[lately])]
    liked_authors = authors[liked[lately]] if liked[lately].any() else authors
    return warm, int(np.bincount(liked_authors).argmax())


def _blocks(
    readers: Numbers, first_seen: Numbers, newest: int, shown: tuple[int, int], rng: np.random.Generator
) -> tuple[Text, Text, Numbers]:
    """Who blocks whom and when: some readers block authors, some authors block readers, and the shown pair."""
    some = rng.permutation(len(readers))[: max(1, round(len(readers) * BLOCKING_SHARE))]
    rows = np.repeat(some, rng.integers(1, 4, len(some)))
    pairs = [("user", int(readers[row]), "author", int(rng.integers(AUTHORS)), int(row)) for row in rows]
    back = rng.permutation(len(readers))[: len(some)]
    pairs.extend(("author", int(rng.integers(AUTHORS)), "user", int(readers[row]), int(row)) for row in back)
    pairs.append(("user", shown[0], "author", shown[1], int(np.searchsorted(readers, shown[0]))))
    made = {(id_of(a, a_number), id_of(b, b_number)): row for a, a_number, b, b_number, row in pairs}
    at = rng.integers(first_seen[list(made.values())], newest + 1)  # after the reader came
    return np.array([pair[0] for pair in made]), np.array([pair[1] for pair in made]), at


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
