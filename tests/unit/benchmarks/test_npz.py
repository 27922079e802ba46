from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.errors import DataMalformed, DataMissing
from benchmarks.quality.data import QualityData, lined_up
from benchmarks.quality.npz import read_npz
from tests.quality_worlds import camps, user, with_negatives, with_photos, write

WHOLE = with_photos(with_negatives(camps())) | {"test": camps()["test"]}
N = len(WHOLE["train"])

BROKEN: dict[str, tuple[dict[str, NDArray[Any]], str]] = {
    "floats for ids": ({"train": WHOLE["train"].astype(float)}, "train: got dtype float64, expected whole numbers"),
    "one column": ({"train": WHOLE["train"][:, 0]}, r"train: got shape \(264,\), expected \(n, 2\)"),
    "three columns": ({"test": np.zeros((2, 3), np.int64)}, r"test: got shape \(2, 3\), expected \(n, 2\)"),
    "nothing to learn from": ({"train": np.zeros((0, 2), np.int64)}, "train: got no rows"),
    "nothing to ask": ({"test": np.zeros((0, 2), np.int64)}, "test: got no rows"),
    "a negative id": ({"train": np.array([[-1, 0]])}, "train: got ids from -1 to 0"),
    "an id beyond int64": (
        {"train": np.array([[2**63, 0]], np.uint64)},
        "train: got ids from 0 to 9223372036854775808",
    ),
    "objects": ({"train": np.array([[1, None]], dtype=object)}, "not readable as .npz of plain numbers"),
    "a row of negatives too few": ({"test_negatives": WHOLE["test_negatives"][1:]}, "a row for each row of test"),
    "no negatives in a row": ({"test_negatives": np.zeros((24, 0), np.int64)}, "a row for each row of test"),
    "a photo that is not a number": ({"image": np.full((28, 2), np.nan)}, "28 of 28 rows hold NaN"),
    "a photo too wide for float32": ({"image": np.full((28, 2), 1e300)}, "28 of 28 rows hold NaN or infinity"),
    "photos for some items alone": ({"image": np.ones((5, 2))}, "image: got 5 rows, expected at least 24"),
    "two numbers of items": ({"audio": np.ones((40, 2))}, "audio: got 40 rows, expected 28 as in image"),
    "words for vectors": ({"caption": np.full((28, 1), "cat")}, "caption: got dtype <U3, expected numbers"),
    "vectors of width 0": ({"audio": np.ones((28, 0))}, "audio: got width 0"),
    "times too few": ({"train_time": np.zeros(N - 1)}, "train_time: got float64"),
    "a time that is not a number": ({"train_time": np.full(N, np.nan)}, "train_time: holds NaN"),
    "validation of a wrong shape": ({"val": np.zeros(3, np.int64)}, r"val: got shape \(3,\)"),
}


@pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")
@pytest.mark.parametrize(("change", "says"), BROKEN.values(), ids=BROKEN.keys())
def test_a_wrong_array_is_told_with_what_was_got(tmp_path: Path, change: dict[str, NDArray[Any]], says: str) -> None:
    with pytest.raises(DataMalformed, match=says):
        read_npz(write(tmp_path, {**WHOLE, **change}), name="world")


@pytest.mark.parametrize("key", ["train", "test"])
def test_a_missing_array_is_told(tmp_path: Path, key: str) -> None:
    with pytest.raises(DataMalformed, match=f"expected also {key}"):
        read_npz(write(tmp_path, {name: array for name, array in WHOLE.items() if name != key}), name="world")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match=r"none\.npz: no such file"):
        read_npz(tmp_path / "none.npz", name="none")


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 cut off"])
def test_a_damaged_file_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.npz"
    path.write_bytes(content)
    with pytest.raises(DataMalformed, match=r"bad\.npz: not readable"):
        read_npz(path, name="bad")


def test_a_single_array_under_the_name_npz_is_told(tmp_path: Path) -> None:
    path = tmp_path / "one.npz"
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(DataMalformed, match="got a single array"):
        read_npz(path, name="one")


