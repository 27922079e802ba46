"""What a newcomer is shown first: posts that are good by the heuristic and unlike one another, and tags. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt

from s01_heuristic.rank import RankedCandidates
from shared.candidates.ranking_input import RankingInput
from shared.event_columns import Floats, Int64s
from shared.preferences.rules import PostSays
from shared.ranked_lists.codec_columns import Entries
from shared.ranked_lists.onboarding import FORMAT, NO_LANGUAGE, OTHER_LANGUAGE, Onboarding, OnboardingTag
from shared.ranked_lists.records import pack_post_numbers

STABLE_FOR = timedelta(minutes=30)  # then it is made anew: who comes back to the screen finds the same
LABELLED = 20_000  # of the best candidates, whose tags and languages are read
CONSIDERED = 2_000  # of these, from which posts are chosen
POSTS = 200  # twice the longest answer, for what is withheld meanwhile
LANGUAGES = 10  # the most frequent ones, for each of which there are enough posts, too
POSTS_OF_LANGUAGE = 40
TAGS = 50
FREQUENT_TAGS = 500  # from which they are chosen
MIN_AUTHORS = 2  # of a tag: what only one person writes tells nothing of a newcomer's interests
EXAMPLES = 6  # posts of a tag
ALIKE = 0.8  # two tags whose posts are the same by this share (Jaccard) count as one
# What each chosen post divides the scores of further ones by: the same author seldom comes twice among a few dozen, the
# same photo hardly ever, and a tag only as often as its posts are that much better than others.
SAME_AUTHOR, SAME_PHOTO, SAME_TAG = 8.0, 32.0, 1.6
LEAST_SCORE = 0.01  # added to scores, so that posts with a score of zero are spread as well

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class EligiblePosts:
    """Candidates that may be shown to a stranger, best first."""

    entries: Entries  # (n_posts,)
    post_numbers: npt.NDArray[np.uint32]  # (n_posts,)
    scores: Floats  # (n_posts,) in [0, 1]
    authors: Int64s  # (n_posts,) id hashes
    clusters: Int64s  # (n_posts,) of near-identical photos; 0: none
    facts: Sequence[PostSays]

    def __len__(self) -> int:
        return len(self.facts)

    @cached_property
    def with_tag(self) -> Mapping[str, Int64s]:
        """Tag -> indices of its posts, ascending."""
        found: dict[str, list[int]] = {}
        for index, facts in enumerate(self.facts):
            for tag in facts.tags:
                found.setdefault(tag, []).append(index)
        return {tag: np.array(indices, np.int64) for tag, indices in found.items()}


def best_posts(inputs: RankingInput, ranking: RankedCandidates) -> Int64s:
    """The indices of the candidates whose facts `eligible_posts` needs, best first."""
    ranks = ranking.index.indices_of(np.array(inputs.post_numbers, np.uint32))
    return np.argsort(ranks, kind="stable")[:LABELLED]


def eligible_posts(inputs: RankingInput, ranking: RankedCandidates, facts: Mapping[str, PostSays]) -> EligiblePosts:
    """The best candidates without the sensitive ones, and without those whose facts (by id) are not known."""
    known = ((int(index), facts.get(inputs.posts.ids[index])) for index in best_posts(inputs, ranking))
    kept = [(index, said) for index, said in known if said is not None and not said.is_sensitive]
    indices = np.array([index for index, _ in kept], np.int64)
    numbers = np.array(inputs.post_numbers, np.uint32)[indices]
    entries = ranking.entries[ranking.index.indices_of(numbers)]
    return EligiblePosts(
        entries=entries,
        post_numbers=numbers,
        scores=entries["score"].astype(np.float64),
        authors=inputs.posts.author_id_hashes[indices],
        clusters=np.array([inputs.clusters.get(inputs.posts.ids[index], 0) for index, _ in kept], np.int64),
        facts=[said for _, said in kept],
    )


def is_current(held: Onboarding | None, posts: EligiblePosts, now: datetime) -> bool:
    """Whether what Redis holds may stay: made lately, and all of its posts are still eligible."""
    if held is None or not timedelta(0) <= now - held.generated_at < STABLE_FOR:
        return False
    return held.post_numbers() <= frozenset(posts.post_numbers.tolist())


def onboarding_of(posts: EligiblePosts, *, generation: int, now: datetime) -> Onboarding:
    """The spread of posts and of tags; `generation` is the run's fencing number."""
    chosen = spread(posts, _first(np.ones(len(posts), np.bool_)), at_most=POSTS)
    said = [facts.language for facts in posts.facts]
    languages = [name for name, _ in Counter(filter(None, said)).most_common(LANGUAGES)]
    for language in languages:
        speaks = np.array([name in ("", language) for name in said], np.bool_)
        before = [index for index in chosen if speaks[index]]
        more = POSTS_OF_LANGUAGE - len(before)
        chosen += spread(posts, _first(speaks), at_most=more, after=before)
    code_of = {"": NO_LANGUAGE} | {name: code for code, name in enumerate(languages)}
    return Onboarding(
        format=FORMAT, generation=generation, stamp=int(now.timestamp()), entries=posts.entries[chosen].tobytes(),
        languages=languages, spoken=bytes(code_of.get(said[index], OTHER_LANGUAGE) for index in chosen),
        tags=[*_tags(posts)],
    )  # fmt: skip


