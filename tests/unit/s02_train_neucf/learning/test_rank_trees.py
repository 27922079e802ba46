"""A final ranker is learned where a source knows more than what is served, and nowhere else."""

import subprocess
import sys
from dataclasses import replace

import lightgbm
import numpy as np
import pytest

from s02_train_neucf.learning.rank_trees import MIN_LISTS, ListsToLearnFrom, learn_trees
from shared.neucf.rank_trees import RankTrees
from shared.neucf.sources.features import FEATURES
from shared.neucf.sources.reorder import corrected

TELLS = FEATURES.index("photo_nearness_score")
N = 30  # posts of a list


def lists(n_lists: int = 240, *, told: bool) -> ListsToLearnFrom:
    """What is served ranks at random. One post of each list is liked: the one with the nearest photo, if that tells."""
    chance = np.random.default_rng(3)
    values = chance.normal(size=(n_lists, N, len(FEATURES))).astype(np.float32)
    liked = values[:, :, TELLS].argmax(axis=1) if told else chance.integers(0, N, n_lists)
    return ListsToLearnFrom(
        user_id_hashes=np.arange(n_lists) // 2,
        values=values,
        served=chance.normal(size=(n_lists, N)).astype(np.float32) * 0.1,
        is_liked=np.arange(N) == liked[:, None],
        n_relevant=np.ones(n_lists, np.int64),
    )


@pytest.fixture(scope="module")
def trees() -> RankTrees:
    found = learn_trees(lists(told=True))
    assert found is not None
    return found


def test_what_tells_is_found(trees: RankTrees) -> None:
    values = np.random.default_rng(9).normal(size=(300, N, len(FEATURES))).astype(np.float32)
    best = corrected(values, np.zeros((300, N), np.float32), trees).argmax(axis=1)
    by_photo = (-values[:, :, TELLS]).argsort(axis=1).argsort(axis=1)
    assert by_photo[np.arange(300), best].mean() < 2, "among the nearest photos of thirty"
    assert trees.features == FEATURES


def test_where_nothing_tells_there_are_no_trees() -> None:
    assert learn_trees(lists(told=False)) is None


def test_of_too_few_lists_nothing_is_learned() -> None:
    few = lists(told=True).where(np.arange(MIN_LISTS - 1))
    assert learn_trees(few) is None


def test_lists_without_a_like_teach_nothing(trees: RankTrees) -> None:
    taught = lists(told=True)
    without = replace(taught, is_liked=np.zeros_like(taught.is_liked))
    assert learn_trees(without) is None


def test_the_same_lists_give_the_same_trees(trees: RankTrees) -> None:
    again = learn_trees(lists(told=True))
    assert again is not None
    assert again.text == trees.text


def test_they_are_evaluated_as_lightgbm_does(trees: RankTrees) -> None:
    """Its own parser reads the same text."""
    theirs = lightgbm.Booster(model_str=trees.text.decode())
    values = np.random.default_rng(1).normal(size=(500, len(FEATURES))).astype(np.float32)
    np.testing.assert_allclose(trees.scores(values), theirs.predict(values, num_threads=1), rtol=1e-5, atol=1e-6)


def test_lightgbm_runs_on_the_openmp_that_pytorch_brings() -> None:
    """python:slim has no libgomp; a second one beside PyTorch's would also bring threads of its own."""
    program = (
        "import s02_train_neucf.learning.rank_trees, lightgbm, pathlib, torch\n"
        "maps = pathlib.Path('/proc/self/maps').read_text().splitlines()\n"
        "print(*{line.split()[-1] for line in maps if 'libgomp' in line})\n"
        "print(pathlib.Path(torch.__file__).resolve().parent / 'lib')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded, of_torch = done.stdout.splitlines()
    assert loaded.startswith(of_torch), "one library, and it is PyTorch's"
