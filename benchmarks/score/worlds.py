"""A model as the trainer makes it, with random weights, its users, posts, and what each user must not be shown."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from s02_recsys_neucf.score import IndicesPerUser, RankedBlock, candidates_from, rank, users_from
from shared.neucf.config import NeuCFConfig
from shared.neucf.features import ContentVectors, PostFeatures
from shared.neucf.merge import merge_members
from shared.neucf.model import NeuCF, PostSide, UserSide
from shared.neucf.recent_likes import decayed_means, latest_likes
from shared.neucf.score import user_side_of, vectors_of
from shared.neucf.vocab import ModelRows

CPU = torch.device("cpu")
USERS_AT_ONCE = 1024  # whose latest likes are read at a time
IMAGE_WIDTH, CAPTION_WIDTH = 1280, 384  # of EfficientNet-Lite0 and MiniLM
MEMBERS = 3  # that a model is merged from (s02_train_neucf.learning.recipe)
WITHHELD, LIKED = 60, 30  # posts of a user on average: seen, own and of blocked authors; and in their history
SPREAD = 0.3  # of the ids' vectors, as after a training; initial ones are so close that rounding decides


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much there is."""

    users: int
    posts: int
    top: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class World:
    """What the scoring job has once everything is loaded."""

    size: Size
    model: NeuCF
    features: PostFeatures
    liked: IndicesPerUser
    withheld: IndicesPerUser

    @property
    def rows(self) -> ModelRows:
        """Post rows; 0 is the unknown one."""
        return np.arange(1, self.size.posts + 1)

    @torch.no_grad()
    def vectors(self) -> tuple[Tensor, Tensor]:
        """Whole vectors of users and of posts, nothing of them computed ahead. (n_users, width), (n_posts, width)"""
        posts = vectors_of(self.model, self.rows, self.features, CPU).joined
        rows = torch.arange(1, self.size.users + 1)
        users = self.model.user_table(rows)
        if self.model.config.history:
            starts = torch.from_numpy(self.liked.starts[:-1])
            users = users + torch.nn.functional.embedding_bag(
                torch.from_numpy(self.liked.indices), posts, starts, mode="mean"
            )
        if self.model.recent_likes is not None:
            latest = torch.from_numpy(
                latest_likes(self.liked.indices, self.liked.starts[:-1], self.model.config.recent)
            )
            users = users + torch.cat(
                [self.model.recent_likes(decayed_means(posts, part)) for part in latest.split(USERS_AT_ONCE)]
            )
        return users, posts

    def ranked(self, n_users: int) -> Iterator[RankedBlock]:
        """Lists of the first users, as the job makes them: sides, scores, the best."""
        users = users_from(
            self.model, np.arange(1, n_users + 1), first(self.liked, n_users), self.rows, self.features, CPU
        )
        candidates = candidates_from(self.model, self.rows, CPU, self.features)
        return rank(self.model, users, candidates, first(self.withheld, n_users), self.size.top)

    def sides(self, n_users: int) -> tuple[UserSide, PostSide]:
        """The two sides, for the plain blocks. Same computation as in `ranked`."""
        posts = vectors_of(self.model, self.rows, self.features, CPU)
        liked = first(self.liked, n_users)
        users = user_side_of(self.model, np.arange(1, n_users + 1), liked.indices, liked.starts[:-1], posts)
        return users, candidates_from(self.model, self.rows, CPU, self.features)


def make_world(size: Size) -> World:
    """Three members merged into one, photos, captions and histories."""
    generator = torch.Generator().manual_seed(size.seed)
    config = NeuCFConfig(image_width=IMAGE_WIDTH, caption_width=CAPTION_WIDTH)
    model = merge_members([_drawn(config, size, generator) for _ in range(MEMBERS)])
    features = PostFeatures(
        image=_content(size.posts, IMAGE_WIDTH, generator), caption=_content(size.posts, CAPTION_WIDTH, generator)
    )
    if model.nearness is not None:
        content = model.post_input(torch.arange(1, size.posts + 1), features)
        model.nearness.fit(content.image, content.caption)
        model.nearness.weights.fill_(1.0)
    chance = np.random.default_rng(size.seed)
    liked, withheld = (_draw_indices(size, mean, chance) for mean in (LIKED, WITHHELD))
    return World(size=size, model=model, features=features, liked=liked, withheld=withheld)


def first(indices: IndicesPerUser, n_users: int) -> IndicesPerUser:
    """The places of the first users."""
    return IndicesPerUser(indices.starts[: n_users + 1], indices.indices[: indices.starts[n_users]])


def _drawn(config: NeuCFConfig, size: Size, generator: torch.Generator) -> NeuCF:
    model = NeuCF(config, n_user_rows=size.users + 1, n_post_rows=size.posts + 1).eval()
    model.start(generator)
    with torch.no_grad():
        for table in (model.user_table, model.post_table):
            table.weight.normal_(0.0, SPREAD, generator=generator)
    return model


def _content(n_posts: int, width: int, generator: torch.Generator) -> ContentVectors:
    values = torch.nn.functional.normalize(torch.randn(n_posts, width, generator=generator)).half().numpy()
    return ContentVectors(values, np.ones(n_posts, np.bool_))


def _draw_indices(size: Size, mean: int, chance: np.random.Generator) -> IndicesPerUser:
    """Each user's own number of posts, unequal as in life; popular posts are in more of them."""
    counts = np.minimum(1 + chance.geometric(1 / mean, size.users), size.posts // 4)
    drawn = (size.posts * chance.random(counts.sum()) ** 2).astype(np.int64)
    return IndicesPerUser(np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), drawn)
