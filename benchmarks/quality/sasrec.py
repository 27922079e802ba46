"""SASRec as a baseline: attention over the latest likes (Kang and McAuley, ICDM 2018, https://arxiv.org/abs/1808.09781).

Two blocks, one head, width 64. Two things differ from the paper: the loss is a softmax over all posts instead of one
negative a like, since that is better in every later comparison (Klenitskiy and Vasilev, RecSys 2023), and it is taken
at some positions of each window only, which is cheaper on a CPU.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmarks.quality.data import QualityData
from benchmarks.quality.in_order import by_user_in_order
from benchmarks.quality.protocols import main_protocol
from benchmarks.quality.strangers import PopularForColdUsers
from benchmarks.quality.tuned import CHOSEN_BY, TrainedSystem
from benchmarks.quality.validation import SEED, validation_of
from s02_train_neucf.evaluation.ranker import Ranker, Scores

LONGEST = 50  # latest likes that are read
WIDTH, BLOCKS, HEADS, DROPOUT = 64, 2, 1, 0.2
LEARNING_RATE = 0.002
WINDOWS, POSITIONS = 64, 512  # of one step: windows of users, and positions among them whose next like is learnt
STEPS_A_ROUND, MAX_ROUNDS, PATIENCE = 500, 12, 2  # validated after each round
ROUNDS_UNVALIDATED = 4

Int64s = NDArray[np.int64]


class SASRec(nn.Module):
    """The state after each like of a window; its product with a post's vector is the post's score."""

    def __init__(self, n_posts: int) -> None:
        super().__init__()
        self.posts = nn.Embedding(n_posts, WIDTH)
        self.places = nn.Embedding(LONGEST, WIDTH)
        block = nn.TransformerEncoderLayer(
            WIDTH, HEADS, dim_feedforward=WIDTH, dropout=DROPOUT, batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(block, BLOCKS, norm=nn.LayerNorm(WIDTH), enable_nested_tensor=False)
        self.dropout = nn.Dropout(DROPOUT)
        for table in (self.posts, self.places):
            nn.init.normal_(table.weight, std=0.02)

    def forward(self, windows: Tensor) -> Tensor:
        """(n, length) posts, the latest last, any post after a shorter window's end -> (n, length, width)"""
        length = windows.shape[1]
        later = torch.triu(
            torch.ones(length, length, dtype=torch.bool), diagonal=1
        )  # never looked at, so no padding is
        states: Tensor = self.blocks(self.dropout(self.posts(windows) + self.places.weight[:length]), mask=later)
        return states


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sequences:
    """Posts user by user, in the order of time."""

    posts: Int64s  # (n_likes,)
    starts: Int64s  # (n_users + 1,)

    def windows(self, ends: Int64s, users: Int64s, length: int) -> tuple[Int64s, Int64s]:
        """The at most `length` likes before each end. -> (n, longest) posts, 0 after a window's end; (n,) lengths"""
        counts = np.minimum(ends - self.starts[users], length)
        places = np.arange(max(int(counts.max(initial=0)), 1))
        inside = places < counts[:, None]
        rows = np.where(inside, (ends - counts)[:, None] + places, 0)
        return np.where(inside, self.posts[rows] if len(self.posts) else 0, 0), counts


class Learner:
    """A model in training; it ranks the rows that are asked."""

    def __init__(self, data: QualityData, *, seed: int) -> None:
        self._data, self._draws = data, np.random.default_rng(seed)
        users, posts = by_user_in_order(data)
        starts = np.r_[0, np.cumsum(np.unique(users, return_counts=True)[1])]
        self._known = _Sequences(posts=posts, starts=starts)
        self._several = np.flatnonzero(np.diff(starts) > 1)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self._model = SASRec(len(data.posts.id_hashes))
        self._optimizer = torch.optim.Adam(self._model.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.98))
        self._seed = seed
        self._rounds = 0

    def one_round(self) -> None:
        """Some steps; nothing if nobody likes two posts."""
        self._rounds += 1
        self._model.train()
        with torch.random.fork_rng():
            torch.manual_seed(self._seed * MAX_ROUNDS + self._rounds)  # of the dropout
            for _ in range(STEPS_A_ROUND if len(self._several) else 0):
                self._optimizer.zero_grad()
                self._loss().backward()
                self._optimizer.step()

    def _loss(self) -> Tensor:
        users = self._draws.choice(self._several, WINDOWS)
        starts, stops = self._known.starts[users], self._known.starts[users + 1]
        earliest = np.minimum(stops, starts + LONGEST + 1)  # all of a short history, any window of a long one
        windows, counts = self._known.windows(self._draws.integers(earliest, stops + 1), users, LONGEST + 1)
        rows, places = np.nonzero(np.arange(windows.shape[1] - 1) < counts[:, None] - 1)
        some = self._draws.permutation(len(rows))[:POSITIONS]
        given = torch.from_numpy(windows)
        states = self._model(given[:, :-1])[rows[some], places[some]]
        return nn.functional.cross_entropy(states @ self._model.posts.weight.T, given[rows[some], places[some] + 1])

    @torch.no_grad()
    def scores(self, users: slice) -> Scores:
        """(n_rows_in_block, n_posts)"""
        self._model.eval()
        asked, rows = self._data.histories, np.arange(users.start, users.stop)
        known = _Sequences(posts=asked.in_order, starts=asked.likes.starts)
        windows, counts = known.windows(known.starts[rows + 1], rows, LONGEST)
        states = self._model(torch.from_numpy(windows))[np.arange(len(rows)), np.maximum(counts - 1, 0)]
        return np.asarray((states @ self._model.posts.weight.T).numpy(), dtype=np.float32)


def sasrec(data: QualityData) -> Callable[[int], TrainedSystem]:
    """Choose the number of rounds on validation, once; then learn from everything for as long, from each seed."""
    rounds = _best_rounds(data)

    def made(seed: int) -> TrainedSystem:
        learner = Learner(data, seed=seed)
        for _ in range(rounds):
            learner.one_round()
        return TrainedSystem(ranker=_with_popularity(learner, data), setting=f"{rounds * STEPS_A_ROUND} steps")

    return made


def _best_rounds(data: QualityData) -> int:
    inner = validation_of(data)
    if inner is None:
        return ROUNDS_UNVALIDATED
    _, ask = main_protocol(inner)
    learner, best, best_figure = Learner(inner, seed=SEED), 0, -1.0
    for number in range(1, MAX_ROUNDS + 1):
        learner.one_round()
        figure = float(ask(_with_popularity(learner, inner), inner).values[CHOSEN_BY].mean())
        if figure > best_figure:
            best, best_figure = number, figure
        elif number - best >= PATIENCE:
            break
    return best


def _with_popularity(learner: Learner, data: QualityData) -> Ranker:
    return PopularForColdUsers(learner, data.train_likes, data.histories.likes)
