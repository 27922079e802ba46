"""What is similar to several liked posts, from what is published of each: the way without a ranker. Pure."""

from collections.abc import Sequence

from shared.domain import Reason
from shared.ranked_lists import codec
from shared.ranked_lists.neighbours import Neighbours

LATEST = 20  # liked posts that count
RANK_OFFSET = 60  # of reciprocal ranks, as rankers join their sources
_REASONS = {reason.code: reason for reason in Reason}


def similar_to_all(liked: Sequence[Neighbours]) -> bytes:
    """Packed entries of the posts that are similar to these, best first, by the sum of reciprocal ranks.

    A post has the reason that it has where it ranks best. Scores are in (0, 1].
    """
    scores: dict[int, float] = {}
    best: dict[int, tuple[int, str]] = {}  # post number → its best rank, and the reason there
    for neighbours in liked:
        for rank in range(len(neighbours)):
            number, reason, _ = codec.entry_at(neighbours.entries, rank)
            scores[number] = scores.get(number, 0.0) + (RANK_OFFSET + 1) / (RANK_OFFSET + 1 + rank) / len(liked)
            best[number] = min(best.get(number, (rank, reason)), (rank, reason))
    for neighbours in liked:
        scores.pop(neighbours.post_number, None)
    order = sorted(scores, key=lambda number: (-scores[number], number))
    return b"".join(
        codec.pack_entry(number, _REASONS.get(best[number][1], Reason.SIMILAR_PHOTO), scores[number])
        for number in order
    )
