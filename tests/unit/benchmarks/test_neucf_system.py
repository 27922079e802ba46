from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.quality.data import QualityData, lined_up
from benchmarks.quality.neucf_system import Variant, shipped, train_neucf
from benchmarks.quality.npz import read_npz
from benchmarks.quality.protocols import all_items_ranked
from shared.neucf.features import NO_FEATURES
from tests.neucf_worlds import QUICK, SMALL
from tests.quality_worlds import camps, user, with_photos, write

VARIANT = Variant(config=SMALL, recipe=replace(QUICK, epochs=30, learning_rate=0.05), features=NO_FEATURES)
VAL = np.array([[user(number), 12 * (number % 2) + (number // 2 + 1) % 12] for number in range(24)])


def read(folder: Path, **more: NDArray[Any]) -> QualityData:
    return lined_up(read_npz(write(folder, {**camps(), **more}), name="world"))


def without_val(train: NDArray[Any]) -> NDArray[Any]:
    held = (train[:, None] == VAL[None]).all(axis=2).any(axis=1)
    return np.asarray(train[~held])


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"train": without_val(camps()["train"]), "val": VAL},
        {"train_time": np.random.default_rng(0).permutation(264)},
    ],
    ids=["nothing more", "a validation set", "times"],
)
def test_the_held_back_post_is_found_whatever_chooses_the_epochs(tmp_path: Path, more: dict[str, NDArray[Any]]) -> None:
    data = read(tmp_path, **more)
    assert all_items_ranked(train_neucf(data, 1, VARIANT), data).values["hr@5"].mean() > 0.9


def test_the_same_seed_gives_the_same_scores(tmp_path: Path) -> None:
    data, fixed = read(tmp_path), replace(VARIANT, epochs=2)
    first, second = (train_neucf(data, 3, fixed).scores(slice(0, 5)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_what_ships_is_shown_the_content_that_is_there(tmp_path: Path) -> None:
    data = lined_up(read_npz(write(tmp_path, with_photos(camps())), name="world"))
    assert (shipped(data).config.image_width, shipped(data).config.caption_width) == (5, 0)
