"""Turns a simulated world into the four relations, its files and the users that the demo shows."""

from datetime import datetime
from pathlib import Path
from shutil import copyfile

import numpy as np
from numpy.typing import NDArray

from demo.errors import WorldMissing
from demo.simulator.simulate import PhotoWorld
from demo.simulator.visits import DAY
from demo.world import Blocks, DemoUsers, DemoWorld, Interactions, Posts, Text, Times, Users
from shared.domain import KIND_CODES, InteractionKind

MIN_PHOTOS = 200  # fewer are seen within a few pages, and the demo shows six in a row
TRUTH_FILE = "truth.npz"
RECENT_DAYS = 7  # the shown users did something, and the shown authors were liked, in the last week
_KINDS = np.array([kind.value for kind in KIND_CODES])  # by code

Int64s = NDArray[np.int64]


def relations_of(simulated: PhotoWorld, *, now: datetime) -> DemoWorld:
    """Make the four relations, with the newest event at `now`.

    Raises:
        WorldMissing: there are too few photos to show anything.
    """
    if len(simulated.images) < MIN_PHOTOS:
        raise WorldMissing(
            f"photos: got {len(simulated.images)} with captions, expected at least {MIN_PHOTOS}; add some"
        )
    users, posts, events = user_ids(simulated), post_ids(simulated), simulated.events
    cast, cast_blocks = _cast(simulated, users)
    newest = float(events.at.max())

    def times(seconds: NDArray[np.float64]) -> Times:
        shifted = now.timestamp() + np.minimum(seconds, newest) - newest
        return (shifted * 1000).astype(np.int64).astype("datetime64[ms]")

    blocks = np.unique(np.concatenate([simulated.blocks, cast_blocks]), axis=0)
    return DemoWorld(
        users=Users(id=users, created_at=times(simulated.joined)),
        posts=Posts(
            id=posts,
            author_id=users[simulated.author],
            caption=np.array(simulated.captions),
            image_url=np.array(_image_urls(simulated)),
            created_at=times(simulated.born),
            genres=((),) * len(posts),
        ),
        interactions=Interactions(
            user_id=users[events.user],
            post_id=posts[events.post],
            kind=_KINDS[events.kind],
            created_at=times(events.at),
        ),
        blocks=Blocks(
            user_id=users[blocks[:, 0]],
            blocked_user_id=users[blocks[:, 1]],
            created_at=times(np.full(len(blocks), newest)),
        ),
        cast=cast,
    )


def copy_photos(simulated: PhotoWorld, world: DemoWorld, home: Path) -> None:
    """Copy the photos to their `image_url` below the media root: the encoders read no other files."""
    (home / "media").mkdir(parents=True, exist_ok=True)
    for source, image_url in zip(simulated.images, world.posts.image_url.tolist(), strict=True):
        copyfile(source, home / image_url)


def save_truth(simulated: PhotoWorld, path: Path) -> None:
    """Write what only the simulator knows: who would like what, and the positions of the views."""
    path.parent.mkdir(parents=True, exist_ok=True)
    truth, views = simulated.truth, simulated.events.of(InteractionKind.VIEW)
    np.savez_compressed(
        path,
        user_id=user_ids(simulated),
        post_id=post_ids(simulated),
        affinity=truth.affinity.astype(np.float32),  # (n_users, n_posts) mean 0, spread 1
        group=truth.group,
        like_bias=truth.like_bias,
        steepness=truth.steepness,
        mood=truth.mood,
        view_user=views.user,
        view_post=views.post,
        view_position=views.position,
        seed=simulated.seed,
    )


def user_ids(simulated: PhotoWorld) -> Text:
    """The users' ids, in their order."""
    return np.array([f"simulated-user-{number:04}" for number in range(len(simulated.joined))])


def post_ids(simulated: PhotoWorld) -> Text:
    """The posts' ids, in their order."""
    return np.array([f"simulated-post-{number:04}" for number in range(len(simulated.images))])


def _image_urls(simulated: PhotoWorld) -> list[str]:
    files = zip(post_ids(simulated).tolist(), simulated.images, strict=True)
    return [f"media/{post_id}{path.suffix.lower() or '.jpg'}" for post_id, path in files]


def _cast(simulated: PhotoWorld, users: Text) -> tuple[DemoUsers, Int64s]:
    """The users that the demo shows, and the blocks among them. -> users, (n_blocks, 2)"""
    likes = simulated.events.of(InteractionKind.LIKE)
    recent = simulated.events.at > simulated.end - RECENT_DAYS * DAY
    n_likes = np.bincount(likes.user, minlength=len(users))
    n_likes[np.setdiff1d(np.arange(len(users)), simulated.events.user[recent])] = 0
    warm, spare = np.argsort(-n_likes, kind="stable")[:2].tolist()
    recent_likes = likes.where(likes.at > simulated.end - RECENT_DAYS * DAY)
    liked = np.bincount(simulated.author[recent_likes.post], minlength=len(users))
    liked[[warm, spare]] = -1  # nobody blocks themselves
    blocked, blocking = np.argsort(-liked, kind="stable")[:2].tolist()
    cast = DemoUsers(
        warm_user=users[warm],
        cold_user=users[-1],
        unknown_user="simulated-nobody",
        blocked_author=users[blocked],
        blocking_author=users[blocking],
        spare_warm_user=users[spare],
        spare_cold_user=users[-2],
    )
    pairs = [pair for user in (warm, spare) for pair in ((user, blocked), (blocking, user))]
    return cast, np.array(pairs, dtype=np.int64)
