"""The score of a post that the model has not seen, from two rankers: learned content, and nearness to liked posts.

    near(u, p) = mean over u's liked posts q of cos(q, p), of photos and of captions
    score(u, p) = m + s/σ · ( z(learned score) + w_photo · z(photo nearness) + w_caption · z(caption nearness) )

z subtracts a user's mean and divides by the user's spread, over some posts of the training that are scored as if they
were unseen: the reference. m and s are mean and spread of the learned score there, and σ is the spread of the sum. So
for each user the unseen posts are put into another order, and keep their place among the posts with a row: their
scores have the same mean and spread as before. Nearness makes other errors than the learned layers, and both together
rank unseen posts better than either (EXPERIMENTS.md, ninth round). The training computes the weights.

The mean of cosines is the mean of the liked posts' unit vectors times the post's own, so each side is computed once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from shared.neucf.config import NeuCFConfig
from shared.neucf.content import ReducedContent

SMALLEST_SPREAD = 1e-6  # of scores over the reference; below, there is no order to speak of


@dataclass(frozen=True, slots=True, eq=False)
class UserNearness:
    """What the score of unseen posts needs of users."""

    kept: Tensor  # (n_users, 1) what a learned score is multiplied with: 1/σ
    weighted: Tensor  # (n_users, n_columns) what a post's columns are multiplied with

    def __getitem__(self, part: slice) -> "UserNearness":
        return UserNearness(self.kept[part], self.weighted[part])

    @classmethod
    def joined(cls, parts: Sequence["UserNearness"]) -> Self:
        """That of consecutive users as one."""
        return cls(torch.cat([part.kept for part in parts]), torch.cat([part.weighted for part in parts]))


@dataclass(frozen=True, slots=True, eq=False)
class UnseenPosts:
    """The posts without a model row among some posts."""

    indices: Tensor  # (n_unseen,) int64, ascending
    # (n_unseen, n_units + 2): units, a 1, and what was added to the bias that is no score of the model
    columns: Tensor

    @classmethod
    def of(cls, indices: Tensor, units: Tensor) -> Self:
        """The posts at these indices; `units` (n_unseen, n_units) from `Nearness.units`."""
        rest = units.new_tensor([1.0, 0.0]).expand(len(units), -1)
        return cls(indices, torch.cat([units, rest], dim=1))

    def within(self, start: int, stop: int) -> "UnseenPosts":
        """Those among the posts from `start` to `stop`, with indices that count from `start`."""
        low, high = torch.searchsorted(self.indices, self.indices.new_tensor([start, stop])).tolist()
        return UnseenPosts(self.indices[low:high] - start, self.columns[low:high])

    def with_added(self, term: Tensor) -> "UnseenPosts":
        """The same after a term for each of the posts (n_posts,) was added to their bias."""
        units_and_one, added = self.columns.split((self.columns.shape[1] - 1, 1), dim=1)
        return UnseenPosts(self.indices, torch.cat([units_and_one, added + term[self.indices, None]], dim=1))

    def rescore(self, scores: Tensor, users: UserNearness) -> None:
        """Replace the learned scores of unseen posts, in place. (n_users, n_posts or more)"""
        n = len(self.indices)
        if n == 0:
            return
        first, last = int(self.indices[0]), int(self.indices[-1])
        if last - first + 1 == n:  # side by side: no copies, which halves the time
            scores[:, first : last + 1].mul_(users.kept).addmm_(users.weighted, self.columns.T)
            return
        near = users.weighted @ self.columns.T
        scores.index_copy_(1, self.indices, near.addcmul_(scores.index_select(1, self.indices), users.kept))


class Nearness(nn.Module):
    """The weights of photo and caption nearness, and the reference. Before `fit`, nearness counts nothing."""

    weights: Tensor

    def __init__(self, config: NeuCFConfig) -> None:
        super().__init__()
        self._widths = config.nearness_widths  # part to its number of components
        self.register_buffer("weights", torch.zeros(len(self._widths)))  # beside 1 for the learned score
        for part, width in self._widths.items():
            self.register_buffer(f"reference_{part}", torch.zeros(config.nearness, width))

    def fit(self, image: ReducedContent | None, caption: ReducedContent | None) -> None:
        """Take the reference evenly from the posts of these with a photo or a caption."""
        given = {"image": image, "caption": caption}
        parts = {part: reduced for part in self._widths if (reduced := given[part]) is not None}
        if not parts:
            return
        known = torch.stack([reduced.known for reduced in parts.values()]).any(dim=0).nonzero().squeeze(1)
        for part, reduced in parts.items():
            reference = self.get_buffer(f"reference_{part}")
            if len(known):
                chosen = torch.arange(len(reference), device=known.device) * len(known) // len(reference)
                reference.copy_(reduced.values[known[chosen]])

    def reference(self) -> tuple[ReducedContent | None, ReducedContent | None]:
        """Photos and captions of the reference; None: the model knows no such part."""
        return self._reference("image"), self._reference("caption")

    def _reference(self, part: str) -> ReducedContent | None:
        if part not in self._widths:
            return None
        values = self.get_buffer(f"reference_{part}")
        return ReducedContent.of(values, values.any(dim=1))

    def parts(self) -> Iterator[slice]:
        """The columns of each part's units; the last of them says whether a post has the part."""
        start = 0
        for width in self._widths.values():
            yield slice(start, start + width + 1)
            start += width + 1

    def units(self, image: ReducedContent | None, caption: ReducedContent | None, n_posts: int) -> Tensor:
        """What is compared of posts. -> (n_posts, n_units)

        For each part a vector of length 1 and a 1 after it; zeros where the part is missing.
        """
        given = {"image": image, "caption": caption}
        parts = [_units(given[part], self.weights.new_zeros(n_posts, width)) for part, width in self._widths.items()]
        return torch.cat(parts, dim=1)

    def of_users(self, learned: Tensor, units: Tensor, mean_units: Tensor) -> UserNearness:
        """What unseen posts need of users.

        Args:
            learned: (n_users, n_reference) scores of the reference as unseen posts.
            units: (n_reference, n_units) of the reference.
            mean_units: (n_users, n_units) the mean of the liked posts' units; zeros for nobody's.
        """
        mean, spread = learned.mean(dim=1), _spread(learned)
        total = (learned - mean[:, None]) / spread.clamp_min(SMALLEST_SPREAD)[:, None]  # (n_users, n_reference)
        weighted = torch.empty_like(mean_units)
        for weight, columns in zip(self.weights, self.parts(), strict=True):
            center, inverse = center_and_inverse_spread(mean_units[:, columns], units[:, columns])
            by = weight * inverse
            weighted[:, columns] = by[:, None] * mean_units[:, columns]
            weighted[:, columns.stop - 1] = -by * center  # a post without the part is in the middle
            total = total + weighted[:, columns] @ units[:, columns].T
        has_order = spread > SMALLEST_SPREAD
        kept = torch.where(has_order, 1.0 / _spread(total).clamp_min(SMALLEST_SPREAD), 1.0)
        weighted = weighted * (kept * spread * has_order)[:, None]
        of_mean = torch.stack([mean * (1.0 - kept), 1.0 - kept], dim=1)  # what was added is not rescaled
        return UserNearness(kept[:, None], torch.cat([weighted, of_mean], dim=1))


