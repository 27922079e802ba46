"""The log of MovieLens-1M in its two files, in small, with a poster and an abstract for some of its films."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks.errors import DataMalformed, DataMissing
from benchmarks.quality import movielens_content, photo_vectors
from benchmarks.quality.data import lined_up
from benchmarks.quality.movielens_content import film_features
from benchmarks.quality.movielens_time import FOLDER, likes_in_time, with_content
from benchmarks.quality.protocols import COLD_ITEMS, GLOBAL_TIME, LAST_OUT, protocols_of
from benchmarks.quality.systems import systems_named
from shared.content.encoders.protocol import EncoderCard, Vectors

N_USERS, N_FILMS = 4, 12  # film 11 is liked once, at the very end


class MeanColour:
    """Stands for both encoders: a photo's mean colour, a text's first letters."""

    card = EncoderCard(name="made-up", version="1", width=3, normalisation="none")

    def encode(self, given: Sequence[Any]) -> Vectors:
        rows = [
            [*given_one.encode()[:3]] if isinstance(given_one, str) else np.asarray(given_one).mean(axis=(0, 1))
            for given_one in given
        ]
        return np.array(rows, dtype=np.float32)


@pytest.fixture
def fake_encoders(monkeypatch: pytest.MonkeyPatch) -> None:
    for build in ("build_image_encoder", "build_text_encoder"):
        monkeypatch.setattr(photo_vectors, build, lambda _name: MeanColour())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(movielens_content, "CACHE", tmp_path / "cache")
    here = tmp_path / FOLDER
    (here / "posters").mkdir(parents=True)
    for film in (0, 1, 2, 11):
        Image.new("RGB", (20, 30), (film * 20, 0, 90)).save(here / "posters" / f"{film}.jpg")
    (here / "captions.json").write_text(json.dumps({"0": "a ring", "3": "a ship", "5": " "}))
    users = np.repeat(np.arange(N_USERS), 8)
    films = (np.tile(np.arange(10), N_USERS)[: N_USERS * 10].reshape(N_USERS, 10) + np.arange(N_USERS)[:, None]) % 11
    np.savez(
        here / "ml1m_order.npz",
        train=np.stack([users, films[:, :8].ravel()], axis=1),
        train_time=np.tile(np.arange(8), N_USERS),
        val=np.stack([np.arange(N_USERS), films[:, 8]], axis=1),
        test=np.stack([np.arange(N_USERS), films[:, 9]], axis=1),
    )
    item = np.r_[films[:, :8].ravel(), 11].astype(np.int16)
    at = 956_703_932 + np.r_[np.arange(32) ** 2, 5000]
    np.savez(here / "ml1m_likes_time.npz", user=np.r_[users, 0].astype(np.int16), item=item, at=at)
    return tmp_path


def test_likes_with_seconds_are_cut_at_one_time(folder: Path) -> None:
    (data,) = (lined_up(columns) for columns in likes_in_time(folder))
    assert list(protocols_of(data)) == [GLOBAL_TIME]
    assert (len(data.train), data.n_asked, data.clock) == (29, 4, True)
    assert len(data.posts.id_hashes) == 12, "the films of the whole log are ranked"


@pytest.mark.usefixtures("fake_encoders")
def test_the_log_in_order_has_posters_and_abstracts_and_rare_films_are_asked_for(folder: Path) -> None:
    in_order, rare = (lined_up(columns) for columns in with_content(folder))
    assert list(protocols_of(in_order)) == [LAST_OUT]
    assert list(protocols_of(rare)) == [GLOBAL_TIME, COLD_ITEMS]
    assert 11 in rare.test_likes.posts
    for data in (in_order, rare):
        assert data.features.image is not None
        assert np.flatnonzero(data.features.image.known).tolist() == [0, 1, 2, 11]
        assert {"neucf-no-content", "photo-knn", "caption-knn"} < systems_named(None, data).keys()


@pytest.mark.usefixtures("fake_encoders")
def test_a_film_may_lack_its_poster_or_its_abstract(folder: Path, tmp_path: Path) -> None:
    features = film_features(folder / FOLDER, 12, cache=tmp_path / "cache")
    assert features.caption is not None
    assert np.flatnonzero(features.caption.known).tolist() == [0, 3]
    again = film_features(folder / FOLDER, 12, cache=tmp_path / "cache").caption
    assert again is not None
    np.testing.assert_array_equal(again.values, features.caption.values)
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_a_missing_or_broken_file_is_told(folder: Path) -> None:
    (folder / FOLDER / "captions.json").write_text("[1")
    with pytest.raises(DataMalformed, match=r"captions\.json.*expected one object"):
        film_features(folder / FOLDER, 12)
    (folder / FOLDER / "captions.json").unlink()
    with pytest.raises(DataMissing, match=r"expected posters and captions\.json"):
        film_features(folder / FOLDER, 12)
    np.savez(folder / FOLDER / "ml1m_likes_time.npz", user=np.arange(3), item=np.arange(2), at=np.arange(3))
    with pytest.raises(DataMalformed, match="expected user, item and at"):
        list(likes_in_time(folder))
    (folder / FOLDER / "ml1m_likes_time.npz").unlink()
    with pytest.raises(DataMissing, match=r"ml1m_likes_time\.npz: no such file"):
        list(likes_in_time(folder))
