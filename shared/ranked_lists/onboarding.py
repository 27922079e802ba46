"""The bytes of what a newcomer is shown first: a spread of posts and of tags. Pure.

MessagePack, in the order of the fields: format · generation · generated at (seconds since 1970, UTC) · packed entries ·
languages · for each entry the index of its language, one byte · tags, each with the numbers of some posts (u32).

With 400 posts and 50 tags some 5 kB. The languages are in it so that a wish for one holds while PostgreSQL is away.
"""

from array import array
from collections.abc import Sequence
from datetime import UTC, datetime

from msgspec import DecodeError, Struct, msgpack

from shared.ranked_lists import codec
from shared.ranked_lists.codec import UnreadableList

FORMAT = 1
NO_LANGUAGE, OTHER_LANGUAGE = 255, 254  # indices of a post that says no language, and of one that says a rare one


class OnboardingTag(Struct, array_like=True, frozen=True, gc=False):
    """One tag."""

    tag: str  # folded
    posts: int  # candidates that have it
    packed_examples: bytes  # numbers of some of them, the best first

    @property
    def examples(self) -> Sequence[int]:
        """The post numbers."""
        numbers = array("I")
        numbers.frombytes(self.packed_examples)
        return numbers


class Onboarding(Struct, array_like=True, frozen=True, gc=False):
    """What one run published; any beginning of its posts is a spread."""

    format: int
    generation: int
    stamp: int
    entries: bytes
    languages: Sequence[str]
    spoken: bytes
    tags: Sequence[OnboardingTag]

    @property
    def generated_at(self) -> datetime:
        return datetime.fromtimestamp(self.stamp, UTC)

    def post_numbers(self) -> frozenset[int]:
        """All posts that it names."""
        examples = (number for tag in self.tags for number in tag.examples)
        return frozenset(codec.post_numbers_of(self.entries)).union(examples)

    def in_language(self, language: str) -> Sequence[bool]:
        """For each entry whether its post is in this language, or says none."""
        wanted = {NO_LANGUAGE, *(index for index, name in enumerate(self.languages) if name == language)}
        return [index in wanted for index in self.spoken]


def pack_onboarding(onboarding: Onboarding) -> bytes:
    """The value for Redis."""
    return msgpack.encode(onboarding)


def unpack_onboarding(value: bytes) -> Onboarding:
    """Read a value.

    Raises:
        UnreadableList: another format, or not whole.
    """
    try:
        onboarding = _decoder.decode(value)
    except DecodeError as error:
        raise UnreadableList(f"onboarding: got {len(value)} bytes that cannot be read") from error
    entries = codec.length_of(onboarding.entries)
    is_whole = len(onboarding.entries) == entries * codec.ENTRY.size and len(onboarding.spoken) == entries
    has_numbers = not any(len(tag.packed_examples) % 4 for tag in onboarding.tags)
    if onboarding.format != FORMAT or not is_whole or not has_numbers:
        raise UnreadableList(f"onboarding: got format {onboarding.format}, {entries} entries, expected {FORMAT}, whole")
    return onboarding


_decoder = msgpack.Decoder(Onboarding)
