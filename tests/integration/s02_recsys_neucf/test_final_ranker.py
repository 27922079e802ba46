"""Lists by a final ranker that joins several sources: which posts, in which order, and why."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from shared.db.engine import Database
from shared.db.vectors import ContentKind, EncodedVector, store_vectors
from shared.domain import InteractionKind, Phase
from shared.neucf.final_ranker import FUSIONS, LEARNED, FinalRanker
from shared.neucf.rank_trees import RankTrees
from shared.neucf.serving_order import ServingOrder
from shared.ranked_lists import codec, keys
from shared.ranked_lists.job_store import JobStore
from tests.scoring import IMAGE, make_champion, put_vectors, score_run
from tests.stores import Held, execute, heuristic_run
from tests.unit.shared.neucf.sources.trees import stump
from tests.worlds import NOW, Event, Post, World, write_own_tables

NAMES = tuple(f"p{number:02}" for number in range(40))
RED, BLUE = NAMES[:20], NAMES[20:]  # as their photos' vectors
SEEN = (*RED[:5], *BLUE[:2])
HOT = BLUE[10]  # what the others like now
WORLD = World(
    users=("ann", "author", *(f"fan{number}" for number in range(12))),
    posts=[Post(name, "author", 30 + number) for number, name in enumerate(NAMES)],
    events=[
        *(Event("ann", name, InteractionKind.LIKE, 20 - place) for place, name in enumerate(SEEN)),
        *(Event(f"fan{number}", HOT, InteractionKind.LIKE, 1) for number in range(12)),
    ],
)
HEURISTIC, BY_PHOTO = FinalRanker(fused=("heuristic",)), FinalRanker(fused=("photo nearness",))


def scored_by(
    database: Database,
    writer: JobStore,
    folder: Path,
    held: Held,
    ranker: FinalRanker,
    trees: RankTrees | None = None,
) -> list[tuple[str, str]]:
    """Ann's list: posts and reasons."""
    write_own_tables(database, WORLD)
    make_champion(database, folder, ranker=ranker, trees=trees)
    for color, names in (((1, 0, 0, 0), RED), ((0, 1, 0, 0), BLUE)):
        vectors = [
            EncodedVector(post_id=name, source_hash="made up", vector=np.array(color, np.float32)) for name in names
        ]
        store_vectors(database, ContentKind.IMAGE, encoder=IMAGE.version, encoded=vectors)
    heuristic_run(database, writer)
    assert score_run(database, writer, folder)["lists"] == 1
    return list_of(held, Phase.NEUCF)


def list_of(held: Held, phase: Phase) -> list[tuple[str, str]]:
    value = held.client.get(keys.ranked_list(phase, "ann"))
    assert isinstance(value, bytes)
    decoded = codec.decode(value)
    return [
        (post, reason) for post, (_, reason, _) in zip(held.posts_of(decoded), held.entries_of(decoded), strict=True)
    ]


def test_by_the_heuristic_alone_it_is_the_list_of_phase_1_with_its_reasons(
    database: Database, writer: JobStore, tmp_path: Path, held: Held
) -> None:
    found = scored_by(database, writer, tmp_path, held, HEURISTIC)
    assert found == list_of(held, Phase.HEURISTIC)
    assert found[0] == (HOT, "popular")
    assert {reason for _, reason in found[1:]} == {"recent"}


def test_by_photos_alone_it_is_what_looks_like_what_was_liked(
    database: Database, writer: JobStore, tmp_path: Path, held: Held
) -> None:
    found = scored_by(database, writer, tmp_path, held, BY_PHOTO)
    assert {post for post, _ in found[:15]} == set(RED) - set(SEEN), "five of seven likes are red"
    assert {reason for _, reason in found} == {"similar_photo"}


@pytest.mark.parametrize("ranker", FUSIONS, ids=str)
def test_of_all_together_each_post_says_why_it_is_there_and_nothing_withheld_is(
    database: Database, writer: JobStore, tmp_path: Path, held: Held, ranker: FinalRanker
) -> None:
    found = scored_by(database, writer, tmp_path, held, ranker)
    assert {post for post, _ in found} == set(NAMES) - set(SEEN)
    assert len(found) == len(set(found)) == len(NAMES) - len(SEEN)
    assert dict(found)[HOT] == "popular", "the heuristic has it first, no other source has"
    assert "similar_photo" in dict(found).values()


def test_learned_trees_order_the_posts_and_each_still_says_why_it_is_there(
    database: Database, writer: JobStore, tmp_path: Path, held: Held
) -> None:
    """The trees want posts that are older than two days above all others."""
    found = scored_by(database, writer, tmp_path, held, LEARNED, stump("age_days", above=2.0, gain=99.0))
    old = {name for place, name in enumerate(NAMES) if 30 + place > 48} - set(SEEN)
    assert {post for post, _ in found[: len(old)]} == old
    assert {post for post, _ in found} == set(NAMES) - set(SEEN)
    assert dict(found)[HOT] == "popular"


def test_a_champion_of_format_3_goes_on_after_an_upgrade(
    database: Database, writer: JobStore, tmp_path: Path, held: Held
) -> None:
    """Its manifest is what the version before wrote of such a model."""
    order = ServingOrder(popularity_weight=4.0, half_life_days=30.0)
    before = scored_by(database, writer, tmp_path, held, FinalRanker(serving_order=order))
    manifest = tmp_path / "model-1/manifest.json"
    values = json.loads(manifest.read_text())
    del values["final_ranker"], values["files"]
    content = json.dumps({**values, "format": 3, "serving_order": order.to_json()}, indent=2).encode() + b"\n"
    manifest.write_bytes(content)
    recorded = hashlib.sha256(content).hexdigest()
    execute(database, f"UPDATE warmline.model_versions SET manifest_sha256 = '{recorded}'")
    assert score_run(database, writer, tmp_path, list_length=39)["lists"] == 1
    assert list_of(held, Phase.NEUCF) == before


def test_vectors_that_nobody_has_leave_a_source_silent(
    database: Database, writer: JobStore, tmp_path: Path, held: Held
) -> None:
    write_own_tables(database, WORLD)
    make_champion(database, tmp_path, ranker=FinalRanker(fused=("neucf", "photo nearness")))
    put_vectors(database, ContentKind.IMAGE, IMAGE, "no-post")
    heuristic_run(database, writer)
    assert score_run(database, writer, tmp_path, now=NOW)["lists"] == 1
    assert {reason for _, reason in list_of(held, Phase.NEUCF)} == {"for_you"}
