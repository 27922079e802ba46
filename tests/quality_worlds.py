"""A small world as an .npz of the benchmark's format, whose right answers are known."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

N_USERS, N_POSTS = 24, 24  # in two camps; users by even and odd number, posts 0–11 and 12–23
COLD = (24, 25, 26, 27)  # posts that nobody touched: the first two look like camp 0's, the others like camp 1's
RING, WALKERS, STEPS = 40, 80, 8  # posts, users and likes of each in `ring`
FIRST_USER, STEP = 7, 1000  # user numbers are sparse


def user(number: int) -> int:
    """The id of the n-th user."""
    return FIRST_USER + STEP * number


def camps() -> dict[str, NDArray[Any]]:
    """Each user likes all posts of the camp but one, which is in `test`."""
    pairs = [(number, post) for number in range(N_USERS) for post in range(12 * (number % 2), 12 * (number % 2) + 12)]
    held = [post % 12 == number // 2 for number, post in pairs]
    rows = np.array([(user(number), post) for number, post in pairs])
    return {"train": rows[~np.array(held)], "test": rows[np.array(held)]}


def with_negatives(world: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The posts of the other camp as negatives."""
    other = np.where(world["test"][:, 1] < 12, 12, 0)
    return {**world, "test_negatives": other[:, None] + np.arange(12)}


def with_photos(world: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Photos that show the camp, of the cold posts too; each user also went on to like both that show the own camp."""
    camp = np.array([*[0] * 12, *[1] * 12, 0, 0, 1, 1])
    noise = np.random.default_rng(3).normal(0.0, 0.1, (len(camp), 5))
    noise[:, 0] += np.where(camp == 0, 1.0, -1.0)
    cold = np.array([(user(number), COLD[2 * (number % 2) + which]) for number in range(N_USERS) for which in (0, 1)])
    return {**world, "test": np.concatenate([world["test"], cold]), "image": noise.astype(np.float32)}


def ring() -> dict[str, NDArray[Any]]:
    """People who walk round a ring of posts, one step at a time: all posts are equally popular, order is everything."""
    first = np.random.default_rng(1).integers(0, RING, WALKERS)
    walks = (first[:, None] + np.arange(STEPS)) % RING  # (n_users, n_steps)
    return {
        "train": np.stack([np.repeat(np.arange(WALKERS), STEPS - 2), walks[:, :-2].ravel()], axis=1),
        "train_time": np.tile(np.arange(STEPS - 2.0), WALKERS),
        "val": np.stack([np.arange(WALKERS), walks[:, -2]], axis=1),
        "test": np.stack([np.arange(WALKERS), walks[:, -1]], axis=1),
    }


def write(folder: Path, world: dict[str, NDArray[Any]], name: str = "world.npz") -> Path:
    """Put a world into a file."""
    path = folder / name
    np.savez(path, **world)  # type: ignore[arg-type]
    return path
