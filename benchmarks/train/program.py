"""What the program of a system reads and says, and its best epoch. It imports nothing of Warmline, so that the Pythons
of other libraries run it too.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

K = 10  # of NDCG
PATIENCE = 10  # epochs without a better figure before other systems stop, as RecBole has it; ours has its own
SMALLEST_GAIN = 1e-5  # of NDCG@10, below which an epoch counts as no better

Array = Any  # numpy's; its types differ between the versions that the libraries want


@dataclass(frozen=True)
class Split:
    """Who liked what. Users and posts count from 0."""

    n_users: int
    n_posts: int
    train: Array  # (n_likes, 2) user, post
    at: Array  # (n_likes,) seconds, or all 0
    val: Array  # (n_val, 2) later likes, by which each system says when it is at its best
    test: Array  # (n_test, 2) still later ones

    @classmethod
    def read(cls, path: Path) -> "Split":
        """What `write` wrote."""
        with np.load(path, allow_pickle=False) as archive:
            return cls(int(archive["n_users"]), int(archive["n_posts"]), *(archive[n] for n in ARRAYS))

    def write(self, path: Path) -> None:
        """For the programs."""
        np.savez(path, n_users=self.n_users, n_posts=self.n_posts, **{name: getattr(self, name) for name in ARRAYS})

    def validation(self, scores: Array) -> float:
        """Mean NDCG@10 over the users of `val`, all posts ranked but those of `train`."""
        return mean_ndcg(scores, self.val, self.train)

    def final(self, scores: Array) -> float:
        """The same of `test`, without those of `val` either."""
        return mean_ndcg(scores, self.test, np.concatenate((self.train, self.val)))


ARRAYS = ("train", "at", "val", "test")


def mean_ndcg(scores: Array, wanted: Array, known: Array) -> float:
    """Mean NDCG@10 (binary gain) over the users who want something. Posts that a user knows are not ranked.

    Args:
        scores: (n_users, n_posts).
        wanted: (n, 2) user, post.
        known: (m, 2) user, post.
    """
    shown = scores.astype(np.float32)
    shown[known[:, 0], known[:, 1]] = -np.inf
    relevant = np.zeros(shown.shape, dtype=bool)
    relevant[wanted[:, 0], wanted[:, 1]] = True
    users = np.unique(wanted[:, 0])
    shown, relevant = shown[users], relevant[users]
    best = np.argpartition(-shown, K, axis=1)[:, :K]
    order = np.argsort(-np.take_along_axis(shown, best, axis=1), axis=1, kind="stable")
    hits = np.take_along_axis(relevant, np.take_along_axis(best, order, axis=1), axis=1)  # (n, K)
    discounts = 1.0 / np.log2(np.arange(2, K + 2))
    ideal = np.cumsum(discounts)[np.minimum(relevant.sum(axis=1), K) - 1]
    return float(((hits * discounts).sum(axis=1) / ideal).mean())


@dataclass
class Best:
    """A training that is watched: asked after each epoch, it knows the best one and when it was reached."""

    split: Split
    figure: float = -1.0  # validation NDCG@10 of the best epoch
    epoch: int = 0  # its number, from 1
    epochs: int = 0
    seconds: float = 0.0  # from the start to the end of its validation
    learning: float = 0.0  # of processor time until then, without validations: other work on the machine adds nothing
    scores: Array = None  # (n_users, n_posts) of the best epoch
    validating: float = 0.0  # seconds of processor time so far
    began: float = field(default_factory=perf_counter)
    began_processor: float = field(default_factory=process_time)

    def note(self, scores: Callable[[], Array]) -> float:
        """An epoch has ended; returns its validation figure."""
        asked = process_time()
        given = scores()
        figure = self.split.validation(given)
        self.validating += process_time() - asked
        self.epochs += 1
        if figure > self.figure + SMALLEST_GAIN:
            self.figure, self.epoch, self.scores = figure, self.epochs, given
            self.seconds = perf_counter() - self.began
            self.learning = self.processor - self.validating
        return figure

    @property
    def processor(self) -> float:
        """Seconds of processor time since the start."""
        return process_time() - self.began_processor

    @property
    def is_over(self) -> bool:
        """Whether patience, or the number of epochs, has come to an end."""
        return self.epochs - self.epoch >= PATIENCE or self.epochs >= max_epochs()

    def write_record(self, folder: Path, versions: Mapping[str, str], **more: object) -> None:
        """Write the scores of the best epoch, and say how it went."""
        np.save(folder / "scores.npy", self.scores)
        write_record(
            {
                "seconds": self.seconds, "learning": self.learning, "epoch": self.epoch, "epochs": self.epochs,
                "versions": dict(versions), **more,
            }
        )  # fmt: skip


def arguments() -> tuple[Split, int, Path]:
    """SPLIT.npz SEED FOLDER"""
    return Split.read(Path(sys.argv[1])), int(sys.argv[2]), Path(sys.argv[3])


def max_epochs() -> int:
    """The argument after these: epochs that the NeuMFs may learn for, at most; ours has its own bound."""
    return int(sys.argv[4])


def turns() -> Iterator[None]:
    """One for each training that is asked for; ends with the benchmark."""
    for _ in sys.stdin:
        yield


def write_record(record: Mapping[str, object]) -> None:
    """Say something to the benchmark."""
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()
