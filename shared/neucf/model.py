"""NeuCF: neural collaborative filtering (He et al., WWW 2017, https://arxiv.org/abs/1708.05031, NeuMF in section 3.4).

    score(u, p) = Σ w ⊙ user_gmf ⊙ post_gmf  +  MLP(user_mlp ⊕ post_mlp)  +  bias(p)

What we do differently, and why:
- A post's vector joins id, image and caption. A linear layer over a concatenation is the sum of linear layers over its
  parts, so each part is projected and added; a post without an id (row 0) still has its photo's and caption's vectors,
  and its score also counts how near they are to those of the user's liked posts (`nearness`).
- Content makes room for likes: its part of a post's vector is τ / (τ + likes), so that photo and caption decide where
  there is nothing else, and the id where many likes say more.
- A user's vector is the id's plus the mean vector of the posts that the user liked, so that someone who joined after
  the training is served too, through row 0 and what they liked. What they liked last can join it in its order.
- The MLP's first layer is split the same way into a user part and a post part: serving computes each once.
- The last layer gives a log-odds, not a probability: ranking does not need the sigmoid, and the loss applies it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from shared.neucf.config import NeuCFConfig
from shared.neucf.content import ContentLayer, ReducedContent
from shared.neucf.features import ContentVectors, PostFeatures
from shared.neucf.layers import unset
from shared.neucf.nearness import Nearness, UnseenPosts, UserNearness
from shared.neucf.pairwise import pairwise_hidden
from shared.neucf.recent_likes import RecentLikes
from shared.neucf.vocab import UNKNOWN_ROW

TABLE_STD = 0.05  # spread of initial ids and projections; a larger one was no better (EXPERIMENTS.md)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PostInput:
    """The model's input for n posts; content is None where no post has any."""

    model_rows: Tensor  # (n_posts,) int64; 0 = unknown
    image: ReducedContent | None = None
    caption: ReducedContent | None = None

    def take(self, indices: Tensor) -> "PostInput":
        """The posts at these indices, in that order."""
        return PostInput(
            model_rows=self.model_rows[indices],
            image=None if self.image is None else self.image.take(indices),
            caption=None if self.caption is None else self.caption.take(indices),
        )


@dataclass(frozen=True, slots=True, eq=False)
class UserSide:
    """Everything that scoring needs from users, computed once."""

    gmf: Tensor  # (n_users, gmf_width), the output weights already multiplied in
    hidden: Tensor  # (n_users, tower[0]), the user's part of the first layer
    near: UserNearness | None = None  # None: unseen posts are scored by what was learned alone

    def __getitem__(self, part: slice) -> "UserSide":
        return UserSide(self.gmf[part], self.hidden[part], None if self.near is None else self.near[part])


@dataclass(frozen=True, slots=True, eq=False)
class PostSide:
    """Everything that scoring needs from posts, computed once."""

    gmf: Tensor  # (n_posts, gmf_width)
    hidden: Tensor  # (n_posts, tower[0]), the post's part of the first layer
    bias: Tensor  # (n_posts,)
    unseen: UnseenPosts | None = None  # those whose score counts nearness; None: none

    def __getitem__(self, part: slice) -> "PostSide":
        unseen = None if self.unseen is None else self.unseen.within(*part.indices(len(self))[:2])
        return PostSide(self.gmf[part], self.hidden[part], self.bias[part], unseen)

    def __len__(self) -> int:
        return len(self.bias)


