"""Seconds to quality: what counts as the best epoch, and what is held against each other."""

import sys

import numpy as np
import pytest

from benchmarks.quality.plain_neumf import NEGATIVES, PlainNeuMF
from benchmarks.train import program
from benchmarks.train.__main__ import IALS, OURS, OURS_WHOLE, RECBOLE, Trained, bounds_of, rows_of, run
from benchmarks.train.program import Best, Split, mean_ndcg
from s02_train_neucf.data.dataset import LikeMatrix


def split() -> Split:
    """Two camps of users: the even ones like even posts, the odd ones odd posts; two likes of each are held back."""
    pairs = [(user, post) for user in range(24) for post in range(user % 2, 40, 2)]
    chance = np.random.default_rng(5)
    mine = chance.permuted(np.array(pairs).reshape(24, 20, 2), axis=1)
    mine[:, :, 0] = np.arange(24)[:, None]
    return Split(
        n_users=24,
        n_posts=40,
        train=mine[:, 2:].reshape(-1, 2),
        at=chance.permutation(24 * 18).astype(np.float64),
        val=mine[:, 0],
        test=mine[:, 1],
    )


def test_ndcg_is_that_of_the_first_ten_without_what_is_known() -> None:
    scores = np.arange(20.0, 0.0, -1.0)[None].repeat(3, axis=0)  # each likes post 0 best, and so on
    wanted, known = np.array([(0, 1), (1, 1), (1, 2), (2, 11)]), np.array([(0, 0), (2, 0)])
    first, second, third = 1.0, (1 / np.log2(3) + 1 / np.log2(4)) / (1 + 1 / np.log2(3)), 0.0
    assert mean_ndcg(scores, wanted, known) == pytest.approx((first + second + third) / 3)


def test_the_best_epoch_is_kept_and_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["program", "", "", "", "100"])
    monkeypatch.setattr(program, "PATIENCE", 2)
    data = split()
    right = np.zeros((data.n_users, data.n_posts))
    right[data.val[:, 0], data.val[:, 1]] = 1.0
    best = Best(data)
    for scores in (0 * right, right, -right):
        assert not best.is_over
        best.note(lambda scores=scores: scores)  # type: ignore[misc]
    assert (best.epoch, best.figure, best.is_over) == (2, 1.0, False)
    best.note(lambda: 0 * right)
    assert best.is_over
    assert best.scores is right
    assert best.seconds > 0


def test_a_negative_is_a_post_that_the_user_does_not_like_and_every_like_is_taken_once() -> None:
    data = split()
    likes = LikeMatrix.of(data.train[:, 0], data.train[:, 1], n_users=data.n_users, n_posts=data.n_posts)
    users, posts, is_liked = PlainNeuMF(likes, seed=1)._samples()
    samples = list(zip(users.tolist(), posts.tolist(), (is_liked > 0).tolist(), strict=True))
    pairs = {(user, post) for user, post in data.train.tolist()}
    assert sorted((user, post) for user, post, liked in samples if liked) == sorted(pairs)
    drawn = [(user, post) for user, post, liked in samples if not liked]
    assert len(drawn) == NEGATIVES * len(pairs)
    assert not pairs.intersection(drawn)


def test_systems_learn_in_their_own_processes_and_find_the_camps() -> None:
    systems = run(split(), [OURS, IALS], seed=1, threads=1, epochs=1)
    assert [each.name for each in systems] == [OURS, OURS_WHOLE, IALS]
    assert min(each.test for each in systems) > 0.5  # the own camp comes first, of which one or two posts are left
    rows = rows_of(systems)
    assert {row.metric for row in rows if row.system == IALS} == {
        "NDCG@10, validation", "NDCG@10, test", "until then", "learning until then", "best epoch"
    }  # fmt: skip
    assert {row.ratio for row in rows if row.system == OURS and row.ratio is not None} == {1.0}


def _trained(name: str, *, quality: float, learning: float) -> Trained:
    return Trained(name=name, said={"learning": learning}, validation=quality, test=quality)


def _broken(*, is_quick: bool, whole: float = 6.0, rival: float = 0.1) -> list[str]:
    systems = [
        _trained(OURS, quality=0.2, learning=2.0),
        _trained(OURS_WHOLE, quality=0.25, learning=whole),
        _trained(IALS, quality=0.9, learning=0.1),  # a mark, no rival
        _trained(RECBOLE, quality=rival, learning=7.0),
    ]
    return [bound.what for bound in bounds_of(systems, is_quick=is_quick) if not bound.holds]


def test_ours_must_be_better_than_each_rival_and_the_whole_of_it_sooner() -> None:
    assert _broken(is_quick=False) == []
    assert _broken(is_quick=False, whole=8.0) == ["processor seconds, warmline, as it goes live ÷ RecBole NeuMF"]
    assert _broken(is_quick=True, whole=8.0) == []
    assert _broken(is_quick=True, rival=0.3) == [
        "NDCG@10 of validation, ours ÷ RecBole NeuMF",
        "NDCG@10 of test, ours ÷ RecBole NeuMF",
    ]
