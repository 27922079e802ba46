"""Reading MovieLens-100K from a folder or a wheel."""

import zipfile
from pathlib import Path

import pytest

from demo.errors import WorldMissing
from demo.movielens import load, parse
from demo.options import read_options
from demo.sources import source_of
from tests.unit.demo.tiny import FILMS, RATINGS, tiny_ratings


def _folder(path: Path) -> Path:
    (path / "ml-100k.inter").write_text(RATINGS)
    (path / "ml-100k.item").write_text(FILMS)
    return path


def test_a_folder_is_read(tmp_path: Path) -> None:
    assert load(_folder(tmp_path), tmp_path).user.tolist() == [1, 1, 2, 3, 3, 2, 2]


def test_a_wheel_is_read_as_an_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "recbole-1.2.1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("recbole/dataset_example/ml-100k/ml-100k.inter", RATINGS)
        wheel.writestr("recbole/dataset_example/ml-100k/ml-100k.item", FILMS)

    assert load(None, tmp_path).seconds.tolist() == [1000, 2000, 3000, 4000, 5000, 6000, 7000]


def test_the_message_names_both_ways_when_neither_is_there(tmp_path: Path) -> None:
    with pytest.raises(WorldMissing, match=r"make demo.*DATA=folder"):
        load(None, tmp_path)


def test_a_folder_without_the_files_is_named(tmp_path: Path) -> None:
    with pytest.raises(WorldMissing, match=r"ml-100k\.inter: No such file"):
        load(tmp_path, tmp_path)


def test_a_broken_wheel_is_named(tmp_path: Path) -> None:
    (tmp_path / "recbole-1.2.1-py3-none-any.whl").write_bytes(b"cut off")
    with pytest.raises(WorldMissing, match=r"delete it"):
        load(None, tmp_path)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(WorldMissing, match="expected also rating"):
        parse(RATINGS.replace("rating:float", "stars:float"), FILMS)


def test_a_wrong_line_is_named_with_its_number() -> None:
    with pytest.raises(WorldMissing, match=r"ml-100k\.inter, line 3"):
        parse(RATINGS.replace("1\t11\t3\t2000", "1\televen\t3\t2000"), FILMS)


def test_a_short_line_is_named_with_its_number() -> None:
    with pytest.raises(WorldMissing, match=r"ml-100k\.item, line 4: got 2 fields, expected 4"):
        parse(RATINGS, FILMS.replace("Nameless\tunkonwn\tunknown", "Nameless"))


def test_ratings_are_ordered_by_time() -> None:
    header, *lines = RATINGS.splitlines()
    turned = "\n".join([header, *reversed(lines)])
    assert parse(turned, FILMS).film.tolist() == tiny_ratings().film.tolist()


def test_a_repeated_rating_counts_when_it_came_first() -> None:
    ratings = parse(RATINGS + "1\t10\t1\t9000\n", FILMS)
    assert ratings.stars[(ratings.user == 1) & (ratings.film == 10)].tolist() == [5.0]


def test_the_year_stands_behind_the_title() -> None:
    assert tiny_ratings().films[10].title == "Toy Story (1995)"


def test_a_year_that_is_no_number_is_left_out() -> None:
    assert tiny_ratings().films[12].title == "Nameless"


def test_an_unknown_genre_is_no_genre() -> None:
    assert tiny_ratings().films[12].genres == ()


def test_a_folder_without_the_files_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(WorldMissing, match=r"holds no ml-100k\.inter"):
        source_of(read_options(["--data", str(tmp_path / "nosuch")], {}))
