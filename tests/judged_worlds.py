"""Made-up worlds on which the evaluation itself is judged: what is true in them is known. The seed decides."""

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.data.load import TrainingData
from shared.domain import InteractionKind
from shared.event_columns import Events
from shared.neucf.features import ContentVectors, PostFeatures
from tests.neucf_worlds import data_of, events_of, posts_of

DAY = 86_400.0  # seconds
LASTS = 30 * DAY
SHOWN_BY_TASTE = 2.0  # how sharply the app that served them chose; 0: evenly
FIRST_USER = 10_000  # no post's key is a user's


def tastes(
    seed: int, *, n_users: int = 250, n_posts: int = 300, ignored: int = 60, liked: tuple[int, int] = (10, 40)
) -> TrainingData:
    """Users whom an app shows what suits them, of which they like some; each like follows its view.

    What was seen and not liked is near to their taste, so a system that ranks by taste alone puts it high.

    Args:
        seed: of everything.
        n_users: users.
        n_posts: posts, all there from the beginning.
        ignored: posts that each user sees and does not like.
        liked: the fewest and the most posts that a user likes.
    """
    rng = np.random.default_rng(seed)
    affinity = affinities(rng, n_users, n_posts)
    rows = []
    for user in range(n_users):
        n_liked = int(rng.integers(*liked))
        seen = np.argsort(-(affinity[user] + rng.gumbel(size=n_posts) / SHOWN_BY_TASTE))[: ignored + n_liked]
        best = set(seen[np.argsort(-(affinity[user, seen] + rng.gumbel(size=len(seen))))[:n_liked]].tolist())
        rng.shuffle(seen)
        for post, at in zip(seen.tolist(), np.sort(rng.random(len(seen)) * LASTS).tolist(), strict=True):
            rows.append((FIRST_USER + user, post, InteractionKind.VIEW, at))
            if post in best:
                rows.append((FIRST_USER + user, post, InteractionKind.LIKE, at + 10.0))
    return data_of(_by_time(events_of(*rows)), posts_of(list(range(n_posts))))


def affinities(rng: np.random.Generator, n_users: int, n_posts: int, *, width: int = 4) -> NDArray[np.float64]:
    """How well each post suits each user: their tastes, and how good it is. -> (n_users, n_posts)"""
    suits = rng.normal(size=(n_users, width)) @ rng.normal(size=(width, n_posts)) / np.sqrt(width)
    return np.asarray(suits + 0.5 * rng.normal(size=n_posts), dtype=np.float64)


def _by_time(events: Events) -> Events:
    return events[np.argsort(events.at, kind="stable")]


def births(seed: int, *, n_users: int = 120, n_posts: int = 400, seen: int = 60) -> TrainingData:
    """Users who see posts of the last days, and like a third of them by their tastes; posts come all the time.

    The photo of each post shows what it is, so that a new one can be told apart without a like.
    """
    rng = np.random.default_rng(seed)
    tastes_of_users, shown = rng.normal(size=(n_users, 4)), rng.normal(size=(n_posts, 4))
    born = np.sort(rng.random(n_posts)) * 0.95 * LASTS
    suits = tastes_of_users @ shown.T + rng.normal(size=(n_users, n_posts))
    rows = []
    for user in range(n_users):
        at = np.sort(rng.random(seen)) * LASTS
        post = np.maximum(np.searchsorted(born, at) - 1 - rng.integers(0, 60, seen), 0)
        _, first = np.unique(post, return_index=True)
        likes = suits[user, post] > np.quantile(suits[user, post], 2 / 3)
        for index in first[at[first] > born[post[first]]].tolist():
            rows.append((FIRST_USER + user, int(post[index]), InteractionKind.VIEW, float(at[index])))
            if likes[index]:
                rows.append((FIRST_USER + user, int(post[index]), InteractionKind.LIKE, float(at[index]) + 10.0))
    photos = ContentVectors(shown.astype(np.float32), np.ones(n_posts, dtype=np.bool_))
    posts = posts_of(list(range(n_posts)), created_at=born.tolist())
    return data_of(_by_time(events_of(*rows)), posts, features=PostFeatures(image=photos))
