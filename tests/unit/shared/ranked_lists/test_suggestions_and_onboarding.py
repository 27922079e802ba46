"""The bytes of suggestions and of onboarding: what is packed is read, and what is not ours is refused."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import Reason
from shared.ranked_lists.codec import UnreadableList, pack_entry
from shared.ranked_lists.onboarding import (
    FORMAT,
    NO_LANGUAGE,
    Onboarding,
    OnboardingTag,
    pack_onboarding,
    unpack_onboarding,
)
from shared.ranked_lists.records import pack_post_numbers
from shared.ranked_lists.suggestions import (
    ENTRY,
    HEADER,
    MAX_EXAMPLES,
    MAX_NUMBER,
    AuthorReason,
    SuggestedAuthor,
    SuggestedAuthors,
    pack_name,
    pack_suggestions,
    unpack_name,
    unpack_suggestions,
)

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
AUTHORS = st.builds(
    SuggestedAuthor,
    st.integers(0, 2**64 - 1),
    st.sampled_from(AuthorReason),
    st.integers(0, MAX_NUMBER),
    st.floats(0, 1, width=16),
)
NUMBERS = st.lists(st.integers(1, 2**28 - 1), max_size=MAX_EXAMPLES)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=64)


@given(st.lists(AUTHORS, max_size=30), st.integers(0, 2**32 - 1))
def test_suggestions_are_read_as_they_were_packed(authors: list[SuggestedAuthor], generation: int) -> None:
    packed = pack_suggestions(SuggestedAuthors(generation=generation, generated_at=AT, authors=authors))
    assert len(packed) == HEADER.size + ENTRY.size * len(authors)
    read = unpack_suggestions(packed)
    assert (read.generation, read.generated_at, list(read.authors)) == (generation, AT, authors)


@given(TEXTS, NUMBERS)
def test_names_are_read_as_they_were_packed(author_id: str, examples: list[int]) -> None:
    read = unpack_name(pack_name(author_id, examples))
    assert (read.author_id, list(read.examples)) == (author_id, examples)


@given(st.lists(st.tuples(st.integers(1, 2**28 - 1), st.sampled_from([*range(10), NO_LANGUAGE]))), TEXTS, NUMBERS)
def test_onboarding_is_read_as_it_was_packed(posts: list[tuple[int, int]], tag: str, examples: list[int]) -> None:
    onboarding = Onboarding(
        format=FORMAT, generation=7, stamp=int(AT.timestamp()), languages=["pt", "en"],
        entries=b"".join(pack_entry(number, Reason.RECENT, 0.5) for number, _ in posts),
        spoken=bytes(language for _, language in posts),
        tags=[OnboardingTag(tag=tag, posts=3, packed_examples=pack_post_numbers(examples))],
    )  # fmt: skip
    read = unpack_onboarding(pack_onboarding(onboarding))
    assert read == onboarding
    assert read.generated_at == AT
    assert read.post_numbers() == {number for number, _ in posts} | set(examples)
    assert list(read.in_language("en")) == [language in (1, NO_LANGUAGE) for _, language in posts]


@given(st.binary(max_size=60))
def test_foreign_bytes_are_refused_or_read_and_raise_nothing_else(value: bytes) -> None:
    for unpack in (unpack_suggestions, unpack_onboarding, unpack_name):
        with suppress(UnreadableList, UnicodeDecodeError):
            unpack(value)


def test_another_format_and_a_cut_value_are_refused() -> None:
    packed = pack_suggestions(
        SuggestedAuthors(generation=1, generated_at=AT, authors=[SuggestedAuthor(1, AuthorReason.POPULAR, 0, 0.5)])
    )
    for wrong in (b"\x02" + packed[1:], packed[:-1], b""):
        with pytest.raises(UnreadableList):
            unpack_suggestions(wrong)
    onboarding = Onboarding(
        format=FORMAT + 1, generation=1, stamp=0, entries=b"", languages=[], spoken=b"", tags=[]
    )  # fmt: skip
    with pytest.raises(UnreadableList, match="format 2"):
        unpack_onboarding(pack_onboarding(onboarding))