class NeuCF(nn.Module):
    """GMF + MLP over users (id, liked posts) and posts (id, image, caption)."""

    content_share: Tensor | None

    def __init__(self, config: NeuCFConfig, *, n_user_rows: int, n_post_rows: int) -> None:
        super().__init__()
        self.config = config
        self.user_table = unset(nn.Embedding, n_user_rows, config.width)
        self.post_table = unset(nn.Embedding, n_post_rows, config.width)
        self.post_bias = nn.Parameter(torch.empty(n_post_rows), requires_grad=config.post_bias)
        self.image = ContentLayer.of(config.image_width, config) if config.image_width else None
        self.caption = ContentLayer.of(config.caption_width, config) if config.caption_width else None
        self.recent_likes = RecentLikes(config) if config.recent else None
        self.nearness = Nearness(config) if config.nearness_widths else None
        shrinks = config.has_content and config.content_half_likes > 0
        self.register_buffer("content_share", torch.ones(n_post_rows) if shrinks else None)
        self.gmf_weights = nn.Parameter(torch.empty(config.gmf_width))
        self.user_hidden = unset(nn.Linear, config.mlp_width, config.tower[0])
        self.post_hidden = unset(nn.Linear, config.mlp_width, config.tower[0], bias=False)
        widths = [*config.tower, 1]
        self.tower = nn.ModuleList(unset(nn.Linear, i, o) for i, o in pairwise(widths))

    @property
    def knows_content(self) -> bool:
        """Whether posts without a row of their own differ for the model."""
        return self.image is not None or self.caption is not None

    def start(self, generator: torch.Generator) -> None:
        """Set every initial value; nothing else does. The generator is on the CPU: all devices start equal."""
        with torch.no_grad():
            for name, weights in self.named_parameters():
                if name.endswith("bias"):  # of posts and of layers
                    weights.zero_()
                elif name == "gmf_weights":
                    weights.fill_(1.0)
                elif name.startswith("recent_likes"):
                    continue
                elif name.startswith(("user_table", "post_table", "image", "caption")):
                    weights.normal_(0.0, TABLE_STD, generator=generator)
                else:  # layers of the MLP
                    nn.init.kaiming_uniform_(weights, nonlinearity="relu", generator=generator)
        if self.recent_likes is not None:
            self.recent_likes.start(generator)

    @torch.no_grad()
    def set_content_share(self, n_likes: Tensor) -> None:
        """Set how much content counts, by the likes of each row in training (n_post_rows,); row 0 has none."""
        if self.content_share is not None:
            half = self.config.content_half_likes
            self.content_share.copy_(half / (half + n_likes))

    @torch.no_grad()
    def post_input(self, model_rows: Tensor, features: PostFeatures) -> PostInput:
        """Model rows and reduced content of the same posts; nothing here is learned, so training computes it once."""
        return PostInput(
            model_rows=model_rows,
            image=_reduced(self.image, features.image),
            caption=_reduced(self.caption, features.caption),
        )

    def post_vectors(self, posts: PostInput) -> Tensor:
        """Join id, image and caption. -> (n_posts, width)"""
        vectors: Tensor = self.post_table(posts.model_rows)
        share = None if self.content_share is None else self.content_share[posts.model_rows]
        for layer, reduced in ((self.image, posts.image), (self.caption, posts.caption)):
            if layer is not None:
                vectors = layer.add_to(vectors, reduced, share)
        return vectors

    def units(self, posts: PostInput) -> Tensor | None:
        """What nearness compares of these posts. -> (n_posts, n_units); None: this model knows no nearness"""
        return None if self.nearness is None else self.nearness.units(posts.image, posts.caption, len(posts.model_rows))

    def post_side_of(self, vectors: Tensor, model_rows: Tensor, units: Tensor | None = None) -> PostSide:
        """The post side from what `post_vectors` and `units` computed for these rows."""
        gmf, mlp = self._parts(vectors)
        unseen = None
        if units is not None:
            indices = (model_rows == UNKNOWN_ROW).nonzero().squeeze(1)
            unseen = UnseenPosts.of(indices, units[indices]) if len(indices) else None
        return PostSide(gmf, self.post_hidden(mlp), self.post_bias[model_rows], unseen)

    def post_side(self, posts: PostInput) -> PostSide:
        """The part of scoring that depends on posts only."""
        return self.post_side_of(self.post_vectors(posts), posts.model_rows, self.units(posts))

    def user_side(
        self,
        model_rows: Tensor,
        taste: Tensor | None = None,
        recent: Tensor | None = None,
        noise: torch.Generator | None = None,
    ) -> UserSide:
        """The part of scoring that depends on users only.

        Args:
            model_rows: (n_users,) int64; 0 = unknown.
            taste: (n_users, width) mean vector of each user's liked posts, zeros for none; see `taste_of`.
            recent: (n_users, n_step_weights, width) of each user's latest likes; see `decayed_means`.
            noise: of dropout in training.
        """
        vectors: Tensor = self.user_table(model_rows)
        if taste is not None and self.config.history:
            vectors = vectors + taste
        if recent is not None and self.recent_likes is not None:
            vectors = vectors + self.recent_likes(recent, noise)
        gmf, mlp = self._parts(vectors)
        return UserSide(gmf * self.gmf_weights, self.user_hidden(mlp))

    def with_nearness(self, users: UserSide, mean_units: Tensor) -> UserSide:
        """The user side that also scores unseen posts by nearness; unchanged for a model that knows none.

        Args:
            users: from `user_side`.
            mean_units: (n_users, n_units) mean of each user's liked posts' `units`, zeros for none.
        """
        if self.nearness is None:
            return users
        image, caption = self.nearness.reference()
        rows = torch.full((self.config.nearness,), UNKNOWN_ROW, device=mean_units.device)
        reference = PostInput(model_rows=rows, image=image, caption=caption)
        learned = self.score_block(users, self.post_side_of(self.post_vectors(reference), rows))
        units = self.nearness.units(image, caption, len(rows))
        return UserSide(users.gmf, users.hidden, self.nearness.of_users(learned, units, mean_units))

    def score_block(self, users: UserSide, posts: PostSide, noise: torch.Generator | None = None) -> Tensor:
        """Every user with every post. -> (n_users, n_posts)"""
        scores = users.gmf @ posts.gmf.T + self._mlp_block(users, posts, noise) + posts.bias
        if posts.unseen is not None and users.near is not None:
            posts.unseen.rescore(scores, users.near)
        return scores

    def _parts(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        # `split`, because its gradient is a single pass.
        gmf, mlp = vectors.split((self.config.gmf_width, self.config.mlp_width), dim=1)
        return gmf, mlp  # (n, gmf_width), (n, mlp_width)

    def _mlp_block(self, users: UserSide, posts: PostSide, noise: torch.Generator | None) -> Tensor:
        """The MLP of every user with every post. -> (n_users, n_posts)"""
        if len(self.tower) == 1 and (noise is None or self.config.dropout == 0):
            last = cast(nn.Linear, self.tower[0])
            return pairwise_hidden(users.hidden, posts.hidden, last.weight[0]) + last.bias
        return self._mlp(users.hidden[:, None, :] + posts.hidden[None, :, :], noise)

    def _mlp(self, hidden: Tensor, noise: torch.Generator | None) -> Tensor:
        hidden = functional.relu(hidden)  # (…, tower[0])
        if noise is not None and self.config.dropout > 0:
            keep = 1.0 - self.config.dropout
            hidden = hidden * torch.empty_like(hidden).bernoulli_(keep, generator=noise) / keep
        for layer in self.tower[:-1]:
            hidden = functional.relu(layer(hidden))  # (…, tower[i])
        last: Tensor = self.tower[-1](hidden)  # (…, 1)
        return last.squeeze(-1)


def _reduced(content: ContentLayer | None, vectors: ContentVectors | None) -> ReducedContent | None:
    return None if content is None or vectors is None else content.reduce(vectors)


def joined_sides(parts: Sequence[UserSide]) -> UserSide:
    """The sides of consecutive users as one."""
    gmf, hidden = torch.cat([part.gmf for part in parts]), torch.cat([part.hidden for part in parts])
    near = [part.near for part in parts if part.near is not None]
    return UserSide(gmf, hidden, UserNearness.joined(near) if near else None)


def taste_of(vectors: Tensor, indices: Tensor, starts: Tensor) -> Tensor:
    """The mean post vector of each user's history; zeros for an empty one. -> (n_users, width)

    Args:
        vectors: (n_posts, width), from `post_vectors`.
        indices: (n_likes,) int64, rows of `vectors`, user by user.
        starts: (n_users,) int64, where each user's indices begin.
    """
    return functional.embedding_bag(indices, vectors, starts, mode="mean")