def read(folder: Path, **change: NDArray[Any]) -> QualityData:
    return lined_up(read_npz(write(folder, {**camps(), **change}), name="world"))


def test_small_whole_numbers_of_any_type_are_read(tmp_path: Path) -> None:
    assert len(read(tmp_path, train=camps()["train"].astype(np.uint16)).train) == N


def test_users_may_have_any_numbers(tmp_path: Path) -> None:
    assert read(tmp_path).user_id_hashes.tolist() == [user(number) for number in range(24)]


def test_a_pair_that_stands_twice_counts_once(tmp_path: Path) -> None:
    assert len(read(tmp_path, train=np.concatenate([camps()["train"]] * 2)).train) == N


def test_a_test_pair_that_was_in_train_is_not_asked_and_it_is_said(tmp_path: Path) -> None:
    data = read(tmp_path, test=np.concatenate([camps()["test"], camps()["train"][:3]]))
    assert len(data.test_likes.posts) == 24
    assert data.notes == ("3 test pairs are in train or val too and are not asked for",)


def test_nothing_but_known_pairs_to_ask_for_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataMalformed, match="0 of 264 test pairs"):
        read(tmp_path, test=camps()["train"])


def test_a_user_who_is_only_in_test_is_asked(tmp_path: Path) -> None:
    data = read(tmp_path, test=np.concatenate([camps()["test"], [[5, 3]]]))
    assert data.user_id_hashes[0] == 5
    assert data.train_likes.counts[0] == 0


def test_a_post_that_is_only_in_test_is_cold(tmp_path: Path) -> None:
    data = read(tmp_path, test=np.concatenate([camps()["test"], [[user(0), 77]]]))
    assert data.posts.id_hashes[data.cold].tolist() == [77]


def test_items_that_only_a_content_row_knows_exist_too(tmp_path: Path) -> None:
    assert len(read(tmp_path, image=np.ones((31, 2))).posts.id_hashes) == 31


def test_validation_pairs_are_never_ranked_and_never_trained_on(tmp_path: Path) -> None:
    data = read(tmp_path, val=np.array([[user(0), 20]]))
    assert 20 in data.left_out.posts[: data.left_out.starts[1]]
    assert 20 not in data.train_likes.posts[: data.train_likes.starts[1]]


def test_an_empty_validation_is_none(tmp_path: Path) -> None:
    assert read(tmp_path, val=np.zeros((0, 2), np.int64)).val is None


def test_times_reach_the_examples(tmp_path: Path) -> None:
    data = read(tmp_path, train_time=np.arange(N, 0, -1), item_time=np.arange(24))
    assert data.timed
    assert data.train.user_id_hashes[0] == user(23)
    assert data.posts.created_at.tolist() == list(range(24))


def test_image_fills_the_image_slot_and_all_others_joined_the_caption_slot(tmp_path: Path) -> None:
    data = read(tmp_path, text=np.full((24, 2), 3.0), image=np.ones((24, 5)), audio=np.full((24, 4), 7.0))
    assert data.slots == ("image → image 5", "audio + text → caption 6")
    assert data.features.caption is not None
    np.testing.assert_allclose(data.features.caption.values[0], [*[0.5] * 4, *[1 / np.sqrt(2)] * 2], rtol=1e-6)


def test_without_an_image_the_first_other_array_takes_its_slot(tmp_path: Path) -> None:
    assert read(tmp_path, text=np.ones((24, 2)), audio=np.ones((24, 4))).slots == (
        "audio → image 4",
        "text → caption 2",
    )


def test_a_row_of_zeros_is_a_missing_vector(tmp_path: Path) -> None:
    image = np.ones((24, 2))
    image[5] = 0
    features = read(tmp_path, image=image).features
    assert features.image is not None
    assert np.flatnonzero(~features.image.known).tolist() == [5]


def test_columns_that_are_no_content_are_passed_over(tmp_path: Path) -> None:
    assert read(tmp_path, test_time=np.zeros(24), movie_id=np.arange(24)).slots == ()
