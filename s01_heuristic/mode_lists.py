"""What modes need beside everyone's list: the newest posts of each author, and everyone's list of each tag."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

import numpy as np
import numpy.typing as npt

from s01_heuristic.rank import RankedCandidates
from shared.candidates.ranking_input import RankingInput
from shared.db.bulk import to_datetime
from shared.db.engine import Database
from shared.db.follows import has_follows
from shared.db.post_facts import tags_since
from shared.domain import Source
from shared.ranked_lists import keys
from shared.ranked_lists.codec import RankedList, encode
from shared.ranked_lists.codec_columns import LAYOUT
from shared.ranked_lists.job_store import JobStore
from shared.settings import ListSettings

_DATED = np.dtype([*((name, LAYOUT[name]) for name in LAYOUT.names or ()), ("at", "<u4")])
_LATEST = 2**32 - 1  # the year 2106


def publish_mode_lists(
    database: Database,
    writer: JobStore,
    inputs: RankingInput,
    ranking: RankedCandidates,
    settings: ListSettings,
    *,
    run: int,
    now: datetime,
) -> Mapping[str, int]:
    """Publish both, as far as somebody may ask for them; returns how many of each there are."""
    with database.read() as snapshot:
        is_followed = has_follows(snapshot)
        since = to_datetime(float(inputs.posts.created_at.min(initial=now.timestamp())))
        tags = tags_since(snapshot, since, among=inputs.posts.ids) if settings.tag_lists else {}
    indices = ranking.index.indices_of(np.array(inputs.post_numbers, np.uint32))  # candidate -> its rank
    n_authors = writer.publish_authors(posts_by_author(inputs, ranking, indices), run=run) if is_followed else 0
    lists = lists_by_tag(dict(zip(inputs.posts.ids, indices.tolist(), strict=True)), tags, ranking, settings)
    values = {
        tag: encode(RankedList(source=Source.EXPLORE, generation=run, generated_at=now, entries=entries))
        for tag, entries in lists
    }
    return {"authors": n_authors, "tags": writer.publish_tags(values)}


def posts_by_author(
    inputs: RankingInput, ranking: RankedCandidates, ranks: npt.NDArray[np.int64]
) -> Iterator[tuple[int, bytes]]:
    """Pairs of author hash and their newest candidates, as `author_posts` unpacks them.

    Args:
        inputs: the candidates, newest first.
        ranking: the same, best first.
        ranks: (n_posts,) the rank of each candidate.
    """
    _, authors = np.unique(inputs.posts.author_id_hashes, return_inverse=True)  # (n_posts,)
    order = np.argsort(authors, kind="stable")  # author by author, newest first
    dated = np.empty(len(order), _DATED)
    for name in LAYOUT.names or ():
        dated[name] = ranking.entries[name][ranks[order]]
    dated["at"] = np.clip(inputs.posts.created_at[order], 0, _LATEST)
    packed, starts = dated.tobytes(), np.flatnonzero(np.diff(authors[order], prepend=-1)).tolist()
    for start, end in zip(starts, [*starts[1:], len(order)], strict=True):
        stop = min(end, start + keys.AUTHOR_LENGTH)
        author = inputs.posts.author_ids[int(order[start])]
        yield inputs.author_hashes[author], packed[start * _DATED.itemsize : stop * _DATED.itemsize]


def lists_by_tag(
    rank_of: Mapping[str, int], tags: Mapping[str, frozenset[str]], ranking: RankedCandidates, settings: ListSettings
) -> Iterator[tuple[str, bytes]]:
    """Pairs of tag and packed entries, best first, for the tags that most candidates have.

    Args:
        rank_of: post id -> its rank.
        tags: post id -> its tags, folded; of candidates.
        ranking: the candidates, best first.
        settings: how many tags, and how many posts of each.
    """
    counts = Counter(tag for of_post in tags.values() for tag in of_post)
    # Of equally frequent tags the first in the alphabet, so that two runs over the same posts publish the same.
    chosen = sorted(counts, key=lambda tag: (-counts[tag], tag))[: settings.tag_lists]
    ranks: dict[str, list[int]] = {tag: [] for tag in chosen}
    for post_id, of_post in tags.items():
        for tag in of_post & ranks.keys():
            ranks[tag].append(rank_of[post_id])
    for tag, found in ranks.items():
        yield tag, ranking.entries[sorted(found)[: settings.list_length]].tobytes()