def spread(posts: EligiblePosts, among: Bools, *, at_most: int, after: Sequence[int] = ()) -> list[int]:
    """Indices of posts, each the best one by its score, divided for all that it has in common with those before it.

    Args:
        posts: best first.
        among: (n_posts,) which of them may be chosen.
        at_most: how many to choose.
        after: those that were chosen already.
    """
    values = np.where(among, posts.scores + LEAST_SCORE, 0.0)
    for index in after:
        _discount(values, posts, index)
    chosen: list[int] = []
    while len(chosen) < at_most and len(posts):
        index = int(np.argmax(values))
        if values[index] <= 0.0:
            break
        chosen.append(index)
        _discount(values, posts, index)
    return chosen


def _discount(values: Floats, posts: EligiblePosts, index: int) -> None:
    values[posts.authors == posts.authors[index]] /= SAME_AUTHOR
    if posts.clusters[index]:
        values[posts.clusters == posts.clusters[index]] /= SAME_PHOTO
    for tag in posts.facts[index].tags:
        values[posts.with_tag[tag]] /= SAME_TAG
    values[index] = 0.0


def _first(among: Bools) -> Bools:
    """The best of these posts."""
    return among & (np.cumsum(among) <= CONSIDERED)


def _tags(posts: EligiblePosts) -> Iterator[OnboardingTag]:
    """The tags that most people use, without those that stand on nearly the same posts as a more frequent one."""
    frequent = sorted(posts.with_tag.items(), key=lambda item: (-len(item[1]), item[0]))[:FREQUENT_TAGS]
    authors = {tag: len(np.unique(posts.authors[indices])) for tag, indices in frequent}
    chosen: list[frozenset[int]] = []
    for tag, indices in sorted(frequent, key=lambda item: (-authors[item[0]], -len(item[1]), item[0])):
        having = frozenset(indices.tolist())
        if len(chosen) == TAGS or authors[tag] < MIN_AUTHORS:
            return
        if any(len(having & other) >= ALIKE * len(having | other) for other in chosen):
            continue
        chosen.append(having)
        examples = posts.post_numbers[_examples(posts, indices)]
        yield OnboardingTag(tag=tag, posts=len(indices), packed_examples=pack_post_numbers(examples.tolist()))


def _examples(posts: EligiblePosts, indices: Int64s) -> list[int]:
    """The best of these posts, each by another author."""
    _, first = np.unique(posts.authors[indices], return_index=True)
    found: list[int] = indices[np.sort(first)][:EXAMPLES].tolist()
    return found
