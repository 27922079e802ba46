"""Posts like a post: the vectors of the candidates are read once, and what a pass asks for is never dropped in it."""

from collections.abc import Collection, Mapping, Sequence
from typing import cast

import numpy as np
import pytest

from shared.candidates import alike_posts, candidate_vectors, load_asked_for, near_hidden
from shared.candidates.alike_posts import AlikePosts
from shared.candidates.asked_for import Strengths
from shared.candidates.candidate_vectors import CandidateVectors
from shared.candidates.load_asked_for import SaidOfCandidates
from shared.db.bulk import Posts
from shared.db.engine import DatabaseSnapshot
from shared.db.vectors import ContentKind, VectorColumn
from shared.db.viewers_say import Wish

SNAPSHOT = cast(DatabaseSnapshot, None)
IDS = [f"p{number}" for number in range(40)]
ALIKE = {"p3", "p30"}


def vector_of(post_id: str) -> list[float]:
    """Those that are like each other point another way than the others, which differ a little."""
    return [2.0, 0.0, 0.0] if post_id in ALIKE | {"old"} else [0.0, 1.0, int(post_id[1:]) / 400]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Collection[str]]:
    """Which vectors were read, of an installation with captions only."""
    read: list[Collection[str]] = []
    hashes = {post_id: number for number, post_id in enumerate([*IDS, "old"])}

    def vectors_of(_: object, __: object, post_ids: Collection[str], *, encoder: str, width: int) -> VectorColumn:
        assert (encoder, width) == ("words", 3)
        read.append(post_ids)
        values = np.array([vector_of(post_id) for post_id in post_ids], np.float16)
        return VectorColumn(post_id_hashes=np.array([hashes[post_id] for post_id in post_ids]), values=values)

    def encoder_of(_: object, part: ContentKind, *, among: Sequence[str]) -> tuple[str, int] | None:
        return ("words", 3) if part is ContentKind.CAPTION else None

    for module in (alike_posts, candidate_vectors, near_hidden):
        monkeypatch.setattr(module, "load_vectors_of", vectors_of)
    monkeypatch.setattr(candidate_vectors, "most_used_encoder", encoder_of)
    monkeypatch.setattr(alike_posts, "load_id_hashes", lambda _, ids: np.array([hashes[post_id] for post_id in ids]))
    return read


def test_later_wishes_read_the_vectors_of_wished_posts_only(
    read: list[Collection[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alike_posts, "BLOCK", 7)
    posts = AlikePosts(CandidateVectors(IDS, np.arange(len(IDS))))
    for wished in (["old"], ["p3", "old"]):
        found = posts.like(SNAPSHOT, wished)
        assert {post_id: {IDS[index] for index in strengths.indices} for post_id, strengths in found.items()} == (
            dict.fromkeys(wished, ALIKE)
        )
    assert read == [["old"], IDS, ["p3", "old"]]


def test_what_a_pass_asks_for_is_kept_although_the_passes_before_filled_the_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(load_asked_for, "TARGETS", 3)
    one = Strengths(np.array([0]), np.ones(1))

    def like(_: object, __: object, post_ids: Sequence[str]) -> Mapping[str, Strengths]:
        return dict.fromkeys(post_ids, one)

    monkeypatch.setattr(AlikePosts, "like", like)
    posts = cast(Posts, type("Posts", (), {"ids": [], "id_hashes": [], "author_ids": []}))
    said = SaidOfCandidates(posts, [])
    for wished in ("ab", "bcd", "a"):
        said._load(SNAPSHOT, [Wish(1.0, "post", target) for target in wished], has_rules=False)
        assert all(said._strength_of("post", target) is one for target in wished)
        assert len(said._alike) <= 3
