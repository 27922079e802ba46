"""The command from end to end, on a small world that EASE and NeuCF get right and popularity cannot."""

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from benchmarks.quality.__main__ import main, run
from benchmarks.quality.datasets import DATA_VARIABLE, DEFAULT_FOLDER, data_folder
from benchmarks.quality.options import Options, read_options
from tests.quality_worlds import camps, with_negatives, with_photos, write

Rows = list[dict[str, Any]]
DATA = data_folder(None, os.environ)
KEYS = {"system", "dataset", "protocol", "metrics", "seconds", "seed"}


def measured(path: Path, systems: str | None, seeds: tuple[int, ...] | None = None) -> tuple[Rows, str]:
    """The rows and the screen of one run."""
    said, rows = io.StringIO(), path.with_suffix(".json")
    options = Options(target=str(path), data=path.parent, json=rows, seeds=seeds, systems=systems)
    run(options, Console(file=said, width=250))
    return json.loads(rows.read_text()), said.getvalue()


def figure(rows: Rows, system: str, metric: str, *, protocol: str = "all_items_ranked", seed: object = 1) -> float:
    found = [row for row in rows if (row["system"], row["protocol"], row["seed"]) == (system, protocol, seed)]
    assert len(found) == 1
    return float(found[0]["metrics"][metric])


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> tuple[Rows, str]:
    path = write(tmp_path_factory.mktemp("photos"), with_photos(camps()))
    return measured(path, "random,popularity,ease,photo-knn,neucf")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Rows, str]:
    path = write(tmp_path_factory.mktemp("plain"), with_negatives(camps()))
    return measured(path, "popularity,item-knn,ease,ials", (1, 2))


@pytest.mark.parametrize("system", ["ease", "neucf"])
def test_each_camps_held_back_post_is_found(photos: tuple[Rows, str], system: str) -> None:
    assert figure(photos[0], system, "hr@5") == 1.0


def test_neucf_puts_new_posts_before_those_who_like_what_they_show(photos: tuple[Rows, str]) -> None:
    assert figure(photos[0], "neucf", "auc", protocol="cold_items_ranked") > 0.8


def test_systems_that_know_nothing_of_new_posts_are_not_asked_for_them(photos: tuple[Rows, str]) -> None:
    asked = {row["system"] for row in photos[0] if row["protocol"] == "cold_items_ranked"}
    assert asked == {"random", "photo-knn", "neucf"}


def test_the_screen_shows_intervals_leads_and_what_the_figures_depend_on(photos: tuple[Rows, str]) -> None:
    for words in (
        "neucf less each other",
        "photo diversity@20",
        "quarter 1 (11 to 11 likes)",
        "seeds 1; python",
        "commit",
    ):
        assert words in photos[1]


@pytest.mark.parametrize("system", ["item-knn", "ease", "ials"])
def test_what_the_camp_likes_beats_the_other_camps_posts(plain: tuple[Rows, str], system: str) -> None:
    assert figure(plain[0], system, "hr@5", protocol="ncf_sampled") == 1.0


def test_popularity_which_is_all_alike_here_gets_what_chance_gets(plain: tuple[Rows, str]) -> None:
    assert figure(plain[0], "popularity", "hr@5", protocol="ncf_sampled") == pytest.approx(5 / 13)


def test_negatives_are_never_mixed_with_all_posts_ranked(plain: tuple[Rows, str]) -> None:
    assert {row["protocol"] for row in plain[0]} == {"ncf_sampled"}


def test_a_row_has_the_keys_that_are_promised(plain: tuple[Rows, str]) -> None:
    assert all(set(row) == KEYS for row in plain[0])
    assert {row["dataset"] for row in plain[0]} == {"world"}


def test_several_seeds_give_a_row_each_and_their_mean(plain: tuple[Rows, str]) -> None:
    assert [row["seed"] for row in plain[0] if row["system"] == "ials"] == [1, 2, "mean"]
    ials = [figure(plain[0], "ials", "ndcg@10", protocol="ncf_sampled", seed=seed) for seed in (1, 2, "mean")]
    assert ials[2] == pytest.approx((ials[0] + ials[1]) / 2)


def test_one_seed_gives_no_mean(photos: tuple[Rows, str]) -> None:
    assert {row["seed"] for row in photos[0]} == {1}


def test_a_setting_chosen_on_validation_is_shown(plain: tuple[Rows, str]) -> None:
    assert "chosen" in plain[1]


def called(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    monkeypatch.setattr(sys, "argv", ["benchmarks.quality", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["elsewhere"],
            "elsewhere: no such data set; expected ml1m, ml1m-order, ml1m-mm, ml1m-time, beauty,",
        ),
        (["none.npz"], "none.npz: no such file"),
        (["ml1m", "--data", "nowhere"], "ml1m_ncf.npz: no such file; name the folder that holds it"),
        (["ml1m", "--seeds", "one"], "got 'one', expected whole numbers such as 1,2,3"),
        (["ml1m", "--seeds", "-1"], "expected seeds from 0"),
    ],
)
def test_what_cannot_run_ends_with_2_and_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert called(monkeypatch, *arguments) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--systems", "ease,magic"], "--systems: got magic, expected some of random, popularity"),
        (["--systems", ","], "--systems: got none"),
        (["--systems", "photo-knn"], "--systems: none of photo-knn has anything to say on world"),
        (["--systems", "popularity", "--json", "no/such/folder.json"], "name a file in a folder that exists"),
    ],
)
def test_a_wrong_wish_for_a_good_file_ends_with_2_too(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    arguments: list[str],
    says: str,
) -> None:
    assert called(monkeypatch, str(write(tmp_path, camps())), *arguments) == 2
    assert says in capsys.readouterr().err


def test_the_folder_is_the_argument_else_the_variable_else_beside_the_checkout() -> None:
    variable = {DATA_VARIABLE: "told"}
    assert data_folder(Path("given"), variable) == Path("given")
    assert data_folder(None, variable) == Path("told")
    assert data_folder(None, {}) == DEFAULT_FOLDER


def test_seeds_are_taken_once_each_in_their_order() -> None:
    assert read_options(["ml1m", "--seeds", "3,1,3"], {}).seeds == (3, 1)


@pytest.mark.skipif(
    not (DATA / "tiktok_mm.npz").is_file(), reason=f"the benchmark's data is not here; {DATA_VARIABLE} names its folder"
)
def test_popularity_of_the_tiktok_file_is_what_was_measured_on_it(tmp_path: Path) -> None:
    options = Options(target="tiktok", data=DATA, json=tmp_path / "rows.json", seeds=(1,), systems="popularity")
    run(options, Console(file=io.StringIO()))
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert figure(rows, "popularity", "recall@20") == pytest.approx(0.0597, abs=5e-4)
