"""The posts that live passes keep in memory: at the bound some are dropped, never those of the pass itself."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch

from s02_recsys_neucf import post_memory
from s02_recsys_neucf.post_memory import PostMemory
from shared.db.engine import DatabaseSnapshot
from shared.neucf.artefact import Artefact
from shared.neucf.score import PostVectors

ARTEFACT = cast(Artefact, SimpleNamespace(model=None, posts=SimpleNamespace(model_rows=lambda hashes: hashes)))
SNAPSHOT = cast(DatabaseSnapshot, None)


def vectors_of(_model: Any, hashes: Any, *_rest: Any) -> PostVectors:
    """A vector that tells whose it is."""
    return PostVectors(torch.from_numpy(np.asarray(hashes, np.float32))[:, None], None)


@pytest.fixture(autouse=True)
def _no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post_memory, "vectors_of", vectors_of)
    monkeypatch.setattr(post_memory, "ids_of_posts", lambda *_: [])
    monkeypatch.setattr(post_memory, "features_of", lambda *_: None)
    monkeypatch.setattr(post_memory, "MOST_KEPT", 3)


def held(memory: PostMemory, *hashes: int) -> list[float]:
    """The vectors of these posts."""
    indices = memory.indices_of(np.array(hashes))
    assert (indices >= 0).all()
    return memory.vectors.joined[torch.from_numpy(indices), 0].tolist()


def with_posts(memory: PostMemory, *hashes: int) -> PostMemory:
    return memory.with_posts(SNAPSHOT, {}, np.array(hashes), liked_by=["ann"])


def test_posts_that_a_pass_needs_survive_the_bound_that_it_reaches() -> None:
    memory = PostMemory(ARTEFACT, np.array([5, 1]), vectors_of(None, [5, 1]))
    memory = with_posts(memory, 7, 3, 9)
    assert held(memory, 1, 3, 5, 7, 9) == [1, 3, 5, 7, 9]
    memory = with_posts(memory, 1, 3, 8)  # 3 is held already, and the bound is passed with 8
    assert held(memory, 1, 3, 5, 8) == [1, 3, 5, 8]
    assert memory.indices_of(np.array([7, 9])).tolist() == [-1, -1]
