"""The simulated world as relations, files and cast; and how it is asked for."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from demo.errors import DemoError, WorldMissing
from demo.options import read_options
from demo.photo_world import copy_photos, relations_of, save_truth
from demo.simulator.simulate import PhotoWorld
from demo.sources import source_of
from demo.world import DemoWorld
from tests.unit.demo.photos import SMALL, small_world, tiny_folder

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def simulated() -> PhotoWorld:
    return small_world(n_posts=240)


@pytest.fixture(scope="module")
def world(simulated: PhotoWorld) -> DemoWorld:
    return relations_of(simulated, now=NOW)


def _at(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.replace(tzinfo=None), "ms")


def test_the_newest_event_is_now_and_nothing_lies_ahead(world: DemoWorld) -> None:
    assert world.interactions.created_at.max() == _at(NOW)
    times = (world.users.created_at, world.posts.created_at, world.blocks.created_at)
    assert max(column.max() for column in times) <= _at(NOW)


def test_ids_say_that_they_are_simulated(world: DemoWorld) -> None:
    ids = [*world.users.id.tolist(), *world.posts.id.tolist(), world.cast.unknown_user]
    assert all(name.startswith("simulated-") for name in ids)


def test_ids_are_unique(world: DemoWorld) -> None:
    assert len(set(world.users.id.tolist())) == SMALL.users
    assert len(set(world.posts.id.tolist())) == 240


def test_an_image_url_lies_below_the_demos_folder_and_keeps_its_ending(world: DemoWorld) -> None:
    assert world.posts.image_url[0] == "media/simulated-post-0000.jpg"


def test_the_cold_user_has_done_nothing(world: DemoWorld) -> None:
    assert not {world.cast.cold_user, world.cast.spare_cold_user} & set(world.interactions.user_id.tolist())


def test_the_shown_blocks_are_there_once(world: DemoWorld) -> None:
    pairs = list(zip(world.blocks.user_id.tolist(), world.blocks.blocked_user_id.tolist(), strict=True))
    assert {
        (world.cast.warm_user, world.cast.blocked_author),
        (world.cast.blocking_author, world.cast.warm_user),
    } <= set(pairs)
    assert len(pairs) == len(set(pairs))


def test_nobody_blocks_themselves(world: DemoWorld) -> None:
    assert (world.blocks.user_id != world.blocks.blocked_user_id).all()


def test_too_few_photos_are_refused() -> None:
    with pytest.raises(WorldMissing, match="got 120 with captions, expected at least 200"):
        relations_of(small_world(), now=NOW)


def test_the_photos_are_copied_to_where_the_posts_say(tmp_path: Path, simulated: PhotoWorld, world: DemoWorld) -> None:
    folder = tiny_folder(tmp_path, n=3)
    images = tuple(folder / f"{number % 3}.png" for number in range(240))
    copy_photos(replace(simulated, images=images), world, tmp_path / "home")
    assert (tmp_path / "home" / world.posts.image_url[4]).read_bytes() == (folder / "1.png").read_bytes()


def test_the_saved_truth_is_in_the_order_of_its_ids(tmp_path: Path, simulated: PhotoWorld, world: DemoWorld) -> None:
    save_truth(simulated, tmp_path / "truth.npz")
    with np.load(tmp_path / "truth.npz", allow_pickle=False) as truth:
        assert truth["post_id"].tolist() == world.posts.id.tolist()
        assert np.allclose(truth["affinity"], simulated.truth.affinity, atol=1e-6)


def test_a_folder_of_photos_is_a_wish_for_their_world() -> None:
    options = read_options(["--photos", "/somewhere"], {})
    assert (options.photos, options.home.parts[-2:]) == (Path("/somewhere"), (".warmline", "photos"))


def test_the_wish_may_come_from_the_environment() -> None:
    given = {"WARMLINE_DEMO_WORLD": "photos", "WARMLINE_DEMO_PHOTOS": "/somewhere"}
    assert read_options([], given).photos == Path("/somewhere")


def test_a_home_that_is_given_is_kept() -> None:
    assert read_options(["--photos", "/somewhere", "--home", "/mine"], {}).home == Path("/mine")


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"WARMLINE_DEMO_WORLD": "photos"}, "PHOTOS: got none"),
        ({"WARMLINE_DEMO_WORLD": "films"}, "WORLD: got films"),
        ({"WARMLINE_DEMO_WORLD": "movielens", "WARMLINE_DEMO_PHOTOS": "/somewhere"}, "leave one of them out"),
    ],
)
def test_wishes_that_do_not_fit_end_with_exit_code_two(
    wishes: dict[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        read_options([], wishes)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_other_captions_are_another_source(tmp_path: Path) -> None:
    options = read_options(["--photos", str(tiny_folder(tmp_path))], {})
    first = source_of(options)
    with (tmp_path / "captions.csv").open("a") as file:
        file.write("0.png,one more\n")
    assert source_of(options).identity != first.identity


def test_a_folder_that_is_not_there_is_said_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(WorldMissing):
        source_of(read_options(["--photos", str(tmp_path / "nowhere")], {}))


def test_the_world_of_photos_says_that_it_is_simulated(tmp_path: Path) -> None:
    source = source_of(read_options(["--photos", str(tiny_folder(tmp_path))], {}))
    assert source.notice is not None
    assert "simulated" in source.notice
    assert "simulated" in source.caption_heading


def test_a_missing_world_is_an_error_of_the_demo() -> None:
    assert issubclass(WorldMissing, DemoError)
