"""The product's words: what may not change, for stored bytes and rollouts depend on it."""

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain import (
    JOB_OF_PHASE,
    KIND_CODES,
    POSITIVE_KINDS,
    SOURCES_BY_CODE,
    InteractionKind,
    Phase,
    PhaseState,
    Reason,
    Source,
    age_hours,
    author_hash,
    is_photo_reference,
    is_usable_id,
    rollout_bucket,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
user_ids = st.text(min_size=1, max_size=20)


def _state(percent: float, phase: Phase = Phase.NEUCF) -> PhaseState:
    return PhaseState(version=1, phase=phase, rollout_percent=percent, salt="salt")


def test_reasons_keep_their_codes() -> None:
    assert {reason.code: int(reason) for reason in Reason} == {
        "popular": 0,
        "recent": 1,
        "new": 2,
        "for_you": 3,
        "similar_photo": 4,
        "similar_caption": 5,
        "you_asked": 6,
        "following": 7,
        "liked_together": 8,
    }


def test_kinds_keep_their_codes() -> None:
    assert KIND_CODES == {"view": 0, "like": 1, "comment": 2, "save": 3, "share": 4, "hide": 5}


def test_sources_keep_their_codes() -> None:
    assert SOURCES_BY_CODE[:5] == ("heuristic", "neucf", "everyone", "snapshot", "newest")
    assert set(SOURCES_BY_CODE) == set(Source)


def test_each_phase_has_a_source_a_job_and_a_letter_of_its_own() -> None:
    """The letter is in the names of its lists in Redis."""
    assert set(Phase) <= {source.value for source in Source}
    assert set(JOB_OF_PHASE) == set(Phase)
    assert len({phase[0] for phase in Phase}) == len(Phase)


def test_sources_stand_in_the_order_of_falling_back() -> None:
    in_order, modes = ["neucf", "heuristic", "everyone", "snapshot", "newest"], ["following", "latest", "explore"]
    assert [source.value for source in Source] == [*in_order, *modes]


@pytest.mark.parametrize("kind", [InteractionKind.VIEW, InteractionKind.HIDE])
def test_a_view_and_a_hide_are_no_positives(kind: InteractionKind) -> None:
    assert kind not in POSITIVE_KINDS


def test_an_author_key_never_changes() -> None:
    assert author_hash("ann") == 11957940740637538957


def test_a_bucket_never_changes() -> None:
    assert rollout_bucket("salt", "ann") == 410


@settings(deadline=None, max_examples=50)
@given(user=user_ids, low=st.floats(0, 100), high=st.floats(0, 100))
def test_raising_the_rollout_takes_nobody_out(user: str, low: float, high: float) -> None:
    low, high = sorted((low, high))
    was_in = _state(low).phase_of(user) is Phase.NEUCF
    assert _state(high).phase_of(user) is Phase.NEUCF or not was_in


@pytest.mark.parametrize(("percent", "phase"), [(0.0, Phase.HEURISTIC), (100.0, Phase.NEUCF)])
def test_nothing_and_all_mean_nobody_and_everybody(percent: float, phase: Phase) -> None:
    assert {_state(percent).phase_of(f"user-{number}") for number in range(300)} == {phase}


def test_ten_per_cent_are_about_a_tenth() -> None:
    inside = sum(_state(10.0).phase_of(f"user-{number}") is Phase.NEUCF for number in range(5000))
    assert 400 <= inside <= 600


def test_the_rollout_means_nothing_for_the_heuristic() -> None:
    assert _state(100.0, Phase.HEURISTIC).phase_of("ann") is Phase.HEURISTIC


def test_a_time_ahead_counts_as_now() -> None:
    assert age_hours(NOW + timedelta(hours=3), NOW) == 0.0


def test_an_age_is_in_hours() -> None:
    assert age_hours(NOW - timedelta(days=2), NOW) == 48.0


@pytest.mark.parametrize(
    "text",
    ["a", "ann@example.org", "日本", "x" * 128, "with space", "a\u00a0b", "NULL", "a/b", "100%", "👩‍👩‍👧", "می‌خواهم"],
)
def test_an_id_of_up_to_128_characters_is_usable(text: str) -> None:
    assert is_usable_id(text)


@pytest.mark.parametrize("text", ["", "x" * 129, "new\nline", "tab\t", "\x00", "\x7f", "a\u0085", "\ud800"])
def test_an_id_that_is_empty_too_long_or_holds_a_control_character_is_not_usable(text: str) -> None:
    assert not is_usable_id(text)


@pytest.mark.parametrize("text", [" u3", "u3 ", " ", "u3\n", "\u00a0u3", "u3\u3000", "\u2028u3", "u3\u200a"])
def test_an_id_with_white_space_at_an_end_is_not_usable(text: str) -> None:
    assert not is_usable_id(text)


def test_a_control_character_and_white_space_are_what_unicode_calls_so() -> None:
    marks = [chr(code) for code in range(0x10000)]
    controls = {mark for mark in marks if unicodedata.category(mark) in ("Cc", "Cs")}
    assert {mark for mark in marks if not is_usable_id(f"a{mark}a")} == controls
    assert {mark for mark in marks if not is_usable_id(mark)} == controls | {mark for mark in marks if mark.isspace()}


@pytest.mark.parametrize(
    ("reference", "is_one"),
    [
        ("https://x.example/1.jpg", True), ("HTTP://x.example/1.jpg", True), ("cats/1.jpg", True), ("", True),
        ("cats/a:b.jpg", True), ("./a:b.jpg", True), ("12:30.jpg", True), ("javascript:alert(1)", False),
        ("data:image/png;base64,AA==", False), ("file:///etc/passwd", False), ("s3://bucket/1.jpg", False),
        ("ftp://x.example/1.jpg", False), ("http:1.jpg", False),
    ],
)  # fmt: skip
def test_a_photo_is_named_by_http_or_by_a_path(reference: str, *, is_one: bool) -> None:
    assert is_photo_reference(reference) is is_one
