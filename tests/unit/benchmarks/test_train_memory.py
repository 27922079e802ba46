"""The night of a small synthetic world, in this process: the stages of the job, and one world from one seed."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.train_memory.night import run
from benchmarks.train_memory.world import Size, read_world, write_world
from shared.domain import KIND_CODES, InteractionKind

SMALL = Size(users=60, posts=40, events=1500, like_share=0.8, seed=3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("world")
    write_world(SMALL, found)
    return found


def test_events_are_in_order_of_time_and_none_is_older_than_its_post(folder: Path) -> None:
    data = read_world(folder)
    assert len(data.events.at) == SMALL.events
    assert (np.diff(data.events.at) >= 0).all()
    assert (data.events.at >= data.posts.created_at[data.events.post_id_hashes]).all()


def test_the_share_of_likes_is_as_told(folder: Path) -> None:
    likes = read_world(folder).events.kinds == KIND_CODES[InteractionKind.LIKE]
    assert likes.mean() == pytest.approx(SMALL.like_share, abs=0.05)


def test_one_seed_gives_one_world(folder: Path, tmp_path: Path) -> None:
    write_world(SMALL, tmp_path)
    for name in ("user", "post", "at", "kind", "image"):
        assert (folder / f"{name}.npy").read_bytes() == (tmp_path / f"{name}.npy").read_bytes()


def test_a_night_goes_through_all_stages_and_tells_its_memory(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(folder, epochs=1, steps=2, seed=1)
    *stages, end = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert len(stages) == 6
    peaks = [stage["peak"] for stage in stages]
    assert peaks == sorted(peaks)
    assert peaks[0] > 0
    assert 0 < end["users"] <= SMALL.users + 1
    assert end["verdict"]
