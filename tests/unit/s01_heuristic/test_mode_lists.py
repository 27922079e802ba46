"""Lists of tags: those of most candidates, best first, each bounded."""

import numpy as np

from s01_heuristic.mode_lists import lists_by_tag
from s01_heuristic.rank import RankedCandidates
from shared.candidates.columns import PostIndex
from shared.domain import Reason
from shared.ranked_lists import codec
from shared.ranked_lists.codec_columns import entries_of, pack_posts
from shared.settings import ListSettings

IDS = [f"p{number}" for number in range(40)]  # best first; the number of each is its rank and 1
RANK_OF = {post_id: rank for rank, post_id in enumerate(IDS)}
PACKED = pack_posts(range(1, 41), np.full(40, Reason.POPULAR))
RANKING = RankedCandidates(
    entries=entries_of(PACKED, np.linspace(1, 0, 40)), index=PostIndex.of(range(1, 41), ["author"] * 40)
)


def of_tags(tags: dict[str, frozenset[str]], tag_lists: int = 1000) -> dict[str, list[int]]:
    lists = lists_by_tag(RANK_OF, tags, RANKING, ListSettings(list_length=10, tag_lists=tag_lists))
    return {tag: codec.post_numbers_of(entries) for tag, entries in lists}


def test_each_tag_has_its_posts_best_first_and_not_more_than_a_list_has() -> None:
    tags = {post_id: frozenset({"all", "even" if rank % 2 == 0 else "odd"}) for rank, post_id in enumerate(IDS)}
    assert of_tags(dict(reversed(tags.items()))) == {
        "all": [*range(1, 11)], "even": [*range(1, 21, 2)], "odd": [*range(2, 22, 2)]
    }  # fmt: skip


def test_only_the_tags_of_most_posts_have_a_list() -> None:
    tags = {"p0": frozenset({"b", "a", "c"}), "p1": frozenset({"b"}), "p2": frozenset({"rare"})}
    assert of_tags(tags, tag_lists=2) == {"b": [1, 2], "a": [1]}
    assert of_tags(tags, tag_lists=0) == {}
