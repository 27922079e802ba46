"""How much photo and caption nearness count in the score of unseen posts, by what the likes of the training say.

Of each like, the nearness to the user's other likes is compared with that of the reference: d is by how many spreads
it is above the average. A part whose nearness says nothing of what people like has d = 0. The weight is 4 · d², beside
1 for the learned score; 3 to 8 are about as good, and d instead of d² is a little worse (EXPERIMENTS.md, ninth round).
"""

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from shared.neucf.model import NeuCF, PostInput
from shared.neucf.nearness import center_and_inverse_spread

if TYPE_CHECKING:
    from s02_train_neucf.data.dataset import LikeMatrix

WEIGHT = 4.0  # of a part whose liked posts are one spread above the average
MAX_LIKES = 50_000  # that are compared; more change nothing
AT_ONCE = 4_096  # likes compared at a time: with 256 posts of the reference, 4 MB
FEWEST = 2  # likes of a user: one, and another to compare it with


@torch.no_grad()
def fit_nearness(model: NeuCF, posts: PostInput, likes: "LikeMatrix") -> None:
    """Set reference and weights of a model's nearness; nothing is random.

    Args:
        model: whose content layers are fitted; one without nearness stays as it is.
        posts: all posts of the training, that of row 1 first.
        likes: (n_user_rows, n_post_rows) by model row.
    """
    nearness, units = model.nearness, model.units(posts)
    if nearness is None or units is None:
        return
    nearness.fit(posts.image, posts.caption)
    image, caption = nearness.reference()
    reference = nearness.units(image, caption, model.config.nearness)
    for index, columns in enumerate(nearness.parts()):
        above = liked_above_average(units[:, columns], reference[:, columns], likes)
        nearness.weights[index] = WEIGHT * max(above, 0.0) ** 2


def liked_above_average(units: Tensor, reference: Tensor, likes: "LikeMatrix") -> float:
    """By how many spreads a like is nearer to its user's other likes than the reference is, on average; 0: of none.

    Args:
        units: (n_posts, n_columns) of one part, that of row 1 first.
        reference: (n_reference, n_columns) of the same part.
        likes: (n_user_rows, n_post_rows) by model row.
    """
    chosen = _some_users(likes)
    indices = torch.from_numpy(likes.posts[likes.indices(chosen)] - 1).to(units.device)
    counts = torch.from_numpy(likes.counts[chosen]).to(units.device)
    starts = counts.cumsum(0) - counts
    sums = functional.embedding_bag(indices, units, starts, mode="sum")  # (n_chosen, n_columns)
    user = torch.arange(len(chosen), device=units.device).repeat_interleave(counts)
    total, n = 0.0, 0
    for start in range(0, len(indices), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        own = units[indices[part]]
        others = sums[user[part]] - own
        center, inverse = center_and_inverse_spread(others, reference)
        compared = (own[:, -1] > 0) & (others[:, -1] > 0)  # both have the part
        near = (others[:, :-1] * own[:, :-1]).sum(dim=1)
        total += float(((near - center) * inverse)[compared].sum())
        n += int(compared.count_nonzero())
    return total / n if n else 0.0


def _some_users(likes: "LikeMatrix") -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Users with enough likes, evenly chosen so that they have about MAX_LIKES. (n_chosen,) ascending"""
    users = np.flatnonzero(likes.counts >= FEWEST)
    n_likes = int(likes.counts[users].sum())
    return users[:: max(1, -(-n_likes // MAX_LIKES))]
