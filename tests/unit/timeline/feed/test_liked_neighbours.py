"""What is similar to several liked posts, from what is published of each."""

from shared.domain import Reason
from shared.ranked_lists.codec import entry_at, length_of, pack_entry
from shared.ranked_lists.neighbours import Neighbours
from timeline.feed.liked_neighbours import similar_to_all


def neighbours(post_number: int, *entries: tuple[int, Reason]) -> Neighbours:
    packed = b"".join(pack_entry(number, reason, 1.0) for number, reason in entries)
    return Neighbours(post_number=post_number, author=0, entries=packed)


PHOTO, CAPTION = Reason.SIMILAR_PHOTO, Reason.SIMILAR_CAPTION


def test_what_is_similar_to_more_of_them_comes_first_and_none_of_them_comes() -> None:
    entries = similar_to_all(
        [neighbours(1, (10, PHOTO), (20, CAPTION), (2, PHOTO)), neighbours(2, (1, PHOTO), (20, PHOTO), (30, CAPTION))]
    )
    found = [entry_at(entries, position) for position in range(length_of(entries))]
    assert [number for number, _, _ in found] == [20, 10, 30]
    assert all(0 < score <= 1 for _, _, score in found)
    assert found[0][1] in ("similar_photo", "similar_caption")
    assert [reason for _, reason, _ in found[1:]] == ["similar_photo", "similar_caption"]


def test_of_nothing_nothing_is_similar() -> None:
    assert similar_to_all([]) == b""
    assert similar_to_all([neighbours(1)]) == b""
