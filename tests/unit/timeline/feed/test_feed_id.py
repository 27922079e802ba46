"""A feed id names source, generation and position for the user it was given to; any other text counts for nothing."""

import base64
from datetime import UTC, datetime

import pytest

from shared.db.events import FeedPosition
from shared.domain import Source
from shared.ranked_lists.codec import RankedList
from shared.signing import SigningKeys
from timeline.feed.feed_id import MAX_LENGTH, feed_id, parse_feed_id

KEY = b"key"
KEYS = SigningKeys(current=KEY)
FROZEN = RankedList(source=Source.NEUCF, generation=4_000_000_000, generated_at=datetime.now(UTC), entries=b"")
FEED = feed_id(FROZEN, 65_535, b"12345678", user_id="ann", keys=KEYS)


def test_a_feed_id_names_its_page() -> None:
    index = FeedPosition(source="neucf", generation=4_000_000_000, position=65_535)
    assert parse_feed_id(FEED, user_id="ann", keys=KEYS) == index
    assert len(FEED) <= MAX_LENGTH


@pytest.mark.parametrize(("user", "key"), [("ben", KEY), ("ann", b"other"), ("", KEY)])
def test_a_feed_id_of_another_user_or_installation_counts_for_nothing(user: str, key: bytes) -> None:
    assert parse_feed_id(FEED, user_id=user, keys=SigningKeys(current=key)) is None


@pytest.mark.parametrize("index", range(28))
def test_a_feed_id_with_one_bit_changed_counts_for_nothing(index: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(FEED + "=="))
    raw[index] ^= 1
    assert parse_feed_id(base64.urlsafe_b64encode(raw).decode().rstrip("="), user_id="ann", keys=KEYS) is None


@pytest.mark.parametrize(
    "text", ["", "A", "AAAA", FEED + "A", FEED[:-1], "x" * 10_000, "é" * 38, "\ud800", None, 5, [], {}]
)
def test_what_is_no_feed_id_counts_for_nothing(text: object) -> None:
    assert parse_feed_id(text, user_id="ann", keys=KEYS) is None