def center_and_inverse_spread(mean_units: Tensor, units: Tensor) -> tuple[Tensor, Tensor]:
    """Mean of a part's nearness over the posts that have it, and 1 / spread; 0 where all are equally near.

    (n_users, n_columns), (n_posts, n_columns) -> (n_users,), (n_users,)
    """
    known = units[:, -1]
    n_known = known.sum().clamp_min(1.0)
    near = mean_units[:, :-1] @ units[:, :-1].T  # (n_users, n_posts); 0 without the part
    center = near.sum(dim=1) / n_known
    spread = (((near - center[:, None]) * known).square().sum(dim=1) / n_known).sqrt()
    return center, torch.where(spread > SMALLEST_SPREAD, 1.0 / spread.clamp_min(SMALLEST_SPREAD), 0.0)


def _spread(scores: Tensor) -> Tensor:
    """The standard deviation of each user's scores. Unlike `Tensor.std`, silent for no users. (n, m) -> (n,)"""
    return (scores - scores.mean(dim=1, keepdim=True)).square().mean(dim=1).sqrt()


def _units(reduced: ReducedContent | None, missing: Tensor) -> Tensor:
    """(n_posts, n_components) -> (n_posts, n_components + 1)"""
    if reduced is None:
        return functional.pad(missing, (0, 1))
    return torch.cat([functional.normalize(reduced.values, dim=1), reduced.known[:, None].float()], dim=1)
