"""A folder of photos and captions: how it is read, and what is said when something is wrong with it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from demo.errors import WorldMissing
from demo.simulator.appearance import appearance_of
from demo.simulator.folder import read_folder
from demo.simulator.words import topics_of
from tests.unit.demo.photos import tiny_folder


def test_each_photo_has_all_its_captions(tmp_path: Path) -> None:
    photos = read_folder(tiny_folder(tmp_path, n=2))
    assert [photo.captions for photo in photos] == [
        ("a dog at noon", "the dog, once more"),
        ("a boat at noon", "the boat, once more"),
    ]


def test_photos_may_lie_in_a_folder_of_their_own(tmp_path: Path) -> None:
    tiny_folder(tmp_path, n=1)
    (tmp_path / "images").mkdir()
    (tmp_path / "0.png").rename(tmp_path / "images" / "0.png")
    assert read_folder(tmp_path)[0].path == tmp_path / "images" / "0.png"


def test_a_photo_without_captions_is_left_out(tmp_path: Path) -> None:
    tiny_folder(tmp_path, n=2)
    lines = (tmp_path / "captions.csv").read_text().splitlines()
    (tmp_path / "captions.csv").write_text("\n".join(lines[:3]))
    assert [photo.path.name for photo in read_folder(tmp_path)] == ["0.png"]


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorldMissing, match=r"nowhere: no such folder; .*PHOTOS=folder"):
        read_folder(tmp_path / "nowhere")


def test_a_missing_captions_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorldMissing, match=r"captions\.csv: No such file.*image,caption"):
        read_folder(tmp_path)


def test_wrong_columns_are_said(tmp_path: Path) -> None:
    (tmp_path / "captions.csv").write_text("file,text\na.jpg,hello\n")
    with pytest.raises(WorldMissing, match="got the columns file, text, expected image, caption"):
        read_folder(tmp_path)


def test_an_empty_captions_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "captions.csv").write_text("image,caption\n")
    with pytest.raises(WorldMissing, match="holds no captions"):
        read_folder(tmp_path)


@pytest.mark.parametrize("line", ["0.png", "0.png,", ",a caption"])
def test_a_line_that_lacks_something_is_named(tmp_path: Path, line: str) -> None:
    tiny_folder(tmp_path, n=1)
    with (tmp_path / "captions.csv").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(WorldMissing, match=r"captions\.csv, line 4"):
        read_folder(tmp_path)


def test_an_image_that_is_not_there_is_named_with_its_line(tmp_path: Path) -> None:
    tiny_folder(tmp_path, n=2)
    (tmp_path / "1.png").unlink()
    with pytest.raises(WorldMissing, match=r"captions\.csv, line 4: no image 1\.png"):
        read_folder(tmp_path)


@pytest.mark.parametrize("name", ["../0.png", "/etc/hostname"])
def test_an_image_outside_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    tiny_folder(tmp_path, n=1)
    (inside / "captions.csv").write_text(f"image,caption\n{name},hello\n")
    with pytest.raises(WorldMissing, match="expected a name below"):
        read_folder(inside)


def test_captions_that_are_not_utf8_are_refused(tmp_path: Path) -> None:
    (tmp_path / "captions.csv").write_bytes(b"image,caption\n0.png,caf\xe9\n")
    with pytest.raises(WorldMissing, match="expected CSV in UTF-8"):
        read_folder(tmp_path)


def test_a_file_that_is_no_image_is_named(tmp_path: Path) -> None:
    (tmp_path / "0.jpg").write_text("<html>")
    with pytest.raises(WorldMissing, match=r"0\.jpg: .*expected a photo"):
        appearance_of([tmp_path / "0.jpg"])


def test_photos_of_one_colour_look_more_alike_than_others(tmp_path: Path) -> None:
    colours = ((200, 20, 20), (190, 40, 30), (10, 20, 220), (20, 200, 30))
    paths = [tmp_path / f"{number}.png" for number in range(len(colours))]
    for path, colour in zip(paths, colours, strict=True):
        Image.new("RGB", (40, 30), colour).save(path)
    red, rosy, blue, green = appearance_of(paths)
    assert red @ rosy > max(red @ blue, red @ green)


def test_captions_of_one_subject_are_more_alike_than_others() -> None:
    dogs, boats = ["a brown dog runs", "the dog runs home"], ["a boat at sea", "boat on a calm sea"]
    topics = topics_of([*dogs, *boats, "snow falls", "snow on roofs"], width=3)
    assert topics[0] @ topics[1] > 0.9 > 0.1 > abs(topics[0] @ topics[2])


def test_words_without_spaces_between_them_are_compared_too() -> None:
    topics = topics_of(["犬が走る", "犬が寝る", "船が海へ", "船が港へ", "雪", "雨"], width=2)
    assert topics[0] @ topics[1] > topics[0] @ topics[2]


def test_a_text_without_a_shared_word_has_no_direction() -> None:
    topics = topics_of(["dog run", "dog run", "boat sea", "boat sea", "alone"])
    assert np.linalg.norm(topics, axis=1).round(6).tolist() == [1, 1, 1, 1, 0]
