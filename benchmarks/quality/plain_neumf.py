"""The NCF paper's NeuMF (He et al., WWW 2017, section 3.4) in ordinary PyTorch: a baseline, nothing of the product.

Four posts that the user did not like are drawn for each like, anew in each epoch; log loss, Adam. What differs from the
paper: a step has 4,096 samples instead of 256, which are too few for a step's fixed costs.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmarks.quality.data import QualityData
from benchmarks.quality.protocols import main_protocol
from benchmarks.quality.strangers import PopularForColdUsers
from benchmarks.quality.tuned import CHOSEN_BY, TrainedSystem
from benchmarks.quality.validation import SEED, validation_of
from s02_train_neucf.data.dataset import LikeMatrix
from s02_train_neucf.evaluation.ranker import Scores

FACTORS = 64  # of GMF, and of each side of the MLP
TOWER = (64, 32, 16)  # hidden layers of the MLP, over the concatenation of both sides
NEGATIVES, SAMPLES, LEARNING_RATE = 4, 4096, 0.001
FIRST_SPREAD = 0.01  # of initial vectors, as in the paper
REDRAWS = 20  # of a negative that the user likes; what is left after that stays
USERS_AT_ONCE = 2  # scored with all posts: few enough to stay in the caches
MAX_EPOCHS, PATIENCE = 100, 5  # validations without a better figure before stopping
EPOCHS_UNVALIDATED = 10  # where nothing can be held back

Int64s = NDArray[np.int64]


class NeuMF(nn.Module):
    """GMF and an MLP, each over vectors of its own (figure 3 of the paper)."""

    def __init__(self, n_users: int, n_posts: int) -> None:
        super().__init__()
        self.user_gmf, self.post_gmf = nn.Embedding(n_users, FACTORS), nn.Embedding(n_posts, FACTORS)
        self.user_mlp, self.post_mlp = nn.Embedding(n_users, FACTORS), nn.Embedding(n_posts, FACTORS)
        layers, width = list[nn.Module](), 2 * FACTORS
        for after in TOWER:
            layers += [nn.Linear(width, after), nn.ReLU()]
            width = after
        self.mlp = nn.Sequential(*layers)
        self.last = nn.Linear(FACTORS + width, 1)
        for table in (self.user_gmf, self.post_gmf, self.user_mlp, self.post_mlp):
            nn.init.normal_(table.weight, std=FIRST_SPREAD)

    def forward(self, users: Tensor, posts: Tensor) -> Tensor:
        """Log-odds of pairs. (n,), (n,) -> (n,)"""
        mlp = self.mlp(torch.cat((self.user_mlp(users), self.post_mlp(posts)), dim=1))
        scores: Tensor = self.last(torch.cat((self.user_gmf(users) * self.post_gmf(posts), mlp), dim=1))
        return scores.squeeze(1)


class PlainNeuMF:
    """A model that learns an epoch at a time, and ranks."""

    def __init__(self, likes: LikeMatrix, *, seed: int) -> None:
        self._likes, self._draws = likes, np.random.default_rng(seed)
        self._codes = likes.users * likes.n_posts + likes.posts  # ascending
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self._model = NeuMF(likes.n_users, likes.n_posts)
        self._optimizer = torch.optim.Adam(self._model.parameters(), lr=LEARNING_RATE)

    def one_epoch(self) -> float:
        """Take every like once; returns the mean loss of the steps."""
        users, posts, is_liked = self._samples()
        log_loss, losses = nn.BCEWithLogitsLoss(), list[float]()
        order = torch.from_numpy(self._draws.permutation(len(users)))
        for part in order.split(SAMPLES):
            self._optimizer.zero_grad()
            loss = log_loss(self._model(users[part], posts[part]), is_liked[part])
            loss.backward()
            self._optimizer.step()
            losses.append(loss.item())
        return float(np.mean(losses))

    @torch.no_grad()
    def scores(self, users: slice) -> Scores:
        """(n_users_in_block, n_posts)"""
        n_posts = self._likes.n_posts
        blocks = [
            self._model(some.repeat_interleave(n_posts), torch.arange(n_posts).repeat(len(some))).view(-1, n_posts)
            for some in torch.arange(users.start, users.stop).split(USERS_AT_ONCE)
        ]
        return torch.cat(blocks).numpy() if blocks else np.zeros((0, n_posts), np.float32)

    def _samples(self) -> tuple[Tensor, Tensor, Tensor]:
        """Users, posts, and whether each user likes the post: all likes, then their negatives."""
        likes = self._likes
        users = np.repeat(likes.users, NEGATIVES)
        drawn = self._draws.integers(0, likes.n_posts, len(users))
        again = np.arange(len(users))
        for _ in range(REDRAWS):
            again = again[np.isin(users[again] * likes.n_posts + drawn[again], self._codes)]
            if len(again) == 0:
                break
            drawn[again] = self._draws.integers(0, likes.n_posts, len(again))
        is_liked = torch.zeros(len(likes.posts) + len(drawn))
        is_liked[: len(likes.posts)] = 1.0
        return torch.from_numpy(np.r_[likes.users, users]), torch.from_numpy(np.r_[likes.posts, drawn]), is_liked


def plain_neumf(data: QualityData) -> Callable[[int], TrainedSystem]:
    """Choose the number of epochs on validation, once; then learn from everything for as long, from each seed."""
    epochs = _best_epochs(data)

    def made(seed: int) -> TrainedSystem:
        model = PlainNeuMF(data.train_likes, seed=seed)
        for _ in range(epochs):
            model.one_epoch()
        return TrainedSystem(ranker=PopularForColdUsers(model, data.train_likes), setting=f"{epochs} epochs")

    return made


def _best_epochs(data: QualityData) -> int:
    inner = validation_of(data)
    if inner is None:
        return EPOCHS_UNVALIDATED
    _, ask = main_protocol(inner)
    model, best, best_figure = PlainNeuMF(inner.train_likes, seed=SEED), 0, -1.0
    for epoch in range(1, MAX_EPOCHS + 1):
        model.one_epoch()
        figure = float(ask(PopularForColdUsers(model, inner.train_likes), inner).values[CHOSEN_BY].mean())
        if figure > best_figure:
            best, best_figure = epoch, figure
        elif epoch - best >= PATIENCE:
            break
    return best
