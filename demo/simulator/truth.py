"""Who would like what, and why: the truth that a model is held against. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo.simulator.words import unit

Floats = NDArray[np.float64]
Int64s = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TasteSettings:
    """How much each reason weighs, and how tastes are spread. The weights are of terms with spread 1.

    Chosen so that plain nearest-neighbour rankers by the model's encoders stand clearly above chance and clearly below
    the truth, before any model was trained on the world.
    """

    words_weight: float = 1.0
    looks_weight: float = 0.6
    group_weight: float = 0.4
    groups: int = 10
    interests: int = 20  # topics that people are drawn to; the first of them draw many
    interests_each: int = 2
    styles: int = 8  # looks that people are drawn to
    personal: float = 0.4  # length of what is one's own in a taste, beside the shared interests of length 1
    neighbours: int = 15  # photos whose mean is an interest or a style
    like_rate: float = 0.10  # of views of posts that were drawn at random
    steepness: float = 1.6  # growth of the log-odds of a like with one spread of affinity
    mood: float = 0.5  # spread of the affinity from one view to the next


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HiddenTastes:
    """What no encoder and no event says outright."""

    affinity: Floats  # (n_users, n_posts) mean 0, spread 1
    group: Int64s  # (n_users,)
    like_bias: float  # log-odds of a like at affinity 0
    steepness: float
    mood: float

    def like_chance(self, user: int, posts: Int64s, rng: np.random.Generator) -> Floats:
        """P(like | viewed) in the mood of the moment. -> (n_posts_asked,)"""
        felt = self.affinity[user, posts] + self.mood * rng.standard_normal(len(posts))
        return _logistic(self.like_bias + self.steepness * felt)


def make_truth(
    words: Floats,
    appearance: Floats,
    author: Int64s,
    *,
    n_users: int,
    settings: TasteSettings,
    rng: np.random.Generator,
) -> HiddenTastes:
    """Draw tastes and groups, and compute everyone's affinity to every post.

    Args:
        words: (n_posts, width) unit vectors of what is not shown in captions.
        looks: (n_posts, width) unit vectors of how the photos look.
        author: (n_posts,) user of each post.
        n_users: people, authors included.
        settings: weights and spreads.
        rng: of all that is drawn.
    """
    interests = _prototypes(words, settings.interests, settings.neighbours, rng)
    styles = _prototypes(appearance, settings.styles, settings.neighbours, rng)
    likes_words = _tastes(interests, n_users, settings.interests_each, settings.personal, rng) @ words.T
    likes_looks = _tastes(styles, n_users, 1, settings.personal, rng) @ appearance.T
    group = rng.integers(settings.groups, size=n_users)
    friendship = rng.standard_normal((settings.groups, n_users))  # how a group likes an author, whatever is posted
    terms = (
        (settings.words_weight, likes_words),  # (n_users, n_posts)
        (settings.looks_weight, likes_looks),
        (settings.group_weight, friendship[group][:, author]),
    )
    affinity = _standard(np.sum([weight * _standard(term) for weight, term in terms], axis=0))
    return HiddenTastes(
        affinity=affinity,
        group=group,
        like_bias=_bias(affinity, settings),
        steepness=settings.steepness,
        mood=settings.mood,
    )


def _prototypes(vectors: Floats, n: int, neighbours: int, rng: np.random.Generator) -> Floats:
    """Means of photos that are alike, around photos drawn at random. -> (n, width)"""
    centres = rng.integers(len(vectors), size=n)
    alike = np.argsort(-(vectors[centres] @ vectors.T), axis=1, kind="stable")[:, :neighbours]
    return unit(vectors[alike].mean(axis=1))


def _tastes(prototypes: Floats, n_users: int, each: int, personal: float, rng: np.random.Generator) -> Floats:
    """A few prototypes per user, the first ones more often (Zipf), and something of one's own. -> (n_users, width)"""
    n, width = prototypes.shape
    draw = 1.0 / np.sqrt(np.arange(1, n + 1))
    chosen = rng.choice(n, size=(n_users, each), p=draw / draw.sum())
    shares = rng.dirichlet(np.full(each, 2.0), n_users)  # (n_users, each)
    shared = unit((prototypes[chosen] * shares[:, :, None]).sum(axis=1))
    return unit(shared + personal * unit(rng.standard_normal((n_users, width))))


def _standard(term: Floats) -> Floats:
    spread = float(term.std())
    standard: Floats = (term - term.mean()) / (spread if spread > 0 else 1.0)
    return standard


def _bias(affinity: Floats, settings: TasteSettings) -> float:
    """The log-odds at which a view of anything by anyone is liked as often as `like_rate` says, by bisection."""
    felt = settings.steepness * affinity * np.sqrt(1 + settings.mood**2)  # the mood widens the spread
    low, high = -20.0, 20.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if _logistic(middle + felt).mean() > settings.like_rate else (middle, high)
    return low


def _logistic(odds: Floats) -> Floats:
    chance: Floats = 1.0 / (1.0 + np.exp(-odds))
    return chance
